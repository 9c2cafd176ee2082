// What the engine remembers of its background work: what is out, what must come next, what failed.
internal import MartletBase

struct JobBoard {
    /// How many layers the flush that is out writes; 0 where none is.
    var flushing = 0
    /// Whether a compaction, salvage or scrub is out.
    var isCompacting = false
    /// Whether a removal is out.
    var isRemoving = false
    /// Whether a measurement is due, and whether one is out.
    var isMeasureDue = false
    var isMeasuring = false
    /// Tables that hold damaged blocks, to be salvaged.
    var damaged: [UInt64] = []
    /// The batch that holds the node's own entries anew, until the next salvage is done.
    var stateSaved: LogPosition?
    /// Tables that are no longer data, until the last who reads them is done.
    var obsolete: [Table] = []
    /// Whether the next table is to be scrubbed when there is nothing else to do.
    var isScrubDue = false
    /// The table that was scrubbed last.
    var scrubbed: UInt64 = 0
    /// Damage that nobody was told of yet.
    var untold: [DamagedRange] = []
    /// Whether the present version is known to ask for no compaction.
    var isSettled = false
    /// For each level, behind which rank its next table to be compacted begins.
    var cursors = [Rank](repeating: .lowest, count: Manifest.levelCount)
    /// Why the last job was refused by the disk; nil once one succeeds.
    var lastRefusal: DiskError?
    /// Why there can be no more jobs.
    var failure: DiskError?

    /// The files of tables that nobody reads any more.
    mutating func takeUnread() -> [String] {
        var names: [String] = []
        var index = 0
        while index < obsolete.count {
            if isKnownUniquelyReferenced(&obsolete[index]) {
                names.append(obsolete.remove(at: index).summary.fileName)
            } else {
                index += 1
            }
        }
        return names
    }
}
