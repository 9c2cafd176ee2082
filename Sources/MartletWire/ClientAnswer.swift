// What a client is answered, with the evidence: who took part, as what, and what each one said.
public import MartletBase
public import MartletVersions

/// One replica's part in an answer.
public struct Witness: Hashable, Sendable {
    /// What the replica did.
    public enum Act: UInt8, Hashable, Sendable, CaseIterable {
        /// It was asked and had not answered when the client was.
        case silent
        /// It answered a read with exactly what the client got.
        case agreed
        /// It answered a read with less, or with something else; a home is then repaired.
        case differed
        /// It holds the write, in memory and on its way to disk.
        case stored
        /// It holds the write, synced.
        case synced
        /// It refused or failed.
        case refused
    }

    /// The replica.
    public var node: NodeID
    /// The home replica that it stood in for; nil when it is a home itself.
    public var standsInFor: NodeID?
    /// What it did.
    public var act: Act

    /// `node` did `act`, for itself or in place of another.
    public init(node: NodeID, standsInFor: NodeID? = nil, act: Act = .silent) {
        self.node = node
        self.standsInFor = standsInFor
        self.act = act
    }
}

/// Who answered, and who coordinated.
public struct Evidence: Hashable, Sendable {
    /// The node that ran the request.
    public var coordinator: NodeID
    /// Every replica that was asked, in the order of asking.
    public var witnesses: [Witness]

    /// The witnesses of a request run by `coordinator`.
    public init(coordinator: NodeID, witnesses: [Witness] = []) {
        self.coordinator = coordinator
        self.witnesses = witnesses
    }
}

/// The answer to a read.
public struct ReadAnswer: Hashable, Sendable {
    /// The merge of what the replicas hold; empty when none has the key.
    public var object: Object
    /// Who answered.
    public var evidence: Evidence

    /// The merged object and its witnesses.
    public init(object: Object, evidence: Evidence) {
        self.object = object
        self.evidence = evidence
    }
}

/// The answer to a write.
public struct WriteAnswer: Hashable, Sendable {
    /// The write's name.
    public var dot: Dot
    /// What to hand in with the next write to replace this one. Nil when the write left siblings
    /// beside it: their context would claim that the client had seen them, so it must read first.
    public var context: Context?
    /// Siblings after the write, itself included, at the coordinator.
    public var siblingCount: Int
    /// Whether the coordinator held a live value before.
    public var replacedValue: Bool
    /// Who has the write.
    public var evidence: Evidence

    /// The write `dot` and what became of it.
    public init(
        dot: Dot, context: Context?, siblingCount: Int, replacedValue: Bool, evidence: Evidence
    ) {
        self.dot = dot
        self.context = context
        self.siblingCount = siblingCount
        self.replacedValue = replacedValue
        self.evidence = evidence
    }
}

/// Why a request failed. A write that failed as `unavailable` or `timedOut` may still have reached
/// replicas, and may survive; of one that failed otherwise nothing is left anywhere.
public enum RequestError: Error, Hashable, Sendable {
    /// The node is in no cluster yet.
    case noTopology
    /// The knobs contradict each other or the ring; the text says how.
    case invalidOptions(String)
    /// Too few replicas can be reached to satisfy the request at all.
    case unavailable(needed: Int, reachable: Int, evidence: Evidence)
    /// The replicas that had answered by the deadline were too few.
    case timedOut(needed: Int, answered: Int, evidence: Evidence)
    /// The node has more requests in flight than its limit.
    case overloaded
    /// A value or key above its limit, in bytes.
    case tooLarge(what: String, limit: Int)
    /// The write would leave more siblings than the limit; read, merge and write with the context.
    case tooManySiblings(limit: Int)
    /// A wall clock is too far off for the node to name a write.
    case clockSkew
    /// It came to its coordinator after the time by which it had to be begun.
    case late
    /// The replica's storage refuses writes; the text says why.
    case storage(String)
    /// The replica knows a later ring, under which it may not be the one to ask.
    case ringChanged
}

extension RequestError {
    /// Whether it says that nothing has been done.
    public var leavesNothing: Bool {
        switch self {
        case .unavailable, .timedOut: false
        case .noTopology, .invalidOptions, .overloaded, .tooLarge, .tooManySiblings, .clockSkew,
            .late, .storage, .ringChanged:
            true
        }
    }
}

/// What becomes of a request.
public enum ClientAnswer: Hashable, Sendable {
    /// A read's answer.
    case read(ReadAnswer)
    /// A write's answer.
    case written(WriteAnswer)
    /// Why there is no other.
    case failed(RequestError)
}
