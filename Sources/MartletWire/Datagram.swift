// What the failure detector says by UDP: SWIM's three messages (Das, Gupta and Motivala, DSN 2002,
// sections 3.1 and 4.1), each with members piggybacked. Its bytes are in `Datagram+Coding`.
public import MartletBase

/// One message of the failure detector.
public struct Datagram: Hashable, Sendable {
    /// What is asked or answered.
    public enum Kind: Hashable, Sendable {
        /// Are you there? Answered by the target alone; with no target, by whoever lives at the
        /// endpoint: that is how seeds are met.
        case ping(target: NodeID?)
        /// Ping this member for me, and tell me if it answers. The record of it comes along in
        /// `members`, so no endpoint is taken on trust.
        case pingRequest(target: NodeID)
        /// I am here; or, from one who was asked to ping for another: it is.
        case ack
        /// I do not answer: the ring has given your name to this node.
        case nameTaken(by: NodeID)
    }

    /// Who sends it.
    public var sender: NodeID
    /// Drawn at random by the one that asks; an answer repeats it.
    public var sequence: UInt64
    /// The epoch of the sender's topology; 0 when it has none.
    public var epoch: UInt64
    /// What is asked or answered.
    public var kind: Kind
    /// What the sender's wall clock showed as it sent this; the beginning of time where it does not
    /// say. Whoever asked learns from the answer how its own compares.
    public var wall = WallTime(milliseconds: 0)
    /// Piggybacked members: the sender first, then what the receiver must know, then gossip.
    public var members: [Member]

    /// A message from `sender`.
    public init(
        sender: NodeID, sequence: UInt64, epoch: UInt64, kind: Kind, members: [Member]
    ) {
        self.sender = sender
        self.sequence = sequence
        self.epoch = epoch
        self.kind = kind
        self.members = members
    }
}
