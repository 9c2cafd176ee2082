// What an open table keeps in memory: where its blocks lie, which ranks they hold, and its filter.
// It reads nothing; `TableReader` makes it, and `TableBuilder` for the table that it just wrote.
internal import MartletBase

/// The index and filter of one table, immutable.
final class TableMap: Sendable {
    /// The table's number.
    let number: UInt64
    /// The name of its file, which every read of a block asks for.
    let fileName: String
    private let lastRanks: [Rank]
    /// Where each block's section begins, and behind them where the last one ends.
    private let offsets: [Int]
    private let filter: TableFilter?

    init(number: UInt64, lastRanks: [Rank], offsets: [Int], filter: TableFilter?) {
        invariant(
            !lastRanks.isEmpty && offsets.count == lastRanks.count + 1,
            "\(lastRanks.count) blocks with \(offsets.count) offsets")
        self.number = number
        fileName = TableFormat.fileName(number)
        self.lastRanks = lastRanks
        self.offsets = offsets
        self.filter = filter
    }

    /// How many blocks of records the table has, at least one.
    var blockCount: Int { lastRanks.count }

    /// What memory the map takes, in bytes, about.
    var memoryBytes: Int { 16 * (lastRanks.count + 1) + (filter?.memoryBytes ?? 0) + 256 }

    /// Where the section of block `index` begins in the file.
    func offset(of index: Int) -> Int { offsets[index] }

    /// What the section of block `index` takes in the file, in bytes.
    func length(of index: Int) -> Int { offsets[index + 1] - offsets[index] }

    /// The rank of the last record of block `index`.
    func lastRank(of index: Int) -> Rank { lastRanks[index] }

    /// The ranks that block `index` may hold records of, in a table that begins at `lowest`.
    func ranks(of index: Int, from lowest: Rank) -> ClosedRange<Rank> {
        (index == 0 ? lowest : lastRanks[index - 1])...lastRanks[index]
    }

    /// Whether the table may hold `key`: never false for one that it holds. O(1).
    func mayHold(_ key: StorageKey) -> Bool {
        guard let filter else { return true }
        return filter.mayHold(
            TableFilter.hash(
                key.hash, space: key.space, partition: key.partition, owner: key.owner))
    }

    /// The same of a record and the hash of its key.
    func mayHold(_ record: Record, hash: UInt64) -> Bool {
        guard let filter else { return true }
        return filter.mayHold(
            TableFilter.hash(
                hash, space: record.space, partition: record.partition, owner: record.owner))
    }

    /// The first block that may hold records of `rank` or above; nil when all are below.
    /// O(log blocks).
    func firstBlock(for rank: Rank) -> Int? {
        let index = lastRanks.partitionIndex { $0 < rank }
        return index < blockCount ? index : nil
    }

    /// The blocks that may hold records of `rank`: none, one, or as many as the rank goes on
    /// through, which `Block.search` halves. O(log blocks).
    func blocks(for rank: Rank) -> Range<Int> {
        let first = lastRanks.partitionIndex { $0 < rank }
        guard first < blockCount, lastRanks[first] == rank else {
            return first..<min(first + 1, blockCount)
        }
        let last = lastRanks.partitionIndex { $0 <= rank }
        return first..<min(last + 1, blockCount)
    }

    /// What lies, by offset, behind the block that holds byte `offset` of the file; nil at the end.
    func blockStart(after offset: Int) -> Int? {
        let index = offsets.partitionIndex { $0 <= offset }
        return index < offsets.count ? offsets[index] : nil
    }
}

extension TableMap {
    /// The payload of the index section.
    static func encodeIndex(lastRanks: [Rank], offsets: [Int]) -> Bytes {
        var writer = ByteWriter(capacity: 8 * lastRanks.count)
        var previous: UInt64 = 0
        for (index, rank) in lastRanks.enumerated() {
            writer.writeVarint(rank.rawValue - previous)
            writer.writeCount(offsets[index + 1] - offsets[index])
            previous = rank.rawValue
        }
        return writer.bytes
    }

    /// The map that the payload of an index section describes, as `footer` sums it up.
    convenience init(
        decoding index: Bytes, footer: TableFooter, filter: TableFilter?
    ) throws(FormatError) {
        let summary = footer.summary
        var reader = ByteReader(index)
        guard summary.blockCount <= reader.remaining / 2 else {
            throw reader.error(.invalid("count of blocks"))
        }
        var ranks: [Rank] = []
        var offsets = [TableFormat.headerBytes]
        ranks.reserveCapacity(summary.blockCount)
        offsets.reserveCapacity(summary.blockCount + 1)
        var offset = TableFormat.headerBytes
        var rank: UInt64 = 0
        for _ in 0..<summary.blockCount {
            let (next, overflow) = rank.addingReportingOverflow(try reader.readVarint())
            let length = try reader.readVarint()
            guard !overflow, length > UInt64(TableFormat.sectionHeaderBytes),
                length <= UInt64(footer.indexOffset - offset)
            else { throw reader.error(.invalid("index")) }
            rank = next
            offset += Int(length)
            ranks.append(Rank(rawValue: rank))
            offsets.append(offset)
        }
        try reader.expectEnd()
        guard offset == footer.indexOffset, ranks.last == summary.highest,
            let first = ranks.first, summary.lowest <= first
        else { throw reader.error(.invalid("index")) }
        self.init(number: summary.number, lastRanks: ranks, offsets: offsets, filter: filter)
    }
}
