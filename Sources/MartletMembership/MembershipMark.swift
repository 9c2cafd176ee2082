// The rare branches of membership. A name is written where the branch is; here is what it means.
public import MartletBase

/// A branch of membership that a search should come by.
public enum MembershipMark: Int, MarkName {
    /// This node denied a claim about itself.
    case denied
    /// A claim about this node was out of reach of a denial.
    case ownWordGiven
    /// A member's own word overruled a belief that was out of its reach.
    case beliefOverruled
    /// A suspect became unreachable.
    case suspicionEnded
    /// A suspect was found alive.
    case suspicionRefuted
    /// An unreachable member answered.
    case returned
    /// A member answered through a helper.
    case relayed
    /// A probe was not begun, since too many were open.
    case probesFull
    /// A name was denied to a node that the ring does not name.
    case nameDenied
    /// A pause of this node's own was forgiven to the others.
    case pauseForgiven
    /// A member had another epoch.
    case epochDiffered
    /// Nobody was left to be asked for help.
    case helperless
}
