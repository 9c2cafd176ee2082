// The rare branches of hand-over. A name is written where the branch is; here is what it means.
public import MartletBase

/// A branch of hand-over that a search should come by.
public enum HandoverMark: Int, MarkName {
    /// A partition that is to be filled held something of an earlier time.
    case clearingBegun
    /// A fill went on under a newer ring with other homes beside it.
    case fillContinued
    /// A fill was recalled after a restart.
    case fillRecalled
    /// A fill was void under a newer ring.
    case fillVoid
    /// A fill was begun anew, since the storage had lost some of it.
    case fillDamaged
    /// A source that refused again and again was not waited for.
    case sourcePassedOver
    /// A chunk did not read back.
    case chunkUnreadable
    /// A pull was not answered in time.
    case pullOverdue
    /// A link was lost while a pull was under way.
    case pullCut
    /// The storage did not take a chunk.
    case mergeIncomplete
    /// A pull was asked of a ring that is not known here yet.
    case refusedBehind
    /// A pull was asked of a tree that is not known here.
    case refusedUnknown
    /// More pulls came than are answered at a time.
    case refusedBusy
    /// A pull waited for the disk.
    case pullAwaitedRead
    /// A tree was coarser than the leaves of a pull.
    case pullFolded
    /// A partition that a home was offered was the same there.
    case leftoverEqual
    /// More was offered than may wait.
    case leftoverPutOff
    /// What was left over changed while it was offered.
    case leftoverChanged
    /// What is left over is not known, since its tree is not.
    case leftoverUnknown
    /// The state of a fill could not be written down.
    case recordRefused
}
