// What flushes and compactions make of the levels: sizes, order, what vanishes, what it costs.
import MartletBase
import Testing

@testable import MartletStorage

struct LevelTests {
    private func key(_ index: Int) -> StorageKey {
        .object(partition: UInt16(index % 7), key: Bytes(text: "key \(index)"))
    }

    private func write(_ sample: Sample, _ batch: WriteBatch) throws {
        try sample.engine.write(batch)
        sample.commit()
        sample.settle()
    }

    private func fill(_ sample: Sample, _ range: Range<Int>, bytes: Int = 80) throws {
        for index in range {
            var batch = WriteBatch()
            batch.put(key(index), .filled("value \(index)", bytes))
            try write(sample, batch)
        }
    }

    /// Fails unless the levels are as they must be once nothing is left to do.
    private func expectSettled(_ sample: Sample) {
        let version = sample.engine.version
        #expect(!sample.engine.hasBackgroundWork)
        #expect(version.levels[0].count < sample.engine.options.levelZeroTrigger)
        for (level, tables) in version.levels.enumerated().dropFirst() {
            for (left, right) in zip(tables, tables.dropFirst()) {
                #expect(left.summary.highest < right.summary.lowest, "level \(level)")
            }
            if level == version.levels.count - 1 { continue }
            let bytes = tables.reduce(0) { $0 + $1.summary.fileBytes }
            let limit = CompactionPlanner.sizeLimit(of: level, sample.engine.options)
            #expect(bytes <= limit, "level \(level) holds \(bytes) bytes, limit \(limit)")
        }
        let newest = version.levels[0].map(\.summary.newest)
        #expect(newest == newest.sorted(by: >))
        sample.engine.checkInvariants()
    }

    @Test("levels stay within their sizes, and the tables of one do not overlap")
    func sizes() throws {
        let sample = try Sample(MemoryDisk(), .tiny)
        for round in 0..<10 {
            try fill(sample, round * 50..<round * 50 + 50)
            expectSettled(sample)
        }
        #expect(sample.engine.version.levels.count { !$0.isEmpty } >= 4)
        for index in 0..<500 {
            #expect(sample.get(key(index)) == .found(.filled("value \(index)", 80)))
        }
    }

    @Test("overwritten and deleted entries vanish at the lowest level, with their deletes")
    func bottom() throws {
        let sample = try Sample(MemoryDisk(), .tiny)
        for _ in 0..<5 { try fill(sample, 0..<60) }
        let most = sample.engine.version.tables.values.reduce(0) { $0 + $1.summary.recordCount }
        #expect(most < 5 * 60)
        for index in 0..<60 {
            var batch = WriteBatch()
            batch.delete(key(index))
            try write(sample, batch)
        }
        // What lies above moves the deletes down to where nothing is left to hide.
        for round in 0..<8 { try fill(sample, 1_000..<1_060, bytes: 80 + round) }
        expectSettled(sample)
        let version = sample.engine.version
        let lowest = version.levels.lastIndex { !$0.isEmpty } ?? 0
        #expect(version.levels[lowest].allSatisfy { $0.summary.deleteCount == 0 })
        #expect(try sample.engine.scanNow(.objects, limitBytes: .max).entries.count == 60)
        let records = version.tables.values.reduce(0) { $0 + $1.summary.recordCount }
        #expect(records < 60 * 3)
    }

    @Test("what is written to tables is counted: bytes flushed and compacted for bytes accepted")
    func writeAmplification() throws {
        let sample = try Sample(MemoryDisk(), .tiny)
        try fill(sample, 0..<300)
        let counters = sample.engine.counters
        #expect(counters.acceptedBytes > 300 * 80)
        #expect(counters.flushes > 10)
        #expect(counters.flushedBytes > counters.acceptedBytes / 2)
        #expect(counters.compactions > 5)
        #expect(counters.compactionWrittenBytes > counters.flushedBytes)
        #expect(counters.compactionReadBytes >= counters.compactionWrittenBytes / 2)
        let written = counters.flushedBytes + counters.compactionWrittenBytes
        // Tables of a dozen records are mostly index, filter and footer.
        #expect(written < 40 * counters.acceptedBytes)
    }

