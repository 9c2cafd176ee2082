// What the tests of tables, blocks and merges share: random sorted entries, tables made of them.
import MartletBase

@testable import MartletStorage

/// One record as a value: a put, or a delete where there is no value.
struct TableEntry: Hashable {
    var key: StorageKey
    var value: Bytes?

    /// The entry's record.
    var encoded: Bytes {
        var writer = ByteWriter()
        WriteBatch.encode(value.map { .put(key, $0) } ?? .delete(key), into: &writer)
        return writer.bytes
    }

    init(_ key: StorageKey, _ value: Bytes?) {
        self.key = key
        self.value = value
    }

    /// What `record` says.
    init(_ record: Record, in bytes: RawSpan) {
        key = record.storageKey(in: bytes)
        value = record.kind == .put ? bytes.copy(record.value) : nil
    }
}

enum TableSample {
    /// A key of any space among few partitions; the fewer `names`, the more often the same.
    static func key(_ random: inout SeededRandom, names: Int) -> StorageKey {
        let name = Bytes(text: "key \(random.below(names))")
        let partition = UInt16(random.below(3)) * 500
        switch random.below(8) {
        case 0: return .state(name.text)
        case 1, 2:
            return .hint(
                partition: partition, key: name,
                home: NodeID(rawValue: UInt64(1 + random.below(3))))
        default: return .object(partition: partition, key: name)
        }
    }

    /// A value, half of it noise: mostly short, sometimes none, rarely `longest` bytes.
    static func value(_ random: inout SeededRandom, longest: Int) -> Bytes? {
        let length: Int
        switch random.below(20) {
        case 0...2: return nil
        case 3: length = 0
        case 4: length = random.below(longest + 1)
        default: length = random.below(120)
        }
        return (0..<length).map { $0 < length / 2 ? 7 : UInt8(truncatingIfNeeded: random.next()) }
    }

    /// At most `count` entries, ascending, no key twice.
    static func entries(
        _ random: inout SeededRandom, _ count: Int, names: Int = 100_000, longest: Int = 3000
    ) -> [TableEntry] {
        var entries: [StorageKey: Bytes?] = [:]
        for _ in 0..<count {
            let key = key(&random, names: names)
            entries.updateValue(value(&random, longest: longest), forKey: key)
        }
        return entries.map { TableEntry($0.key, $0.value) }.sorted { $0.key < $1.key }
    }

    /// The raw block of `entries`.
    static func raw(_ entries: [TableEntry]) -> Bytes {
        var builder = BlockBuilder()
        for entry in entries {
            let bytes = entry.encoded
            builder.append(bytes.raw, 0..<bytes.count)
        }
        return builder.take()
    }

    /// The entries in blocks of 1 to `largest` of them.
    static func blocks(
        _ entries: [TableEntry], _ random: inout SeededRandom, largest: Int
    ) throws -> [Block] {
        var blocks: [Block] = []
        var rest = entries[...]
        while !rest.isEmpty {
            let count = min(rest.count, 1 + random.below(largest))
            blocks.append(try Block(raw(Array(rest.prefix(count)))))
            rest = rest.dropFirst(count)
        }
        return blocks
    }

    /// All that `block` holds.
    static func entries(of block: Block) throws -> [TableEntry] {
        let bytes = block.bytes
        var found: [TableEntry] = []
        var offset = 0
        while offset < block.recordsEnd {
            let record = try block.record(at: offset)
            found.append(TableEntry(record, in: bytes.raw))
            offset = record.end
        }
        return found
    }

    /// Writes table `number` of `entries`.
    static func build(
        _ entries: [TableEntry], number: UInt64 = 1, on disk: any Disk,
        _ options: TableOptions = TableOptions()
    ) throws -> BuiltTable {
        var builder = try TableBuilder(number: number, disk: disk, options: options)
        for entry in entries {
            let bytes = entry.encoded
            let record = try Record(in: bytes.raw, at: 0)
            try builder.append(record, in: bytes.raw)
        }
        return try builder.finish(newest: LogPosition(rawValue: 77))
    }

    /// All that a table holds, read with its map block by block.
    static func read(_ file: any DiskFile, _ map: TableMap) throws -> [TableEntry] {
        try (0..<map.blockCount).flatMap { index in
            try entries(of: TableReader.readBlock(file, map, index))
        }
    }

    /// The same, read ahead.
    static func scan(
        _ file: any DiskFile, _ map: TableMap, readAheadBytes: Int
    ) throws -> [TableEntry] {
        var scanner = TableScanner(file, map, readAheadBytes: readAheadBytes)
        var found: [TableEntry] = []
        while let block = try scanner.next() { found += try entries(of: block) }
        return found
    }

    /// What `key` has in the table, as a read looks for it; counts the blocks it reads.
    static func find(
        _ key: StorageKey, _ file: any DiskFile, _ map: TableMap, reads: inout Int
    ) throws -> TableEntry? {
        guard map.mayHold(key) else { return nil }
        var candidates = map.blocks(for: key.rank)
        while !candidates.isEmpty {
            let middle = (candidates.lowerBound + candidates.upperBound) / 2
            let block = try TableReader.readBlock(file, map, middle)
            reads += 1
            switch try block.search(key) {
            case .absent: return nil
            case .before: candidates = candidates.lowerBound..<middle
            case .after: candidates = middle + 1..<candidates.upperBound
            case .found(let record):
                let bytes = block.bytes
                return TableEntry(record, in: bytes.raw)
            }
        }
        return nil
    }

    static func find(_ key: StorageKey, _ file: any DiskFile, _ map: TableMap) throws -> TableEntry?
    {
        var reads = 0
        return try find(key, file, map, reads: &reads)
    }
}
