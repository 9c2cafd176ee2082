// What operators ask of the ring, and what they are told.
public import MartletRing

/// One thing that an operator wants changed, by the names of those concerned.
public enum RingOrder: Hashable, Sendable {
    /// A node that is known and of no ring joins.
    case join(String)
    /// A member leaves, and others get what it is a home of.
    case leave(String)
    /// A member is gone for good, and others get what it was a home of.
    case remove(String)
    /// A member leaves, and a node that is of no ring takes its place.
    case replace(String, by: String)
    /// A member gets another weight.
    case weigh(String, weight: UInt32)
    /// A member stands in another zone.
    case rezone(String, zone: String)
    /// Each partition gets so many homes.
    case replicas(Int)
}

/// What an operator may ask of the ring. What is staged is this node's alone until it is committed.
public enum RingRequest: Hashable, Sendable {
    /// Stage a change, behind those that are staged.
    case stage(RingOrder)
    /// Forget what is staged.
    case clear
    /// Tell what the staged changes come to.
    case plan
    /// Have the nodes decide that the staged changes are the next epoch; where one is named, only
    /// if that is the next.
    case commit(epoch: UInt64?)
    /// Have the nodes decide that what moves goes back to where it was.
    case cancel
}

/// What staged changes come to.
public struct RingProposal: Sendable {
    /// The changes.
    public let changes: [StagedChange]
    /// The ring that there is.
    public let present: Topology
    /// The ring that would follow, and where wishes cannot be met.
    public let plan: Plan
}

/// What came of a `RingRequest`.
public enum RingReply: Sendable {
    /// All that is staged now.
    case staged([StagedChange])
    /// What it comes to.
    case planned(RingProposal)
    /// The ring has this epoch now, as was asked.
    case decided(epoch: UInt64)
    /// Nothing has changed by this; the text says why and what to do.
    case refused(String)
}
