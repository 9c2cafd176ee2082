// Recovery after a crash at every byte, and what tells a torn end from damage.
import MartletBase
import MartletStorage
import Testing

struct LogRecoveryTests {
    /// A log of eight batches, one per sync, and where each chunk ends.
    private func log() throws -> (bytes: Bytes, ends: [Int]) {
        let disk = MemoryDisk()
        let sample = try Sample(disk)
        var ends = [disk.logBytes]
        for index in 1...8 {
            var batch = WriteBatch.putting("left", "\(index)")
            batch.put(.named("right"), Bytes(text: "\(index)"))
            try sample.engine.write(batch)
            sample.commit()
            ends.append(disk.logBytes)
        }
        return (try #require(disk.contents(of: firstSegment)), ends)
    }

    @Test("a log cut at any byte opens with the whole batches before the cut", arguments: [0, 300])
    func cutAnywhere(zeros: Int) throws {
        let (bytes, ends) = try log()
        for cut in ends[0]...bytes.count {
            let disk = try MemoryDisk.holding(
                log: bytes[..<cut] + Bytes(repeating: 0, count: zeros))
            let sample = try Sample(disk)
            let whole = ends.lastIndex { $0 <= cut } ?? 0
            // The last bytes of a chunk may be zeros themselves: then the cut is no loss.
            let batches = sample.report.batches
            #expect(batches == whole || (zeros > 0 && batches == whole + 1), "cut at \(cut)")
            #expect(sample.value("left") == (batches == 0 ? nil : "\(batches)"))
            #expect(sample.value("right") == sample.value("left"))
            try sample.put("after", "1")
            sample.disk.unlock()
            let again = try Sample(disk)
            #expect(again.value("after") == "1")
            #expect(again.report.batches == batches + 1)
            #expect(again.report.tornBytes == 0)
        }
    }

    @Test("a bit flipped before the last synced chunk is damage, at its file and offset")
    func flippedBit() throws {
        let (bytes, ends) = try log()
        for index in 0..<ends[7] {
            var changed = bytes
            changed[index] ^= 0x10
            let disk = try MemoryDisk.holding(log: changed)
            let error = #expect(throws: StorageError.self) { try Sample(disk) }
            switch error {
            case .corruptLog(let file, let offset, _):
                #expect(file == firstSegment)
                #expect(offset <= index)
                #expect(ends.contains(offset) || offset < ends[0])
            case .unsupportedVersion: #expect(index == 8)
            default: Issue.record("flip at \(index): \(String(describing: error))")
            }
        }
    }

    @Test("chunks that no sync had covered may be lost in the middle without being damage")
    func unsyncedHole() throws {
        var options = StorageOptions.small
        options.sync = .operatingSystem
        let disk = MemoryDisk()
        let sample = try Sample(disk, options)
        var ends: [Int] = []
        for index in 1...4 {
            try sample.put("key", "\(index)")
            ends.append(disk.logBytes)
        }
        var bytes = try #require(disk.contents(of: firstSegment))
        for index in ends[1]..<ends[2] { bytes[index] = 0 }
        disk.setContents(of: firstSegment, to: bytes)
        disk.unlock()
        let again = try Sample(disk, options)
        #expect(again.value("key") == "2")
        #expect(again.report.tornBytes == ends[3] - ends[1])
    }

    @Test("what a killed process had written is synced before it is called durable again")
    func syncedAtOpen() throws {
        var options = StorageOptions.small
        options.sync = .operatingSystem
        var random = SeededRandom(seed: 1)
        let disk = MemoryDisk()
        try Sample(disk, options).put("a", "1")
        disk.crash(.nothing, random: &random)
        let sample = try Sample(disk, options)
        #expect(sample.value("a") == "1")
        #expect(sample.engine.synced == LogPosition(rawValue: 1))
        disk.crash(.everything, random: &random)
        #expect(try Sample(disk, options).value("a") == "1")
    }

    @Test("a missing segment is named")
    func missingSegment() throws {
        var options = StorageOptions.small
        options.segmentBytes = 4096
        let disk = MemoryDisk()
        let sample = try Sample(disk, options)
        for index in 0..<40 { try sample.put("k\(index)", String(repeating: "x", count: 400)) }
        #expect(try disk.list().count >= 5)
        _ = sample.log.close()
        #expect(try Sample(disk, options).report.batches == 40)
        disk.unlock()
        try disk.remove("log-0000000002.mlog")
        #expect(throws: StorageError.missingSegment(file: "log-0000000002.mlog")) {
            try Sample(disk, options)
        }
    }

    @Test("a closed segment that ends early is damage")
    func closedSegmentCut() throws {
        var options = StorageOptions.small
        options.segmentBytes = 4096
        let disk = MemoryDisk()
        let sample = try Sample(disk, options)
        for index in 0..<20 { try sample.put("k\(index)", String(repeating: "x", count: 400)) }
        _ = sample.log.close()
        let bytes = try #require(disk.contents(of: firstSegment))
        disk.setContents(of: firstSegment, to: Bytes(bytes.dropLast(100)))
        let error = #expect(throws: StorageError.self) { try Sample(disk, options) }
        guard case .corruptLog(firstSegment, _, .truncated) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(error?.description.contains("go on in place") == true)
    }

    @Test("files of other names are left alone")
    func foreignFiles() throws {
        let disk = MemoryDisk()
        for name in ["notes.txt", "log-1.mlog", "log-18446744073709551615.mlog", "log-.mlog"] {
            disk.setContents(of: name, to: [1, 2, 3])
        }
        try Sample(disk).put("a", "1")
        disk.unlock()
        #expect(try Sample(disk).value("a") == "1")
        #expect(disk.contents(of: "log-1.mlog") == [1, 2, 3])
    }
}
