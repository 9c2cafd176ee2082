// The rare branches of the storage. A name is written where the branch is; here is what it means.
public import MartletBase

/// A branch of the storage that a search should come by.
public enum StorageMark: Int, MarkName {
    /// A crash had torn the end of the log.
    case logTorn
    /// A start found several segments of the log.
    case logOfSegments
    /// Memtables were written out while the log was replayed.
    case flushedInReplay
    /// A table did not open, and was salvaged at once.
    case salvagedAtOpen
    /// A table was salvaged while the node ran.
    case salvaged
    /// A table was put aside, since a block did not read back.
    case quarantined
    /// The node's own entries were written once more before a table was salvaged.
    case stateSaved
    /// Damage was told again after a restart.
    case damageRecalled
    /// A compaction moved a table without reading it.
    case movedTrivially
    /// Tables went without being read, since all that they held was dropped.
    case discarded
    /// A compaction reached below level 1.
    case compactedDeep
    /// Several memtables were flushed at once.
    case flushedSeveral
    /// A background job found no room.
    case jobRefused
    /// A batch was refused, since the tables were behind.
    case refusedBehind
    /// A batch was taken although the tables were behind, since it was the node's own.
    case exemptFromBacklog
    /// A batch was refused, since too much waited for the disk.
    case refusedPending
    /// The log was full.
    case logFull
    /// The log was open again after it had been full.
    case logOpenAgain
    /// The log failed.
    case logFailed
    /// A chunk was held up by the backlog.
    case chunkDelayed
}
