// The rare branches of anti-entropy. A name is written where the branch is; here is what it means.
public import MartletBase

/// A branch of anti-entropy that a search should come by.
public enum AntiEntropyMark: Int, MarkName {
    /// A partition was being followed with another home already, or too many were.
    case descentPassedOver
    /// A descent went below the first levels of a tree.
    case descentDeeper
    /// The trees of two homes had different depths.
    case depthsDiffered
    /// What had differed was the same before its leaves were known.
    case differenceGone
    /// More leaves of a tree differed than are looked at in one round.
    case leavesCut
    /// A descent was not answered.
    case descentOverdue
    /// The difference of a leaf could not be named from its hash.
    case leafUnnamed
    /// All digests of a leaf were told.
    case leafTold
    /// A home asked for what it lacked by digests.
    case leafWanted
    /// A leaf took more than one page.
    case leafOfPages
    /// Work on leaves was let go.
    case leavesOverflowed
    /// A root was compared under another epoch, or without a tree.
    case rootUnknown
    /// A home with an older watermark was told this node's own root.
    case watermarkLagged
    /// A proof was not believed, since no root had been equal yet.
    case proofDisbelieved
    /// A proof waited for this node's own sync.
    case proofAwaitedSync
    /// Doubts about a partition ended.
    case doubtEnded
    /// Partitions came into doubt, since the storage had lost data.
    case damageDoubted
    /// A lost disk was recalled.
    case lossRecalled
    /// A promise was held back, since another node had promised little.
    case promiseHeldBack
    /// The storage took no promise.
    case promiseRefused
    /// A sweep was put off, since the clock was not trusted.
    case sweepPutOff
    /// A sweep took more than one page.
    case sweepOfPages
}
