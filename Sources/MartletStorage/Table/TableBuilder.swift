// Writing a table: records go in ascending, one file comes out, front to back in large writes.
// It decides nothing about which records belong together; compactions and flushes do.
internal import MartletBase

/// How tables are written.
struct TableOptions: Hashable, Sendable {
    /// Bytes of records that a block gathers before compression, 512 … 1 MiB, default 16 KiB. A
    /// larger one compresses better, and makes each read that misses the cache dearer. A record
    /// that is longer has a block of its own.
    var blockBytes = 16 << 10
    /// Bits that the filter spends on a key, 0 (no filter) … 20, default 10: of the keys that are
    /// not there about one in a hundred costs a read all the same; 8 bits: one in 45, 16: 1,000.
    var filterBitsPerKey = 10
    /// Whether blocks are compressed with LZ4 where it saves an eighth. Default on: about 1 µs a
    /// KiB once, and a quarter of that at each read that misses the cache.
    var compress = true
}

/// A table that is whole and synced; its name is durable once the directory is.
struct BuiltTable {
    var summary: TableSummary
    var map: TableMap
}

/// The table being written. After an error it is of no more use; whoever made it removes the file.
struct TableBuilder: ~Copyable {
    private let number: UInt64
    private let options: TableOptions
    private let file: any DiskFile

    /// What is sealed and not yet written; its first byte lies at `written` of the file.
    private var buffer: Bytes
    private var written = 0
    private var block = BlockBuilder()
    private var blockLastRank = Rank.lowest

    private var lastRanks: [Rank] = []
    private var offsets: [Int] = [TableFormat.headerBytes]
    private var filterHashes: [UInt64] = []
    private var lowest = Rank.highest
    private var putCount = 0
    private var deleteCount = 0
    private var recordBytes = 0

    /// Bytes that one write gathers.
    static let writeBytes = 1 << 20

    /// Makes, or empties, the file of table `number`.
    init(number: UInt64, disk: any Disk, options: TableOptions) throws(DiskError) {
        self.number = number
        self.options = options
        file = try disk.open(TableFormat.fileName(number), .empty)
        buffer = TableHeader.encoded(number)
        buffer.reserveCapacity(Self.writeBytes + 2 * options.blockBytes)
    }

    /// How many records there are so far.
    var recordCount: Int { putCount + deleteCount }

    /// What the file would take if it ended here, in bytes, but for index and filter; the open
    /// block counts as if it did not compress.
    var fileBytes: Int { written + buffer.count + block.byteCount }

    /// Whether the table may end before a record of `rank`: equal ranks stay in one table.
    func canCut(before rank: Rank) -> Bool { recordCount > 0 && blockLastRank < rank }

    /// Appends a copy of `record`, a put or a delete that comes after all before it. `bytes` is
    /// what it is laid over, `hash` its key's.
    mutating func append(
        _ record: Record, in bytes: RawSpan, hash: UInt64
    ) throws(DiskError) {
        let rank = Rank(space: record.space, partition: record.partition, hash: hash)
        invariant(
            record.kind.isOfEntry && (recordCount == 0 || blockLastRank <= rank),
            "\(record.kind) of \(rank) after \(blockLastRank) in table \(number)")
        let length = record.end - record.start
        if block.count > 0, block.byteCount(with: length) > options.blockBytes {
            try cutBlock()
        }
        block.append(bytes, record.range)
        if recordCount == 0 { lowest = rank }
        blockLastRank = rank
        if record.kind == .put { putCount += 1 } else { deleteCount += 1 }
        recordBytes += length
        if options.filterBitsPerKey > 0 {
            filterHashes.append(
                TableFilter.hash(
                    hash, space: record.space, partition: record.partition, owner: record.owner))
        }
    }

    /// The same where the hash of the key is not at hand. O(key) more.
    mutating func append(_ record: Record, in bytes: RawSpan) throws(DiskError) {
        try append(record, in: bytes, hash: record.hash(in: bytes))
    }

    private mutating func cutBlock() throws(DiskError) {
        let (compress, number, base) = (options.compress, number, written)
        var length = 0
        block.take { raw in
            length = TableSection.seal(
                raw, .records, compress: compress, number: number, base: base, onto: &buffer)
        }
        lastRanks.append(blockLastRank)
        offsets.append(written + buffer.count)
        invariant(
            length == offsets[offsets.count - 1] - offsets[offsets.count - 2],
            "a section of \(length) bytes that ends at \(written + buffer.count)")
        if buffer.count >= Self.writeBytes { try write() }
    }

    private mutating func write() throws(DiskError) {
        try file.write(buffer, at: written)
        written += buffer.count
        buffer.removeAll(keepingCapacity: true)
    }

    /// Writes what is left, index, filter and footer, and syncs the file. There must be a record.
    /// `newest` is the last position of the log that went into the table.
    consuming func finish(newest: LogPosition) throws(DiskError) -> BuiltTable {
        invariant(recordCount > 0, "table \(number) would be empty")
        try cutBlock()
        let indexOffset = written + buffer.count
        let index = TableMap.encodeIndex(lastRanks: lastRanks, offsets: offsets)
        let indexLength = sealPlain(index, .index)
        var filter: TableFilter?
        var filterLength = 0
        if options.filterBitsPerKey > 0 {
            let made = TableFilter(filterHashes, bitsPerKey: options.filterBitsPerKey)
            filterLength = sealPlain(made.encoded, .filter)
            filter = made
        }
        let end = written + buffer.count
        let summary = TableSummary(
            number: number, fileBytes: end + TableFormat.footerBytes, blockCount: lastRanks.count,
            putCount: putCount, deleteCount: deleteCount, recordBytes: recordBytes,
            lowest: lowest, highest: blockLastRank, newest: newest)
        let footer = TableFooter(
            summary: summary, indexOffset: indexOffset, indexLength: indexLength,
            filterLength: filterLength)
        buffer.append(contentsOf: footer.encoded())
        try write()
        try file.sync()
        let map = TableMap(number: number, lastRanks: lastRanks, offsets: offsets, filter: filter)
        return BuiltTable(summary: summary, map: map)
    }

    private mutating func sealPlain(_ payload: Bytes, _ kind: TableSection.Kind) -> Int {
        TableSection.seal(
            payload.raw, kind, compress: false, number: number, base: written, onto: &buffer)
    }
}
