// The foreground: visibility, durability by sync mode, limits, backlog, scans.
import MartletBase
import Testing

@testable import MartletStorage

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

    @Test(
        "in the periodic modes a sync can be asked for, and comes with the next commit",
        arguments: [SyncMode.interval(.seconds(1)), .operatingSystem])
    func askedSync(mode: SyncMode) throws {
        var options = StorageOptions.small
        options.sync = mode
        let sample = try Sample(MemoryDisk(), options)
        let position = try sample.engine.write(.putting("a", "1"))
        sample.engine.syncSoon()
        #expect(sample.commit() == .synced(position))
        sample.engine.syncSoon()
        #expect(sample.engine.takeChunk() == nil, "everything is synced")

        let next = try sample.engine.write(.putting("b", "1"))
        #expect(sample.commit() == .written(next))
        let before = sample.disk.writeCount
        sample.engine.syncSoon()
        sample.engine.syncSoon()
        let chunk = try #require(sample.engine.takeChunk(), "a sync alone")
        #expect(try chunk.changes().isEmpty)
        #expect(sample.engine.takeChunk() == nil, "one sync for both")
        sample.engine.logAnswered(sample.log.commit([chunk]))
        #expect(sample.engine.synced == next)
        #expect(sample.disk.writeCount == before)
        sample.engine.checkInvariants()
    }

    @Test("what every write is synced for needs no asking")
    func needlessAsking() throws {
        let sample = try Sample(MemoryDisk())
        let position = try sample.engine.write(.putting("a", "1"))
        let chunk = try #require(sample.engine.takeChunk())
        sample.engine.syncSoon()
        #expect(sample.engine.takeChunk() == nil)
        sample.engine.logAnswered(sample.log.commit([chunk]))
        #expect(sample.engine.synced == position)
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
        #expect(sample.engine.entryEstimate == 0)
        let position = sample.engine.appended
        #expect(try sample.engine.write(WriteBatch()) == position)
        sample.engine.checkInvariants()
    }

    @Test("a batch over its limit, and bytes over what may wait, are refused and change nothing")
    func limits() throws {
        var options = StorageOptions.small
        options.batchLimitBytes = 1024
        options.pendingLimitBytes = 2048
        let sample = try Sample(MemoryDisk(), options)
        let engine = sample.engine
        let text = String(repeating: "x", count: 900)
        #expect(throws: WriteRefusal.batchLimit) { try engine.write(.putting("a", text + text)) }
        try engine.write(.putting("a", text))
        try engine.write(.putting("bb", text))
        #expect(throws: WriteRefusal.pendingLimit) { try engine.write(.putting("ccc", text)) }
        #expect(sample.value("ccc") == nil)
        #expect(engine.appended == LogPosition(rawValue: 2))
        sample.commit()
        try engine.write(.putting("ccc", text))
        engine.checkInvariants()
    }

    @Test("memtables that are not written out slow writers more and more, and refuse them last")
    func backlogOfMemtables() throws {
        var options = StorageOptions.small
        options.flushBytes = 16 << 10
        options.memtableLimitBytes = 64 << 10
        let sample = try Sample(MemoryDisk(), options)
        let (delays, refusal) = try sample.fill { _ in }
        #expect(refusal == .behind(nil))
        #expect(sample.engine.memtableBytes >= options.memtableLimitBytes)
        #expect(sample.engine.memtableBytes < options.memtableLimitBytes + (16 << 10))
        try expectNoCliff(delays)
        // A node that starts writes down who it is, however far behind it was.
        var own = WriteBatch()
        own.put(.state("actor"), Bytes(text: "next"))
        try sample.engine.write(own)
        sample.settle()
        #expect(sample.engine.backlog == 0)
        try sample.put("again", "1")
    }

    @Test("tables that are not merged slow writers more and more, and refuse them last")
    func backlogOfTables() throws {
        var options = StorageOptions.tiny
        options.levelZeroTrigger = 2
        options.levelZeroLimit = 12
        let sample = try Sample(MemoryDisk(), options)
        // Flushes alone are done; the compaction stays where it is.
        let (delays, refusal) = try sample.fill { sample in
            for job in sample.engine.takeJobs() where job.isUrgent {
                sample.storage.worker.submit(job)
                if let outcome = sample.storage.worker.step() { sample.engine.jobAnswered(outcome) }
            }
        }
        #expect(refusal == .behind(nil))
        #expect(sample.engine.version.levels[0].count == 12)
        try expectNoCliff(delays)
    }

    /// Nothing at first, then more and more, and at the end far more than at first.
    private func expectNoCliff(_ delays: [Duration]) throws {
        #expect(delays.first == .zero)
        let slowed = delays.filter { $0 > .zero }
        #expect(slowed == slowed.sorted())
        #expect(Set(slowed).count >= 4)
        #expect(try #require(slowed.last) > (try #require(slowed.first)) * 5)
        #expect(try #require(slowed.last) <= .seconds(1))
    }

    @Test("the delay of a chunk grows with the backlog and with its bytes, to a second at most")
    func delays() {
        #expect(Backlog.delay(at: 0, bytes: 1 << 20) == .zero)
        var last = Duration.zero
        for step in 1...1_000 {
            let delay = Backlog.delay(at: Double(step) / 1_000, bytes: 1 << 20)
            #expect(delay >= last && delay > .zero && delay <= .seconds(1))
            #expect(Backlog.delay(at: Double(step) / 1_000, bytes: 1 << 10) <= delay)
            last = delay
        }
        #expect(last == .seconds(1))
    }

    @Test("options out of range are refused by name")
    func badOptions() {
        var options = StorageOptions()
        options.segmentBytes = 1
        var error = #expect(throws: StorageError.self) { try Sample(MemoryDisk(), options) }
        #expect(error?.description.contains("segmentBytes is 1") == true)
        options = StorageOptions()
        options.memtableLimitBytes = options.flushBytes
        error = #expect(throws: StorageError.self) { try Sample(MemoryDisk(), options) }
        #expect(error?.description.contains("memtableLimitBytes") == true)
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
}

extension Sample {
    /// Writes without end, with `work` after each batch, until writes are refused; the delays of
    /// the chunks, and why it ended.
    fileprivate func fill(
        _ work: (Sample) throws -> Void
    ) throws -> (delays: [Duration], refusal: WriteRefusal?) {
        var delays: [Duration] = []
        for index in 0..<10_000 {
            if let refusal = engine.refusal { return (delays, refusal) }
            try engine.write(.putting("key \(index)", String(repeating: "v", count: 200)))
            let chunk = try #require(engine.takeChunk())
            delays.append(chunk.delay)
            engine.logAnswered(log.commit([chunk]))
            try work(self)
        }
        return (delays, nil)
    }
}
