// Tables as a whole: what goes in comes out, by every way of reading; golden bytes; the filter.
import MartletBase
import Testing

@testable import MartletStorage

struct TableTests {
    private static let fileName = TableFormat.fileName(1)

    @Test("what a table was built of is read back by every way", arguments: 0..<24 as Range<UInt64>)
    func roundTrip(seed: UInt64) throws {
        var random = SeededRandom(seed: seed)
        let entries = TableSample.entries(&random, 1 + random.below(900), names: 5000)
        var options = TableOptions()
        options.blockBytes = [512, 2000, 16 << 10][random.below(3)]
        options.filterBitsPerKey = [0, 1, 10, 20][random.below(4)]
        options.compress = random.chance(0.8)
        let disk = MemoryDisk()
        let built = try TableSample.build(entries, on: disk, options)
        let file = try disk.open(Self.fileName, .existing)

        let summary = built.summary
        #expect(try TableReader.readSummary(file) == summary)
        #expect(summary.fileBytes == disk.usedBytes)
        #expect(summary.putCount == entries.count { $0.value != nil })
        #expect(summary.recordCount == entries.count)
        #expect(summary.recordBytes == entries.reduce(0) { $0 + $1.encoded.count })
        #expect(summary.lowest == entries.first?.key.rank)
        #expect(summary.highest == entries.last?.key.rank)
        #expect(summary.newest == LogPosition(rawValue: 77))

        let map = try TableReader.openMap(file, expecting: summary)
        for map in [map, built.map] {
            #expect(map.blockCount == summary.blockCount)
            #expect(try TableSample.read(file, map) == entries)
            #expect(try TableSample.scan(file, map, readAheadBytes: 1) == entries)
            #expect(try TableSample.scan(file, map, readAheadBytes: 1 << 20) == entries)
        }
        for entry in entries {
            #expect(try TableSample.find(entry.key, file, map) == entry)
        }
        for _ in 0..<300 {
            let key = TableSample.key(&random, names: 10_000)
            let expected = entries.first { $0.key == key }
            #expect(try TableSample.find(key, file, map) == expected)
            #expect(map.firstBlock(for: key.rank) == firstBlock(for: key.rank, map))
        }
    }

    private func firstBlock(for rank: Rank, _ map: TableMap) -> Int? {
        (0..<map.blockCount).first { map.lastRank(of: $0) >= rank }
    }

    @Test("a check counts what a table holds", arguments: 0..<6 as Range<UInt64>)
    func check(seed: UInt64) throws {
        var random = SeededRandom(seed: seed)
        let entries = TableSample.entries(&random, 700)
        let disk = MemoryDisk()
        let summary = try TableSample.build(entries, on: disk).summary
        let check = try TableCheck(try disk.open(Self.fileName, .existing), number: 1)
        #expect(check.isIntact)
        #expect(check.damage.isEmpty)
        #expect(check.summary == summary)
        #expect(check.blockCount == summary.blockCount)
        #expect(check.putCount == summary.putCount)
        #expect(check.deleteCount == summary.deleteCount)
        #expect(check.recordBytes == summary.recordBytes)
        #expect(check.compressionRatio > 1.2)
        #expect(check.compressedCount > 0)
    }

    @Test("a value longer than a block has a block of its own")
    func longValues() throws {
        var entries = ["a", "b", "c", "d"].map { TableEntry(.named($0), Bytes(text: $0)) }
        entries.append(TableEntry(.named("e"), Bytes(repeating: 1, count: 5 << 20)))
        entries.sort { $0.key < $1.key }
        let disk = MemoryDisk()
        let built = try TableSample.build(entries, on: disk)
        let file = try disk.open(Self.fileName, .existing)
        #expect(try TableSample.scan(file, built.map, readAheadBytes: 100) == entries)
        let place = try #require(entries.firstIndex { $0.key == .named("e") })
        let sizes = try (0..<built.map.blockCount).map {
            try TableReader.readBlock(file, built.map, $0).count
        }
        #expect(sizes == [place, 1, 4 - place].filter { $0 > 0 })
    }

    @Test("a table may end only between two ranks")
    func cuts() throws {
        let homes = (1...9).map { home in
            TableEntry(
                .hint(partition: 1, key: [1], home: NodeID(rawValue: home)),
                Bytes(repeating: UInt8(home), count: 200))
        }
        var options = TableOptions()
        options.blockBytes = 512
        let disk = MemoryDisk()
        var builder = try TableBuilder(number: 1, disk: disk, options: options)
        var mayCut = builder.canCut(before: homes[0].key.rank)
        #expect(!mayCut)
        for home in homes {
            let bytes = home.encoded
            try builder.append(Record(in: bytes.raw, at: 0), in: bytes.raw)
            mayCut = builder.canCut(before: home.key.rank)
            #expect(!mayCut)
            mayCut = builder.canCut(before: .highest)
            #expect(mayCut)
        }
        let bytesBefore = builder.fileBytes
        let built = try builder.finish(newest: LogPosition(rawValue: 1))
        #expect(built.summary.recordCount == 9)
        #expect((bytesBefore...bytesBefore + 1000).contains(built.summary.fileBytes))
        // One rank through several blocks: each hint is still found, and the search halves.
        #expect(built.map.blockCount == 5)
        #expect(built.map.blocks(for: homes[0].key.rank) == 0..<5)
        let file = try disk.open(Self.fileName, .existing)
        for home in homes {
            #expect(try TableSample.find(home.key, file, built.map) == home)
        }
    }