    @Test("a dropped partition is gone at once, and its tables without being read")
    func drops() throws {
        let sample = try Sample(MemoryDisk(), .tiny)
        for index in 0..<60 {
            var batch = WriteBatch()
            batch.put(.object(partition: 9, key: Bytes(text: "\(index)")), .filled("v", 80))
            try write(sample, batch)
        }
        try fill(sample, 0..<20)
        let tables = sample.engine.version.tables.count
        var batch = WriteBatch()
        batch.drop(.objects, partition: 9)
        try sample.engine.write(batch)
        sample.commit()
        let gone = StorageKey.object(partition: 9, key: Bytes(text: "1"))
        #expect(sample.engine.get(gone) == .absent)
        let left = try sample.engine.scanNow(.objects, limitBytes: .max).entries
        #expect(left.count == 20)
        try fill(sample, 20..<40)
        expectSettled(sample)
        #expect(sample.engine.version.tables.count < tables)
        #expect(sample.engine.version.manifest.drops.isEmpty)
        #expect(sample.get(gone) == .absent)
        #expect(
            try sample.disk.list().count { TableFormat.number($0) != nil }
                == sample.engine.version.tables.count)
    }

    @Test("tables that are no longer data are removed once nobody reads them")
    func obsolete() throws {
        let sample = try Sample(MemoryDisk(), .tiny)
        try fill(sample, 0..<100)
        let before = try sample.disk.list().filter { TableFormat.number($0) != nil }
        var snapshot = sample.engine.snapshot()
        try fill(sample, 0..<100)
        #expect(Set(before).isSubset(of: try sample.disk.list()))
        #expect(snapshot != nil)
        snapshot = nil
        sample.settle()
        let after = try sample.disk.list().filter { TableFormat.number($0) != nil }
        #expect(Set(after) == Set(sample.engine.version.manifest.tables.map(\.table.fileName)))
        #expect(!Set(before).isSubset(of: after))
    }

    @Test("the block cache stays within its limit, and few files are open at a time")
    func cacheAndFiles() throws {
        var options = StorageOptions.tiny
        options.blockCacheBytes = 2_000
        options.openTableLimit = 3
        let sample = try Sample(MemoryDisk(), options)
        try fill(sample, 0..<300)
        #expect(sample.engine.version.tables.count > 6)
        var random = SeededRandom(seed: 1, stream: "cache")
        for _ in 0..<600 {
            let index = random.below(300)
            #expect(sample.get(key(index)) == .found(.filled("value \(index)", 80)))
            #expect(sample.engine.cache.byteCount <= 2_000)
            #expect(sample.storage.files.openCount <= 3)
        }
        sample.engine.checkInvariants()
        let reads = sample.engine.counters.blockReads
        let hot = (0..<2).map { key($0) }
        for _ in 0..<50 { for key in hot { _ = sample.get(key) } }
        #expect(sample.engine.counters.blockReads <= reads + 30, "hot blocks stay")
        #expect(sample.engine.counters.cacheHits > 0)
        #expect(sample.engine.counters.cacheMisses > 0)
    }

    @Test("a compaction has its turn though every step finds a full memtable again")
    func compactionAmongFlushes() throws {
        let sample = try Sample(MemoryDisk(), .tiny)
        for index in 0..<200 {
            try sample.put("key \(index % 20)", String(repeating: "x", count: 1_200))
            sample.work()
        }
        #expect(sample.engine.counters.flushes >= 60)
        #expect(sample.engine.counters.compactions >= 20)
    }

    @Test("a flush or compaction that the disk refuses is done again in new files")
    func refused() throws {
        let disk = MemoryDisk()
        let sample = try Sample(disk, .tiny)
        for index in 0..<12 {
            try sample.put("key \(index)", String(repeating: "x", count: 200))
        }
        disk.writesUntilFailure = 0
        for job in sample.engine.takeJobs() { sample.storage.worker.submit(job) }
        let outcome = try #require(sample.storage.worker.step())
        #expect(outcome.asksForPatience)
        sample.engine.jobAnswered(outcome)
        #expect(try disk.list().allSatisfy { TableFormat.number($0) == nil })
        #expect(sample.engine.refusal == nil)
        sample.settle()
        #expect(sample.engine.counters.flushes >= 1)
        #expect(sample.value("key 3") != nil)
    }
}
