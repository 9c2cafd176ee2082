// The log stays within its bound under overwrites, and nothing old comes back.
import MartletBase
import MartletStorage
import Testing

struct CheckpointTests {
    private var options: StorageOptions {
        var options = StorageOptions.small
        options.segmentBytes = 4096
        return options
    }

    @Test("overwriting the same keys keeps the log near its bound, through restarts")
    func bounded() throws {
        let disk = MemoryDisk()
        var largest = 0
        for run in 0..<5 {
            let sample = try Sample(disk, options)
            for index in 0..<400 {
                try sample.put("key \(index % 30)", String(repeating: "x", count: 100 + run))
                largest = max(largest, disk.usedBytes)
            }
            _ = sample.log.close()
        }
        // Live: 30 entries of about 110 bytes; the log may be four times that, or a segment, and
        // grows by the live data once and half while a checkpoint runs.
        #expect(largest < 40_000)
        #expect(disk.contents(of: firstSegment) == nil)
        let again = try Sample(disk, options)
        #expect(again.engine.entryCount == 30)
        #expect(again.value("key 7") == String(repeating: "x", count: 104))
    }

    @Test("a log of live data alone is not logged again")
    func liveDataAlone() throws {
        let disk = MemoryDisk()
        let sample = try Sample(disk, options)
        for index in 0..<200 { try sample.put("key \(index)", String(repeating: "x", count: 100)) }
        #expect(sample.engine.appended == LogPosition(rawValue: 200))
        #expect(disk.contents(of: firstSegment) != nil)
    }

    @Test("a deleted entry stays deleted, whatever of the old segments is left", arguments: 0..<10)
    func deleted(seed: UInt64) throws {
        var random = SeededRandom(seed: seed, stream: "checkpoint")
        let disk = MemoryDisk()
        for run in 0..<4 {
            let sample = try Sample(disk, options)
            #expect(sample.value("gone") == nil)
            try sample.put("gone", "here")
            for index in 0..<(50 + random.below(200)) {
                try sample.put("key \(index % 9)", String(repeating: "\(run)", count: 90))
            }
            var batch = WriteBatch()
            batch.delete(.named("gone"))
            try sample.engine.write(batch)
            sample.commit()
            for index in 0..<random.below(300) {
                try sample.put("key \(index % 9)", String(repeating: "\(run)", count: 90))
            }
            disk.operationsUntilHalt = random.below(400)
            for _ in 0..<random.below(200) {
                try? sample.put("other", String(repeating: "y", count: 90))
            }
            disk.crash(MemoryDisk.CrashLoss.allCases[random.below(4)], random: &random)
            let again = try Sample(disk, options)
            #expect(again.value("key 3") == String(repeating: "\(run)", count: 90))
            disk.unlock()
        }
    }

    @Test("a full disk in the middle of a checkpoint delays it", arguments: 0..<10)
    func fullDisk(seed: UInt64) throws {
        var random = SeededRandom(seed: seed, stream: "full checkpoint")
        let disk = MemoryDisk()
        let sample = try Sample(disk, options)
        for index in 0..<600 {
            if random.chance(0.05) { disk.capacityBytes = disk.usedBytes + random.below(500) }
            if random.chance(0.2) { disk.capacityBytes = nil }
            do {
                try sample.put("key \(index % 20)", "\(index)" + String(repeating: "x", count: 100))
            } catch WriteRefusal.diskFull {
                sample.commit()
            }
        }
        disk.capacityBytes = nil
        sample.commit()
        #expect(disk.contents(of: firstSegment) == nil)
        let entries = sample.everything()
        disk.crash(.everything, random: &random)
        #expect(try Sample(disk, options).everything() == entries)
    }
}