    @Test("keys that share one rank through many blocks are found in few reads")
    func sharedRank() throws {
        let entries = (1...2000).map { home in
            TableEntry(.hint(partition: 1, key: [1], home: NodeID(rawValue: home)), [1, 2, 3])
        }
        var options = TableOptions()
        options.blockBytes = 512
        let disk = MemoryDisk()
        let map = try TableSample.build(entries, on: disk, options).map
        let file = try disk.open(Self.fileName, .existing)
        #expect((64..<128).contains(map.blockCount))
        for entry in entries {
            var reads = 0
            #expect(try TableSample.find(entry.key, file, map, reads: &reads) == entry)
            #expect(reads <= 7)
        }
    }

    @Test("a filter of ten bits a key errs for at most 1.2 in a hundred absent keys")
    func falsePositives() {
        var random = SeededRandom(seed: 5)
        let hash = { (key: UInt64, partition: UInt16) in
            TableFilter.hash(key, space: .objects, partition: partition, owner: 0)
        }
        for (bits, limit) in [(5, 0.12), (10, 0.012), (16, 0.002)] {
            let present = (0..<50_000).map { _ in hash(random.next(), 3) }
            let filter = TableFilter(present, bitsPerKey: bits)
            #expect(present.allSatisfy(filter.mayHold))
            let wrong = (0..<200_000).count { _ in filter.mayHold(hash(random.next(), 3)) }
            #expect(Double(wrong) / 200_000 <= limit, "\(bits) bits: \(wrong) of 200000")
            #expect(filter.memoryBytes <= 50_000 * bits / 8 + 72)
        }
        // The same key in another partition, space or for another home is another key.
        let filter = TableFilter((0..<5000).map { hash($0, 3) }, bitsPerKey: 10)
        #expect((0..<5000).count { filter.mayHold(hash($0, 4)) } < 100)
        let hints = (0..<5000 as Range<UInt64>).count {
            filter.mayHold(TableFilter.hash($0, space: .hints, partition: 3, owner: $0 % 5))
        }
        #expect(hints < 100)
    }

    @Test("the disk's failures come out of building and reading as they are")
    func diskFailures() throws {
        let disk = MemoryDisk()
        let entries = [TableEntry(.named("a"), [1])]
        disk.writesUntilFailure = 0
        #expect(throws: DiskError.self) { try TableSample.build(entries, on: disk) }
        disk.syncsUntilFailure = 0
        #expect(throws: DiskError.self) { try TableSample.build(entries, on: disk) }
        disk.syncsUntilFailure = nil
        let built = try TableSample.build(entries, on: disk)
        let file = try disk.open(Self.fileName, .existing)
        var random = SeededRandom(seed: 1)
        disk.crash(.nothing, random: &random)
        let error = #expect(throws: TableError.self) {
            try TableReader.readBlock(file, built.map, 0)
        }
        guard case .disk(let cause) = error else { return #expect(Bool(false), "\(error as Any)") }
        #expect(cause.cause == .stale)
    }

    /// A put in partition 258, a delete of a hint in partition 3; one raw block, one filter line.
    private static let golden =
        // Header: magic, version, number 1, checksum.
        "4d4152544c455454" + "01000000" + "00000000" + "0100000000000000" + "00000000" + "c950ad53"
        // Records: checksum, stored 40, raw 40, raw, records; kind, space, partition, key, and
        // value or home of each; one offset, one offset, two records.
        + "d7ff9984" + "28000000" + "28000000" + "00010000"
        + "01" + "01" + "0201" + "036b6579" + "0576616c7565"
        + "02" + "02" + "0300" + "016b" + "0201000000000000"
        + "00000000" + "01000000" + "02000000"
        // Index: checksum, stored 10, raw 10, raw, index; rank and length 56 of the one block.
        + "062e4ece" + "0a000000" + "0a000000" + "00020000" + "bf9b8e91c8e7808002" + "38"
        // Filter: checksum, stored 72, raw 72, raw, filter; six probes, one line.
        + "dfe136f1" + "48000000" + "48000000" + "00030000" + "06000000" + "01000000"
        + "0000000040000000002000040000000000000000040010020000000000002000"
        + "0080000100204000000000000000000008000000000000000000000000000000"
        // Footer: magic, version, one block, number 1, index at 88 of 26 bytes, filter of 88.
        + "4d4152544c455446" + "01000000" + "01000000" + "0100000000000000"
        + "5800000000000000" + "1a000000" + "58000000"
        // One put, one delete, 28 bytes of records, lowest and highest rank, position 77, checksum.
        + "0100000000000000" + "0100000000000000" + "1c00000000000000"
        + "adf40f09ab020101" + "bf8d23823c030002" + "4d00000000000000" + "be952b62"

    @Test("a table is written as exactly these bytes, and they open")
    func golden() throws {
        let entries = [
            TableEntry(.object(partition: 258, key: Bytes(text: "key")), Bytes(text: "value")),
            TableEntry(
                .hint(partition: 3, key: Bytes(text: "k"), home: NodeID(rawValue: 0x0102)), nil),
        ]
        let disk = MemoryDisk()
        _ = try TableSample.build(entries, on: disk)
        let written = hex(try #require(disk.contents(of: Self.fileName)))
        #expect(written == Self.golden)

        let copy = MemoryDisk()
        copy.setContents(of: Self.fileName, to: try #require(bytes(hex: Self.golden)))
        let file = try copy.open(Self.fileName, .existing)
        let summary = try TableReader.readSummary(file)
        let map = try TableReader.openMap(file, expecting: summary)
        #expect(try TableSample.read(file, map) == entries)
    }
}
