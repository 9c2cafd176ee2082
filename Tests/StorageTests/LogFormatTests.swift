// The bytes of the log: golden files, and what changed bytes lead to. Never a trap.
import MartletBase
import MartletStorage
import Testing

struct LogFormatTests {
    /// One batch: an object put in partition 258, a hint deleted in partition 3.
    private static let golden =
        // Segment: magic, version, number 1, first position 1, checksum.
        "4d4152544c45544c" + "02" + "000000" + "0100000000000000" + "0100000000000000"
        + "55036fc7"
        // Chunk: checksum, stored 29, raw 29, one batch, position 1, synced 0, raw.
        + "25d8a1e8" + "1d000000" + "1d000000" + "01000000" + "0100000000000000"
        + "0000000000000000" + "00" + "000000"
        // Batch: two changes, each kind, space, partition, key, then value or home.
        + "02" + "01" + "01" + "0201" + "03" + "6b6579" + "05" + "76616c7565"
        + "02" + "02" + "0300" + "01" + "6b" + "0201000000000000"

    @Test("a segment is written as exactly these bytes")
    func goldenWrite() throws {
        let sample = try Sample(MemoryDisk())
        var batch = WriteBatch()
        batch.put(.object(partition: 258, key: Bytes(text: "key")), Bytes(text: "value"))
        batch.delete(.hint(partition: 3, key: Bytes(text: "k"), home: NodeID(rawValue: 0x0102)))
        try sample.engine.write(batch)
        sample.commit()
        #expect(hex(try #require(sample.disk.contents(of: firstSegment))) == Self.golden)
    }

    @Test("exactly these bytes open")
    func goldenRead() throws {
        let disk = try MemoryDisk.holding(log: #require(bytes(hex: Self.golden)))
        let sample = try Sample(disk)
        let key = StorageKey.object(partition: 258, key: Bytes(text: "key"))
        #expect(sample.engine.get(key) == .found(Bytes(text: "value")))
        #expect(sample.report.batches == 1)
        #expect(sample.report.tornBytes == 0)
        #expect(sample.engine.durable == LogPosition(rawValue: 1))
    }

    @Test("what one run wrote, the next reads and goes on")
    func reopens() throws {
        let disk = MemoryDisk()
        for run in 1...4 {
            let sample = try Sample(disk)
            #expect(sample.report.batches == run - 1)
            try sample.put("k\(run)", "\(run)")
            #expect((1...run).allSatisfy { sample.value("k\($0)") == "\($0)" })
            #expect(sample.engine.durable == LogPosition(rawValue: UInt64(run)))
            #expect(sample.log.close() == .synced(sample.engine.durable))
        }
    }

    @Test("a compressible chunk shrinks and reads back")
    func compression() throws {
        var options = StorageOptions.small
        options.compressLog = true
        let disk = MemoryDisk()
        let text = String(repeating: "the martlet never lands. ", count: 200)
        let sample = try Sample(disk, options)
        try sample.put("a", text)
        #expect(disk.logBytes < text.utf8.count / 4)
        _ = sample.log.close()
        #expect(try Sample(disk, options).value("a") == text)
    }

    @Test("a segment of a later format version is refused by name")
    func laterVersion() throws {
        let disk = MemoryDisk()
        _ = try Sample(disk).log.close()
        var bytes = try #require(disk.contents(of: firstSegment))
        bytes[8] = 9
        disk.setContents(of: firstSegment, to: bytes)
        #expect(throws: StorageError.unsupportedVersion(file: firstSegment, version: 9)) {
            try Sample(disk)
        }
    }

    @Test("changed bytes open as a prefix or fail with a typed error", arguments: 0..<12)
    func mutations(seed: UInt64) throws {
        var random = SeededRandom(seed: seed, stream: "mutations")
        var options = StorageOptions.small
        options.compressLog = seed % 2 == 0
        options.chunkTargetBytes = 512
        let origin = MemoryDisk()
        let sample = try Sample(origin, options)
        for index in 0..<20 {
            try sample.put("key \(index)", String(repeating: "v\(index)", count: 100))
        }
        let bytes = try #require(origin.contents(of: firstSegment))
        for _ in 0..<40 {
            let disk = try MemoryDisk.holding(log: mutated(bytes, &random))
            do {
                let opened = try Sample(disk, options)
                opened.engine.checkInvariants()
                #expect(opened.report.batches <= 20)
            } catch is StorageError {
                continue
            }
        }
    }

    private func mutated(_ origin: Bytes, _ random: inout SeededRandom) -> Bytes {
        var bytes = origin
        for _ in 0...random.below(3) {
            let index = random.below(bytes.count)
            switch random.below(5) {
            case 0: bytes[index] ^= 1 << UInt8(random.below(8))
            case 1: bytes[index] = UInt8(truncatingIfNeeded: random.next())
            case 2: bytes.removeLast(random.below(bytes.count))
            case 3: bytes.replaceSubrange(index..<index, with: bytes[..<index].suffix(64))
            default:
                for offset in index..<min(bytes.count, index + 8) { bytes[offset] = 0xFF }
            }
            if bytes.isEmpty { return bytes }
        }
        return bytes
    }
}
