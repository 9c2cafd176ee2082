// What the engine counts, for operators and for measurements.
public import MartletBase

/// Counts since the start.
public struct StorageCounters: Hashable, Sendable {
    /// Bytes of batches accepted, as records.
    public var acceptedBytes: UInt64 = 0
    /// Memtables written out.
    public var flushes: UInt64 = 0
    /// Bytes of the tables that made.
    public var flushedBytes: UInt64 = 0
    /// Compactions done.
    public var compactions: UInt64 = 0
    /// Bytes of tables that compactions have read.
    public var compactionReadBytes: UInt64 = 0
    /// Bytes of tables that compactions have written.
    public var compactionWrittenBytes: UInt64 = 0
    /// Tables that were read back whole to check them.
    public var scrubs: UInt64 = 0
    /// Trees that were built by a scan.
    public var treeBuilds: UInt64 = 0
    /// Trees that said something else than the scan did.
    public var mendedTrees: UInt64 = 0
    /// Blocks asked of the read pool.
    public var blockReads: UInt64 = 0
    /// Blocks found in the cache.
    public var cacheHits: UInt64 = 0
    /// Blocks not found there.
    public var cacheMisses: UInt64 = 0
    /// Blocks that did not read back.
    public var damagedBlocks: UInt64 = 0
    /// The rare branches that were taken.
    public var marks = Marks<StorageMark>()

    /// Bytes written to tables for each byte accepted; 0 before anything was. The log, which takes
    /// each byte once more, is not counted.
    public var writeAmplification: Double {
        guard acceptedBytes > 0 else { return 0 }
        return Double(flushedBytes + compactionWrittenBytes) / Double(acceptedBytes)
    }

    /// All zero.
    public init() {}
}
