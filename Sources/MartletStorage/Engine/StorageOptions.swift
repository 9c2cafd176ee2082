// The knobs of one node's storage: each with its unit, default, range and what it trades.

/// When an accepted write counts as durable.
public enum SyncMode: Hashable, Sendable {
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

/// How a `StorageEngine`, its log and its background jobs behave.
public struct StorageOptions: Hashable, Sendable {
    // The log.

    /// When an accepted write counts as durable. Default `everyWrite`.
    public var sync = SyncMode.everyWrite
    /// Bytes after which a log segment is closed and the next begun, 4 KiB … 1 GiB, default
    /// 64 MiB. Smaller ones free space sooner, larger ones pause less often for a new file.
    public var segmentBytes = 64 << 20
    /// How far a segment is filled with zeros ahead of its end in mode `everyWrite`, 0 … 64 MiB,
    /// default 1 MiB: syncs then need not record a new file length, which saves a third of their
    /// time, and the log is written twice.
    public var prewriteBytes = 1 << 20
    /// Bytes of batches that one chunk gathers before the next begins, 512 … 16 MiB, default
    /// 1 MiB. Larger ones compress better, and a torn one loses more.
    public var chunkTargetBytes = 1 << 20
    /// The largest batch, 1 KiB … 32 MiB, default 32 MiB.
    public var batchLimitBytes = 32 << 20
    /// Bytes of batches that may wait for the log before writes are refused, 1 KiB … 16 GiB,
    /// default 64 MiB: what a slow disk may cost in memory.
    public var pendingLimitBytes = 64 << 20
    /// Whether chunks are compressed with LZ4 where it saves an eighth. Default on: costs the log
    /// thread about 1 µs a KiB.
    public var compressLog = true

    // Memtables.

    /// Bytes of a memtable before it is written out as a table, 1 KiB … 1 GiB, default 64 MiB.
    /// Larger ones are compacted less often, cost that memory and are replayed at a restart.
    public var flushBytes = 64 << 20
    /// Bytes of all memtables before writes are refused, 2 … 64 times `flushBytes`, default
    /// 256 MiB. Writes are slowed from `flushBytes` below that on.
    public var memtableLimitBytes = 256 << 20

    /// What the hash tables of memtables are seeded with: unknown to clients, so that none can
    /// choose keys that collide. Nothing that can be seen depends on it. Default 0.
    public var hashSeed: UInt64 = 0

    // Tables.

    /// Bytes of a block before compression, 256 B … 1 MiB, default 16 KiB: what a read that
    /// misses the cache brings and unpacks. Smaller ones are read quicker and compress worse.
    public var blockBytes = 16 << 10
    /// Bits of filter for each key, 0 … 20, default 10: memory against reads of tables that do
    /// not hold the key; 10 let about one in a hundred through.
    public var filterBitsPerKey = 10
    /// Bytes after which compaction begins a new table, 1 KiB … 1 GiB, default 64 MiB.
    public var tableBytes = 64 << 20
    /// Tables in level 0 before they are merged into level 1, 2 … 64, default 4.
    public var levelZeroTrigger = 4
    /// Tables in level 0 at which writes are refused, from the trigger + 2 to 256, default 24; they
    /// are slowed from halfway on.
    public var levelZeroLimit = 24
    /// Bytes of level 1 before parts of it move on, 1 KiB … 1 TiB, default 256 MiB.
    public var levelOneBytes = 256 << 20
    /// How many times larger each level is than the one above, 2 … 100, default 10. Smaller ones
    /// write less per level and need more levels, which costs reads and space.
    public var levelRatio = 10

    /// Bytes that the manifest may grow before it is made anew, 64 B … 1 GiB, default 1 MiB. Larger
    /// ones are made anew less often, and take longer to read at a start.
    public var manifestGrowthBytes = 1 << 20

    // Space.

    /// The share of the disk that is kept free of clients' values, 0 (none) … 0.5, default 0.02.
    /// Below it they are refused, while deletes, compactions, hints and the node's own records go
    /// on. A smaller one lets the disk become fuller; without any a full disk blocks its own cure.
    public var reserveShare = 0.02

    // Trees.

    /// What a replica's entry is to its partition's tree. Default `bytes`. Two nodes that compare
    /// their trees must use the same, and a node the same for ever. With nil no trees are kept, to
    /// measure what they cost: what was written so must not be opened with a digest.
    public var digest: EntryDigest? = .bytes

    // Reading.

    /// Bytes of unpacked blocks kept in memory, 0 … 1 TiB, default 256 MiB.
    public var blockCacheBytes = 256 << 20
    /// Reads of keys and pages that may wait for blocks, 1 … 1,000,000, default 8,192.
    public var readLimit = 8_192
    /// Table files open at a time, 1 … 100,000, default 256.
    public var openTableLimit = 256
    /// Snapshots open at a time, 1 … 1,000, default 16: each may keep memtables and tables from
    /// being freed.
    public var snapshotLimit = 16

    /// The defaults.
    public init() {}

    func validate() throws(StorageError) {
        try Self.check("segmentBytes", segmentBytes, 4 << 10, 1 << 30)
        try Self.check("prewriteBytes", prewriteBytes, 0, 64 << 20)
        try Self.check("chunkTargetBytes", chunkTargetBytes, 512, 16 << 20)
        try Self.check("batchLimitBytes", batchLimitBytes, 1 << 10, 32 << 20)
        try Self.check("pendingLimitBytes", pendingLimitBytes, 1 << 10, 16 << 30)
        try Self.check("flushBytes", flushBytes, 1 << 10, 1 << 30)
        try Self.check("memtableLimitBytes", memtableLimitBytes, 2 * flushBytes, 64 * flushBytes)
        try Self.check("blockBytes", blockBytes, 256, 1 << 20)
        try Self.check("filterBitsPerKey", filterBitsPerKey, 0, 20)
        try Self.check("tableBytes", tableBytes, 1 << 10, 1 << 30)
        try Self.check("levelZeroTrigger", levelZeroTrigger, 2, 64)
        try Self.check("levelZeroLimit", levelZeroLimit, levelZeroTrigger + 2, 256)
        try Self.check("levelOneBytes", levelOneBytes, 1 << 10, 1 << 40)
        try Self.check("levelRatio", levelRatio, 2, 100)
        try Self.check("manifestGrowthBytes", manifestGrowthBytes, 64, 1 << 30)
        guard (0...0.5).contains(reserveShare) else {
            throw .invalidOption("reserveShare is \(reserveShare), must be 0 to 0.5")
        }
        try Self.check("blockCacheBytes", blockCacheBytes, 0, 1 << 40)
        try Self.check("readLimit", readLimit, 1, 1_000_000)
        try Self.check("openTableLimit", openTableLimit, 1, 100_000)
        try Self.check("snapshotLimit", snapshotLimit, 1, 1_000)
    }

    private static func check(
        _ name: String, _ value: Int, _ lowest: Int, _ highest: Int
    ) throws(StorageError) {
        guard (lowest...highest).contains(value) else {
            throw .invalidOption("\(name) is \(value), must be \(lowest) to \(highest)")
        }
    }

    /// How tables are written.
    var table: TableOptions {
        TableOptions(blockBytes: blockBytes, filterBitsPerKey: filterBitsPerKey)
    }
}
