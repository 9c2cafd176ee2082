// What the engine counts, for operators and for measurements.
internal import MartletBase

/// Counts since the start.
package struct StorageCounters: Hashable, Sendable {
    /// Bytes of batches accepted, as records.
    package var acceptedBytes: UInt64 = 0
    /// Memtables written out.
    package var flushes: UInt64 = 0
    /// Bytes of the tables that made.
    package var flushedBytes: UInt64 = 0
    /// Compactions done.
    package var compactions: UInt64 = 0
    /// Bytes of tables that compactions have read.
    package var compactionReadBytes: UInt64 = 0
    /// Bytes of tables that compactions have written.
    package var compactionWrittenBytes: UInt64 = 0
    /// Tables that were read back whole to check them.
    package var scrubs: UInt64 = 0
    /// Trees that were built by a scan.
    package var treeBuilds: UInt64 = 0
    /// Trees that said something else than the scan did.
    package var mendedTrees: UInt64 = 0
    /// Blocks asked of the read pool.
    package var blockReads: UInt64 = 0
    /// Blocks found in the cache.
    package var cacheHits: UInt64 = 0
    /// Blocks not found there.
    package var cacheMisses: UInt64 = 0
    /// Blocks that did not read back.
    package var damagedBlocks: UInt64 = 0

    /// Bytes written to tables for each byte accepted; 0 before anything was. The log, which takes
    /// each byte once more, is not counted.
    package var writeAmplification: Double {
        guard acceptedBytes > 0 else { return 0 }
        return Double(flushedBytes + compactionWrittenBytes) / Double(acceptedBytes)
    }

    /// All zero.
    package init() {}
}
