// The rows of what is stored, and of what keeps it the same on all homes.

extension GaugeTable {
    static let storage: [Row] = [
        .level(
            .storage, "storage_entries_estimate",
            "Entries of every kind, about: one written again counts twice until it is merged"
        ) { $0.status.storage.entries },
        .words(.storage) { figures in
            figures.status.storage.levels.map {
                ("storage_level_\($0.level)", "tables=\($0.tables),bytes=\($0.bytes)")
            }
        },
        .level(.storage, "storage_table_bytes", "The files of all tables", unit: .bytes) {
            $0.status.storage.levels.reduce(0) { $0 + $1.bytes }
        },
        .counter(.storage, "storage_cache_hits", "Blocks found in the cache") {
            $0.status.storage.cacheHits
        },
        .counter(.storage, "storage_cache_misses", "Blocks not found in the cache") {
            $0.status.storage.cacheMisses
        },
        .counter(.storage, "storage_flushes", "Memtables written out") {
            $0.status.storage.flushes
        },
        .counter(.storage, "storage_compactions", "Compactions") { $0.status.storage.compactions },
        .counter(.storage, "storage_accepted_bytes", "Batches accepted", unit: .bytes) {
            $0.status.storage.acceptedBytes
        },
        .counter(
            .storage, "storage_table_bytes_written", "Tables written by flushes and compactions",
            unit: .bytes
        ) { $0.status.storage.tableBytesWritten },
        .level(.storage, "storage_free_bytes", "What is free of the disk", unit: .bytes) {
            $0.status.storage.freeBytes.map { Int(clamping: $0) } ?? 0
        },
        .level(
            .storage, "storage_reserve_bytes", "What is kept free of clients' values", unit: .bytes
        ) { $0.status.storage.reserveBytes.map { Int(clamping: $0) } ?? 0 },
        .level(
            .storage, "storage_values_refused",
            "1 where clients' values are refused to keep the reserve, else 0"
        ) { $0.status.storage.refusesValues ? 1 : 0 },
        .level(
            .storage, "storage_damaged_ranges", "Ranges of keys lost and not repaired since"
        ) { $0.status.storage.damagedRanges },
        .level(
            .storage, "storage_backlog_percent",
            "How far flushes and compactions are behind; writes are refused at 100",
            unit: .percent
        ) { Int(($0.status.storage.backlog * 100).rounded()) },
        .counter(
            .storage, "storage_compaction_bytes_read", "Tables read by compactions", unit: .bytes
        ) { $0.status.storage.compactionBytesRead },
        .counter(.storage, "storage_block_reads", "Blocks read from the disk") {
            $0.status.storage.blockReads
        },
        .counter(.storage, "storage_damaged_blocks", "Blocks that did not read back") {
            $0.status.storage.damagedBlocks
        },
        .counter(.storage, "storage_scrubs", "Tables read back whole, to check them") {
            $0.status.storage.scrubs
        },
        .counter(
            .storage, "storage_damaged_ranges_found", "Ranges of keys that were found to be lost"
        ) { $0.status.counters.damagedRanges },
        .level(
            .storage, "storage_log_position", "Batches accepted since the directory was made"
        ) { Int(clamping: $0.status.storage.appended) },
        .level(.storage, "storage_log_durable", "Those of them that are durable") {
            Int(clamping: $0.status.storage.durable)
        },
        .level(
            .storage, "storage_log_pending_bytes", "What waits to become durable", unit: .bytes
        ) { $0.status.storage.pendingBytes },
        .level(.storage, "storage_keys", "Keys with a value of which the node holds a replica") {
            $0.status.keys.held
        },
        .level(.storage, "storage_keys_expiring", "Those of them whose value expires") {
            $0.status.keys.expiring
        },
    ]

    static let antiEntropy: [Row] = [
        .level(.antiEntropy, "partitions_as_home", "Partitions that the node is a home of") {
            $0.status.settled.partitions
        },
        .level(.antiEntropy, "partitions_unproven", "Those of which nothing is proven yet") {
            $0.status.settled.unproven
        },
        .level(
            .antiEntropy, "partitions_doubted",
            "Those in which data was lost, not yet found equal to all other homes"
        ) { $0.status.settled.doubted },
        .level(
            .antiEntropy, "watermark_age_min_ms",
            "How long ago all older was proven to be the same on all homes, in the best partition",
            unit: .milliseconds
        ) { $0.status.settled.leastAge.map { Int(clamping: $0) } },
        .level(
            .antiEntropy, "watermark_age_median_ms", "The same in the middle partition",
            unit: .milliseconds
        ) { $0.status.settled.medianAge.map { Int(clamping: $0) } },
        .level(
            .antiEntropy, "watermark_age_max_ms", "The same in the worst partition",
            unit: .milliseconds
        ) { $0.status.settled.mostAge.map { Int(clamping: $0) } },
        .counter(.antiEntropy, "exchange_comparisons", "Roots compared with another home's") {
            $0.status.antiEntropy.comparisons
        },
        .counter(.antiEntropy, "exchange_differences", "Those that were not the same") {
            $0.status.antiEntropy.differences
        },
        .counter(.antiEntropy, "exchange_leaves_read", "Leaves read since they differed twice") {
            $0.status.antiEntropy.leavesRead
        },
        .counter(.antiEntropy, "exchange_objects_found", "Objects that other homes lacked") {
            $0.status.antiEntropy.objectsFound
        },
        .counter(
            .antiEntropy, "exchange_bytes_sent", "Comparisons sent, without the objects",
            unit: .bytes
        ) { $0.status.antiEntropy.bytesSent },
        .level(
            .antiEntropy, "exchange_under_way", "Comparisons that wait or are followed"
        ) { $0.status.antiEntropy.waiting + $0.status.antiEntropy.underWay },
        .counter(.antiEntropy, "pushes", "Objects sent to homes that lacked them") {
            $0.status.antiEntropy.pushes
        },
        .level(.antiEntropy, "pushes_pending", "Objects on their way to other homes") {
            $0.status.antiEntropy.pushing
        },
        .counter(
            .antiEntropy, "removals", "Deleted and expired objects removed, settled everywhere"
        ) { $0.status.antiEntropy.removals },
        .counter(
            .antiEntropy, "watermark_advances",
            "Times that a partition was proven settled up to a later time"
        ) { $0.status.antiEntropy.advances },
        .counter(.antiEntropy, "trees_built", "Merkle trees made from a scan") {
            $0.status.antiEntropy.treesBuilt
        },
        .counter(.antiEntropy, "trees_mended", "Merkle trees that were not what a scan showed") {
            $0.status.antiEntropy.treesMended
        },
        .level(.antiEntropy, "tree_bytes", "The Merkle trees in memory", unit: .bytes) {
            $0.status.antiEntropy.treeBytes
        },
        .counter(
            .antiEntropy, "exchange_overflows",
            "Work let go since too much waited; the next exchange finds it again"
        ) { $0.status.antiEntropy.overflows },
    ]
}
