// What nodes say to each other to decide the next epoch of the ring. Who handles it is
// MartletConsensus; its bytes are in `DecreeMessages+Coding`.
public import MartletBase
public import MartletRing

/// A numbered attempt to have a decree: Lamport's proposal number. Of two the higher goes first,
/// and no two attempts have the same.
public struct Ballot: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// The highest round that there is: one beyond it is no ballot, whoever sends it.
    public static let roundLimit: UInt64 = 1 << 62

    /// Counted from 1.
    public let round: UInt64
    /// Whose it is: the node's id, or the name that it has drawn anew since it lost a disk.
    public let proposer: NodeID

    /// A ballot of `proposer`; `round` is at most `roundLimit`.
    public init(round: UInt64, proposer: NodeID) {
        invariant(round <= Self.roundLimit, "round \(round)")
        self.round = round
        self.proposer = proposer
    }

    /// Below every ballot that anybody has: nothing is promised yet.
    public static let lowest = Ballot(round: 0, proposer: NodeID(rawValue: 0))

    /// By round, and in one round by proposer.
    public static func < (left: Ballot, right: Ballot) -> Bool {
        (left.round, left.proposer) < (right.round, right.proposer)
    }

    /// The round, and whose it is.
    public var description: String { "\(round).\(proposer)" }
}

/// A ring that an acceptor has accepted, and in which ballot.
public struct AcceptedDecree: Equatable, Sendable {
    /// In which ballot it was accepted.
    public let ballot: Ballot
    /// The next epoch, as proposed.
    public let topology: Topology

    /// What was accepted in `ballot`.
    public init(ballot: Ballot, topology: Topology) {
        self.ballot = ballot
        self.topology = topology
    }
}

/// One message about the decree that follows an epoch (Lamport, Paxos Made Simple, §2.2).
public struct DecreeMessage: Equatable, Sendable {
    /// What is asked or answered.
    public enum Step: Equatable, Sendable {
        /// Phase 1a: promise to take no part in a lower ballot.
        case prepare
        /// Phase 1b: promised; and what the sender had accepted before, if anything.
        case promised(accepted: AcceptedDecree?)
        /// Phase 2a: accept this ring.
        case accept(Topology)
        /// Phase 2b: accepted.
        case accepted
        /// The sender has promised itself to that higher ballot.
        case refused(promised: Ballot)
    }

    /// The epoch whose members decide the next one.
    public let epoch: UInt64
    /// The ballot that it is about; of an answer, that of the question.
    public let ballot: Ballot
    /// What is asked or answered.
    public let step: Step

    /// A message of one ballot.
    public init(epoch: UInt64, ballot: Ballot, _ step: Step) {
        self.epoch = epoch
        self.ballot = ballot
        self.step = step
    }
}
