// The knobs of one node's storage: each with its unit, default, range and what it trades.

/// When an accepted write counts as durable.
package enum SyncMode: Hashable, Sendable {
    /// When its chunk is synced; all that gathers during one sync shares the next (group commit).
    /// An acknowledged write survives a loss of power.
    case everyWrite
    /// When its chunk is handed to the operating system; the log thread syncs once in each
    /// interval. A kill of the process loses nothing, a loss of power loses up to the interval.
    case interval(Duration)
    /// As `interval`, but synced only when a segment is full and when the log is closed: a loss of
    /// power loses what the operating system had not yet written.
    case operatingSystem
}

/// How a `StorageEngine` and its log behave.
package struct StorageOptions: Hashable, Sendable {
    /// When an accepted write counts as durable. Default `everyWrite`.
    package var sync = SyncMode.everyWrite
    /// Bytes after which a log segment is closed and the next begun, 4 KiB … 1 GiB, default
    /// 64 MiB. Smaller ones free space sooner, larger ones pause less often for a new file.
    package var segmentBytes = 64 << 20
    /// How far a segment is filled with zeros ahead of its end, 0 … 64 MiB, default 1 MiB: syncs
    /// then need not record a new file length, which saves a third of their time.
    package var prewriteBytes = 1 << 20
    /// Bytes of batches that one chunk gathers before the next begins, 512 … 16 MiB, default
    /// 1 MiB. Larger ones compress better, and a torn one loses more.
    package var chunkTargetBytes = 1 << 20
    /// The largest batch, 1 KiB … 32 MiB, default 32 MiB.
    package var batchLimitBytes = 32 << 20
    /// Bytes of batches that may wait for the log before writes are refused, 1 KiB … 16 GiB,
    /// default 64 MiB: what a slow disk may cost in memory.
    package var pendingLimitBytes = 64 << 20
    /// Bytes of entries in memory before writes are refused, 1 KiB and up, default 8 GiB. The
    /// whole data set counts: nothing is moved to tables.
    package var memtableLimitBytes = 8 << 30
    /// Whether chunks are compressed with LZ4 where it saves an eighth. Default on: costs the log
    /// thread about 1 µs a KiB.
    package var compressLog = true
    /// How many times the size of the live data the log may have before a checkpoint shortens it,
    /// 2 … 1000, default 4. Smaller ones save space and start-up time, and write more: about
    /// 1 / (ratio - 1) bytes for each byte. A log below `segmentBytes` is left alone.
    package var checkpointRatio = 4

    /// The defaults.
    package init() {}

    func validate() throws(StorageError) {
        try Self.check("segmentBytes", segmentBytes, 4 << 10, 1 << 30)
        try Self.check("prewriteBytes", prewriteBytes, 0, 64 << 20)
        try Self.check("chunkTargetBytes", chunkTargetBytes, 512, 16 << 20)
        try Self.check("batchLimitBytes", batchLimitBytes, 1 << 10, 32 << 20)
        try Self.check("pendingLimitBytes", pendingLimitBytes, 1 << 10, 16 << 30)
        try Self.check("memtableLimitBytes", memtableLimitBytes, 1 << 10, .max)
        try Self.check("checkpointRatio", checkpointRatio, 2, 1000)
    }

    private static func check(
        _ name: String, _ value: Int, _ lowest: Int, _ highest: Int
    ) throws(StorageError) {
        guard (lowest...highest).contains(value) else {
            throw .invalidOption("\(name) is \(value), must be \(lowest) to \(highest)")
        }
    }
}
