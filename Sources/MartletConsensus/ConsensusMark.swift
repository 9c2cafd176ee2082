// The rare branches of the epoch chain. A name is written where the branch is; here is what it
// means.
public import MartletBase

/// A branch of the epoch chain that a search should come by.
public enum ConsensusMark: Int, MarkName {
    /// A message was about an epoch that has been followed.
    case senderBehind
    /// A message was about an epoch that this node has yet to learn.
    case senderAhead
    /// A message came from a node that is not of the ring.
    case stranger
    /// A decree was no next epoch of this ring.
    case decreeMisfit
    /// This node was asked for a vote that it may not give.
    case voteWithheld
    /// An acceptor was bound to a higher ballot already.
    case refusal
    /// An attempt was begun anew.
    case attemptRepeated
    /// A proposer found a ring that was accepted before, and went on with that.
    case foreignCompleted
    /// A node began with what its former life was bound to.
    case recordRestored
    /// What a former life was bound to is about an epoch that this node has yet to learn.
    case recordAhead
    /// Another epoch came to be known while a proposal was open.
    case overtaken
    /// A proposal was given up without a majority.
    case givenUp
    /// A proposal was given up, and may yet be decided.
    case leftOpen
    /// There was no ballot left to be tried.
    case roundsExhausted
}
