// The foreground: visibility, durability by sync mode, limits, scans.
import MartletBase
import MartletStorage
import Testing

struct EngineTests {
    @Test("a batch is visible at once and durable after its sync")
    func visibility() throws {
        let sample = try Sample(MemoryDisk())
        let position = try sample.engine.write(.putting("a", "1"))
        #expect(sample.value("a") == "1")
        #expect(sample.engine.durable < position)
        let chunk = try #require(sample.engine.takeChunk())
        #expect(sample.engine.takeChunk() == nil)
        let outcome = sample.log.append([chunk])
        #expect(outcome == .written(position))
        sample.engine.logAnswered(outcome)
        #expect(sample.engine.durable < position)
        sample.engine.logAnswered(sample.log.sync())
        #expect(sample.engine.durable == position)
        #expect(sample.engine.pendingBytes == 0)
    }

    @Test(
        "in the periodic modes durable means handed to the system",
        arguments: [SyncMode.interval(.seconds(1)), .operatingSystem])
    func periodicModes(mode: SyncMode) throws {
        var options = StorageOptions.small
        options.sync = mode
        let sample = try Sample(MemoryDisk(), options)
        let position = try sample.engine.write(.putting("a", "1"))
        #expect(sample.commit() == .written(position))
        #expect(sample.engine.durable == position)
        #expect(sample.engine.synced < position)
        #expect(sample.log.needsSync)
        sample.engine.logAnswered(sample.log.sync())
        #expect(sample.engine.synced == position)
        #expect(!sample.log.needsSync)
    }

    @Test("all that gathers shares one sync")
    func groupCommit() throws {
        let sample = try Sample(MemoryDisk())
        let before = sample.disk.syncCount
        for index in 0..<100 { try sample.engine.write(.putting("k\(index)", "v")) }
        #expect(sample.commit() == .synced(LogPosition(rawValue: 100)))
        #expect(sample.disk.syncCount == before + 1)
    }

    @Test("a delete removes, and an empty batch is nothing")
    func deletes() throws {
        let sample = try Sample(MemoryDisk())
        try sample.put("a", "1")
        var batch = WriteBatch()
        batch.delete(.named("a"))
        batch.delete(.named("never there"))
        try sample.engine.write(batch)
        #expect(sample.value("a") == nil)
        #expect(sample.engine.entryCount == 0)
        #expect(sample.engine.memtableBytes == 0)
        let position = sample.engine.appended
        #expect(try sample.engine.write(WriteBatch()) == position)
        sample.engine.checkInvariants()
    }

    @Test("each limit refuses with its own error, and room brings writes back")
    func limits() throws {
        var options = StorageOptions.small
        options.batchLimitBytes = 1024
        options.pendingLimitBytes = 2048
        options.memtableLimitBytes = 8192
        let sample = try Sample(MemoryDisk(), options)
        let engine = sample.engine
        let text = String(repeating: "x", count: 900)
        #expect(throws: WriteRefusal.batchLimit) {
            try engine.write(.putting("a", text + text))
        }
        try engine.write(.putting("a", text))
        try engine.write(.putting("bb", text))
        #expect(throws: WriteRefusal.pendingLimit) { try engine.write(.putting("ccc", text)) }
        #expect(sample.value("ccc") == nil)
        sample.commit()
        var refused: WriteRefusal?
        for index in 0..<20 where refused == nil {
            do {
                try sample.put("key \(index)", text)
            } catch let error as WriteRefusal {
                refused = error
            }
        }
        #expect(refused == .memtableLimit)
        var batch = WriteBatch()
        batch.delete(.named("a"))
        try engine.write(batch)
        try engine.write(.putting("again", "1"))
        sample.commit()
        sample.disk.unlock()
        #expect(try Sample(sample.disk, options).value("again") == "1")
        sample.disk.unlock()
        options.memtableLimitBytes = 2048
        #expect(throws: StorageError.memtableLimit(bytes: 2048)) {
            try Sample(sample.disk, options)
        }
    }

    @Test("options out of range are refused by name")
    func badOptions() {
        var options = StorageOptions()
        options.segmentBytes = 1
        let error = #expect(throws: StorageError.self) {
            try Sample(MemoryDisk(), options)
        }
        #expect(error?.description.contains("segmentBytes is 1") == true)
    }

    @Test("keys sort by space, partition, hash, key, owner")
    func keyOrder() {
        let home = NodeID(rawValue: 5)
        let ordered: [StorageKey] = [
            .state("zzz"), .object(partition: 0, key: [1]), .object(partition: 9, key: [1]),
            .hint(partition: 0, key: [1], home: home),
            .hint(partition: 0, key: [1], home: NodeID(rawValue: 6)),
            .hint(partition: 1, key: [0], home: home),
        ]
        for (low, left) in ordered.enumerated() {
            for (high, right) in ordered.enumerated() {
                #expect((left < right) == (low < high))
                #expect((left == right) == (low == high))
            }
        }
        let pair = [Bytes(text: "a"), Bytes(text: "b")]
            .map { StorageKey.object(partition: 1, key: $0) }
        #expect((pair[0] < pair[1]) == (pair[0].hash < pair[1].hash))
        #expect(ordered[3].home == home)
        #expect(ordered[1].home == nil)
    }

    @Test("a scan gives a range in order, in pages of any size", arguments: [1, 500, 5000])
    func scanPages(limit: Int) throws {
        let sample = try Sample(MemoryDisk())
        for index in 0..<200 {
            var batch = WriteBatch()
            let key = Bytes(text: "key \(index)")
            batch.put(.object(partition: UInt16(index % 7), key: key), key)
            batch.put(.hint(partition: 2, key: key, home: NodeID(rawValue: 1)), [])
            try sample.engine.write(batch)
        }
        var seen: [ScanPage.Entry] = []
        var cursor: StorageKey?
        repeat {
            let page = try sample.engine.scanNow(
                .objects, partitions: 2...4, after: cursor, limitBytes: limit)
            #expect(!page.entries.isEmpty)
            seen += page.entries
            cursor = page.next
        } while cursor != nil
        #expect(seen.map(\.key) == seen.map(\.key).sorted())
        #expect(Set(seen.map(\.key.partition)) == [2, 3, 4])
        #expect(seen.count == (0..<200).count { (2...4).contains($0 % 7) })
        #expect(
            try sample.engine.scanNow(.objects, partitions: 100...200, limitBytes: 1).entries == [])
    }

    @Test("a scan that resumes sees what was written ahead of it and repeats nothing")
    func scanResumes() throws {
        let sample = try Sample(MemoryDisk())
        let keys = (0..<50).map { StorageKey.object(partition: 0, key: [UInt8($0)]) }.sorted()
        for (index, key) in keys.enumerated() where index % 2 == 0 {
            var batch = WriteBatch()
            batch.put(key, [])
            try sample.engine.write(batch)
        }
        let page = try sample.engine.scanNow(.objects, limitBytes: 1300)
        let reached = page.entries.count * 2 - 1
        var batch = WriteBatch()
        for (index, key) in keys.enumerated() where index % 2 == 1 { batch.put(key, [1]) }
        batch.delete(keys[0])
        batch.delete(keys[48])
        batch.delete(try #require(page.next))
        try sample.engine.write(batch)
        let rest = try sample.engine.scanNow(.objects, after: page.next, limitBytes: .max)
        #expect(rest.next == nil)
        #expect(rest.entries.map(\.key) == keys[reached...].filter { $0 != keys[48] })
        sample.engine.checkInvariants()
    }
}
