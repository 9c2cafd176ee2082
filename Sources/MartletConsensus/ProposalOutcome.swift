// What becomes of an operator's change of the ring.
public import MartletBase

/// Names a proposal at the node that makes it.
public struct ProposalID: Hashable, Sendable {
    /// The caller's number.
    public var rawValue: UInt64

    /// The proposal with this number.
    public init(rawValue: UInt64) {
        self.rawValue = rawValue
    }
}

/// How a proposal ended. Each ends once, unless the node crashes first.
public enum ProposalOutcome: Hashable, Sendable {
    /// The ring proposed is the next epoch.
    case decided
    /// Another ring is the next epoch, and the one proposed never will be.
    case overtaken
    /// Another proposal of this node is open: nothing was done.
    case busy
    /// This node is not of the ring, or knows none: nothing was done. A member has to propose.
    case notMember
    /// Too few members answered, those named and not `needed`: nothing can be decided by a
    /// minority. The ring proposed was given to nobody.
    case noMajority(answered: [NodeID], needed: Int)
    /// A majority answered, but ballots of others were in the way until the patience ended. The
    /// ring proposed was given to nobody.
    case contended
    /// No majority accepted in time, but some may have: whoever proposes next goes on with what it
    /// finds. Until a newer ring is known the change may still come.
    case unknown
}
