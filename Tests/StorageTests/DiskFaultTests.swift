// A full disk is waited out; a failed sync or write is final.
import MartletBase
import MartletStorage
import Testing

struct DiskFaultTests {
    @Test("a full disk refuses writes, keeps what it took, and goes on when there is space")
    func fullDisk() throws {
        let disk = MemoryDisk()
        let sample = try Sample(disk)
        try sample.put("a", "1")
        let size = disk.usedBytes
        disk.capacityBytes = size + 20
        let position = try sample.engine.write(.putting("b", "2"))
        guard case .full(let error) = sample.commit() else {
            Issue.record("the disk took it")
            return
        }
        #expect(error.cause == .noSpace)
        #expect(disk.usedBytes == size)
        #expect(sample.value("b") == "2")
        #expect(sample.engine.durable < position)
        #expect(throws: WriteRefusal.diskFull(error)) {
            try sample.engine.write(.putting("c", "3"))
        }
        #expect(sample.log.commit([]) == .full(error))
        disk.capacityBytes = nil
        #expect(sample.commit() == .synced(position))
        #expect(sample.engine.refusal == nil)
        try sample.put("c", "3")
        disk.unlock()
        let again = try Sample(disk)
        #expect(["a", "b", "c"].map(again.value) == ["1", "2", "3"])
    }

    @Test("a disk that fills at any byte loses nothing and keeps the order", arguments: 0..<40)
    func fillsAnywhere(seed: UInt64) throws {
        var random = SeededRandom(seed: seed, stream: "full disk")
        var options = StorageOptions.small
        options.segmentBytes = 4096
        options.prewriteBytes = random.below(2) * 700
        let disk = MemoryDisk()
        disk.capacityBytes = 2_300 + random.below(20_000)
        let sample = try Sample(disk, options)
        for index in 0..<60 {
            if random.chance(0.6) {
                do {
                    try sample.engine.write(
                        .putting("k\(index)", String(repeating: "x", count: random.below(600))))
                } catch .diskFull {
                    disk.capacityBytes? += random.below(2000)
                }
            }
            if random.chance(0.5) { sample.commit() }
        }
        disk.capacityBytes = nil
        #expect(sample.commit() == .synced(sample.engine.appended))
        let entries = try sample.everything()
        disk.crash(.everything, random: &random)
        #expect(try Sample(disk, options).everything() == entries)
    }

    @Test("a log that finds no descriptor for its next segment waits for one")
    func outOfDescriptors() throws {
        var options = StorageOptions.small
        options.segmentBytes = 4096
        options.prewriteBytes = 0
        let disk = MemoryDisk()
        let sample = try Sample(disk, options)
        try sample.put("a", String(repeating: "a", count: 5_000))
        disk.isOutOfDescriptors = true
        let position = try sample.engine.write(.putting("b", "2"))
        guard case .full(let error) = sample.commit() else {
            Issue.record("the log went on without a descriptor")
            return
        }
        #expect(error.cause == .exhausted("too many open files"))
        #expect(sample.engine.refusal == .diskFull(error))
        #expect(sample.engine.refusal?.description.hasPrefix("the log waits (open log") == true)
        #expect(sample.log.commit([]) == .full(error))
        disk.isOutOfDescriptors = false
        #expect(sample.commit() == .synced(position))
        #expect(sample.engine.refusal == nil)
        try sample.put("c", "3")
        disk.unlock()
        #expect(["b", "c"].map(try Sample(disk, options).value) == ["2", "3"])
    }

    @Test("what is short of memory or descriptors may pass, but for a sync")
    func passing() throws {
        let disk = MemoryDisk()
        let sample = try Sample(disk)
        try sample.put("a", "1")
        (disk.writesUntilFailure, disk.writeFailure) = (0, .short(7, .exhausted("no memory")))
        let position = try sample.engine.write(.putting("b", "2"))
        guard case .full = sample.commit() else {
            Issue.record("a want of memory is no verdict on the log")
            return
        }
        #expect(sample.commit() == .synced(position))
        #expect(sample.value("b") == "2")
    }

    @Test("a disk without room for zeros ahead still takes the chunk")
    func noRoomAhead() throws {
        var options = StorageOptions.small
        options.prewriteBytes = 10_000
        let disk = MemoryDisk()
        let sample = try Sample(disk, options)
        disk.capacityBytes = disk.usedBytes + 900
        try sample.put("a", "1")
        #expect(sample.engine.refusal == nil)
        #expect(sample.engine.durable == LogPosition(rawValue: 1))
    }

    @Test("a failed sync stops the log for good, and reads go on")
    func failedSync() throws {
        let disk = MemoryDisk()
        let sample = try Sample(disk)
        try sample.put("a", "1")
        disk.syncsUntilFailure = 0
        try sample.engine.write(.putting("b", "2"))
        let outcome = sample.commit()
        guard case .failed(let error) = outcome else {
            Issue.record("\(outcome)")
            return
        }
        #expect(error.operation == .sync)
        let syncs = disk.syncCount
        #expect(sample.log.commit([]) == outcome)
        #expect(sample.log.sync() == outcome)
        #expect(disk.syncCount == syncs)
        #expect(throws: WriteRefusal.logFailed(error)) {
            try sample.engine.write(.putting("c", "3"))
        }
        sample.engine.logAnswered(.written(LogPosition(rawValue: 2)))
        #expect(sample.engine.refusal == .logFailed(error))
        #expect(sample.engine.durable == LogPosition(rawValue: 1))
        #expect(sample.value("a") == "1")
        var random = SeededRandom(seed: 1)
        disk.crash(.tail, random: &random)
        #expect(try Sample(disk).value("a") == "1")
    }

    @Test("a restart after a failed sync trusts only what it has written again")
    func restartAfterFailedSync() throws {
        let disk = MemoryDisk()
        var random = SeededRandom(seed: 1)
        let sample = try Sample(disk)
        try sample.put("a", "1")
        disk.syncsUntilFailure = 0
        try sample.put("b", "2")
        disk.crash(.nothing, random: &random)
        let again = try Sample(disk)
        #expect(again.value("b") == "2")
        #expect(again.engine.synced == LogPosition(rawValue: 2))
        disk.crash(.everything, random: &random)
        #expect(try Sample(disk).value("b") == "2")
    }

    @Test("a failed write is final and keeps what was durable")
    func failedWrite() throws {
        let disk = MemoryDisk()
        let sample = try Sample(disk)
        try sample.put("a", "1")
        disk.writesUntilFailure = 0
        try sample.engine.write(.putting("b", "2"))
        let outcome = sample.commit()
        #expect(outcome == .failed(DiskError(.write, firstSegment, at: 77, .inputOutput)))
        #expect(sample.commit() == outcome)
        disk.unlock()
        let again = try Sample(disk)
        #expect(again.value("a") == "1")
        #expect(again.value("b") == nil)
    }

    @Test("a second opening of a disk in use is refused, and closing gives it back")
    func lock() throws {
        let disk = MemoryDisk()
        let sample = try Sample(disk)
        let error = #expect(throws: StorageError.self) { try Sample(disk) }
        #expect(error?.description.contains("stop that process") == true)
        #expect(sample.log.close() == .synced(.start))
        guard case .failed = sample.log.commit([]) else {
            Issue.record("a closed log took a commit")
            return
        }
        _ = try Sample(disk)
    }
}
