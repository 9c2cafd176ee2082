// Real files with changed bytes, half of them under checksums that are right again: every decoder
// comes to a typed error or an answer, never a trap, and never without end.
import MartletBase
import Testing

@testable import MartletStorage

struct DecoderFuzzTests {
    /// The files of a small store.
    private func files(_ seed: UInt64) throws -> [(name: String, bytes: Bytes)] {
        var options = StorageOptions.brief
        options.compressLog = seed % 2 == 0
        let stage = Stage(MemoryDisk(), options)
        try stage.open()
        for index in 0..<8 {
            for part in 0..<4 { try stage.put("key \((index * 3 + part) % 13)", 200 + 9 * index) }
            var batch = WriteBatch()
            batch.put(.state("mark"), Bytes(repeating: 7, count: 90))
            batch.put(.hint(partition: 2, key: [1], home: NodeID(rawValue: 5)), [UInt8(index)])
            batch.delete(.object(partition: 0, key: Bytes(text: "key \(index)")))
            if index == 5 { batch.drop(.objects, partition: 4) }
            try stage.write(batch)
            stage.commit()
            stage.settle()
        }
        _ = stage.sample?.log.close()
        return try stage.disk.list().map { ($0, try #require(stage.disk.contents(of: $0))) }
    }

    /// A few changes of one file; `resealed` makes the checksums of the parts right again.
    private func mutated(
        _ bytes: Bytes, _ parts: [FilePart], resealed: Bool, _ random: inout SeededRandom
    ) -> Bytes {
        var bytes = bytes
        let part = parts[random.below(parts.count)]
        for _ in 0...random.below(3) {
            let head = min(part.range.count, random.chance(0.6) ? 48 : .max)
            let place = part.range.lowerBound + random.below(head)
            switch random.below(6) {
            case 0: bytes[place] ^= 1 << UInt8(random.below(8))
            case 1: bytes[place] = UInt8(truncatingIfNeeded: random.next())
            case 2: bytes[place] = [0, 0x7F, 0x80, 0xFF][random.below(4)]
            case 3: for index in place..<min(place + 8, bytes.count) { bytes[index] = 0xFF }
            case 4:
                let other = part.range.lowerBound + random.below(part.range.count)
                for index in 0..<16 where max(place, other) + index < part.range.upperBound {
                    bytes[place + index] = bytes[other + index]
                }
            default: bytes[place] &+= 1
            }
        }
        if resealed { part.seal(&bytes) }
        if !resealed, random.chance(0.2) { bytes.removeLast(random.below(bytes.count)) }
        return bytes
    }

    /// Opens, reads all there is by every way, and does the background work.
    private func exercise(_ disk: MemoryDisk, _ options: StorageOptions) {
        guard let found = try? Sample(disk, options) else { return }
        for space in StorageKey.Space.allCases {
            _ = try? found.engine.scanNow(space, limitBytes: 5_000)
            if case .pending = found.engine.scan(space, limitBytes: 5_000) { found.read() }
        }
        for index in 0..<13 {
            _ = found.get(.object(partition: 0, key: Bytes(text: "key \(index)")))
        }
        for _ in 0..<4 { _ = found.engine.scrub() }
        found.settle(limit: 200)
        found.buildDueTrees()
        var batch = WriteBatch()
        batch.put(.state("mark"), [1])
        if (try? found.engine.write(batch)) != nil { found.commit() }
        found.engine.checkInvariants()
    }

    @Test("changed files lead to typed errors or answers", arguments: 0..<16 as Range<UInt64>)
    func stores(seed: UInt64) throws {
        var random = SeededRandom(seed: seed, stream: "mutated stores")
        let files = try files(seed)
        var options = StorageOptions.brief
        options.compressLog = seed % 2 == 0
        for round in 0..<100 {
            let disk = MemoryDisk()
            let chosen = random.below(files.count)
            for (index, file) in files.enumerated() {
                var bytes = file.bytes
                if index == chosen {
                    bytes = mutated(
                        bytes, FilePart.all(of: file.name, bytes), resealed: round % 2 == 0,
                        &random)
                }
                disk.setContents(of: file.name, to: bytes)
            }
            exercise(disk, options)
        }
    }

    @Test("every decoder alone takes any bytes", arguments: 0..<8 as Range<UInt64>)
    func decoders(seed: UInt64) throws {
        var random = SeededRandom(seed: seed, stream: "mutated parts")
        let files = try files(seed)
        for round in 0..<400 {
            let file = files[random.below(files.count)]
            let parts = FilePart.all(of: file.name, file.bytes)
            let bytes = mutated(file.bytes, parts, resealed: round % 4 != 0, &random)
            decode(file.name, bytes)
        }
    }

    private func decode(_ name: String, _ bytes: Bytes) {
        if let number = ManifestFormat.number(name) {
            _ = try? ManifestWriter.read(bytes, number: number)
        }
        if LogFormat.segmentNumber(name) != nil {
            _ = try? SegmentHeader(decoding: bytes)
            var offset = LogFormat.segmentHeaderBytes
            while let header = try? ChunkHeader(decoding: bytes, at: offset) {
                if let chunk = try? LogChunk(header: header, in: bytes, at: offset),
                    let changes = try? chunk.changes()
                {
                    #expect(
                        changes.allSatisfy { (header.first...header.last).contains($0.position) })
                }
                offset = header.payload(at: offset).upperBound
            }
        }
        guard let number = TableFormat.number(name) else { return }
        let disk = MemoryDisk()
        disk.setContents(of: name, to: bytes)
        guard let file = try? disk.open(name, .reading) else { return }
        _ = try? TableCheck(file, number: number)
        guard let footer = try? TableReader.readFooter(file, number: number),
            let map = try? TableReader.readMap(file, footer)
        else { return }
        for index in 0..<map.blockCount {
            guard let block = try? TableReader.readBlock(file, map, index) else { continue }
            try? block.verify()
            _ = try? block.find(.object(partition: 0, key: Bytes(text: "key 3")))
            _ = try? block.search(.state("mark"))
        }
    }
}
