// A run of sorted records with a sparse index: what a table's block holds once decompressed, and
// what a memtable shows of a partition. Cursors and merges walk nothing else.

//   block = record*, u32 offset of every 8th record, u32 count of those, u32 count of records
//
// The records ascend, and no key comes twice.
internal import MartletBase

/// Sorted records, immutable.
final class Block: Sendable {
    /// The records and what finds them.
    let bytes: Bytes
    /// How many records there are.
    let count: Int
    /// Where the records end and the offsets begin.
    let recordsEnd: Int
    private let anchorCount: Int

    /// Every how many records an offset is kept.
    static let anchorInterval = 8
    static let trailerBytes = 8

    /// Takes a raw block; fails where its trailer does not fit. The records are checked as they
    /// are read.
    init(_ raw: Bytes) throws(FormatError) {
        let trailer = raw.count - Self.trailerBytes
        guard trailer >= 0 else { throw FormatError(.truncated, at: 0) }
        let span = raw.raw
        let anchors = Int(span.quarter(trailer))
        let records = Int(span.quarter(trailer + 4))
        guard anchors * 4 <= trailer, records > 0,
            anchors == (records + Self.anchorInterval - 1) / Self.anchorInterval,
            records * Record.smallestBytes <= trailer - anchors * 4
        else { throw FormatError(.invalid("block trailer"), at: trailer) }
        bytes = raw
        count = records
        anchorCount = anchors
        recordsEnd = trailer - anchors * 4
    }

    /// What memory the block takes, in bytes, about.
    var memoryBytes: Int { bytes.count + 64 }

    private func anchor(_ index: Int, in span: RawSpan) throws(FormatError) -> Int {
        let offset = Int(span.quarter(recordsEnd + 4 * index))
        guard offset < recordsEnd else {
            throw FormatError(.invalid("offset in block"), at: recordsEnd + 4 * index)
        }
        return offset
    }

    /// The record at `offset`.
    func record(at offset: Int) throws(FormatError) -> Record {
        let bytes = bytes
        return try Record(in: bytes.raw.extracting(0..<recordsEnd), at: offset)
    }

    /// What a block can say of a key.
    enum Search {
        /// The block holds it.
        case found(Record)
        /// It would be in this block, and is not.
        case absent
        /// It comes before the first record.
        case before
        /// It comes after the last record.
        case after
    }

    /// The record of `key`, or else in which direction to look on: with it a search over many
    /// blocks whose records share one rank halves them. O(log count) comparisons and hashes.
    func search(_ key: StorageKey) throws(FormatError) -> Search {
        let bytes = bytes
        let span = bytes.raw.extracting(0..<recordsEnd)
        let offset = try lowerBound(key)
        guard offset < recordsEnd else { return .after }
        let record = try Record(in: span, at: offset)
        if record.isAbout(key, in: span) { return .found(record) }
        return offset == 0 ? .before : .absent
    }

    /// The record of `key`, if it is here. `ranks`, where given, are those that the block may hold:
    /// hashes spread evenly, so that where the key's rank lies among them tells nearly where its
    /// record is. O(log count) comparisons and hashes whatever they are.
    func find(
        _ key: StorageKey, among ranks: ClosedRange<Rank>? = nil
    ) throws(FormatError) -> Record? {
        let bytes = bytes
        let span = bytes.raw.extracting(0..<recordsEnd)
        var offset = try start(before: key, guess: ranks.map { anchor(near: key.rank, among: $0) })
        for _ in 0..<Self.anchorInterval {
            guard offset < recordsEnd else { return nil }
            let record = try Record(in: span, at: offset)
            if record.isAbout(key, in: span) { return record }
            offset = record.end
        }
        return nil
    }

    /// The offset of the first record whose key is `key` or comes after it; `recordsEnd` when
    /// there is none.
    func lowerBound(_ key: StorageKey) throws(FormatError) -> Int {
        let bytes = bytes
        let span = bytes.raw.extracting(0..<recordsEnd)
        var offset = try start(before: key)
        while offset < recordsEnd {
            let record = try Record(in: span, at: offset)
            if record.order(in: span, against: key) >= 0 { return offset }
            offset = record.end
        }
        return recordsEnd
    }

    /// The last anchor that does not come after `key`; the first when all do. The search begins at
    /// `guess`, and leaves it by steps that double until the key is between two anchors: a good
    /// guess saves most of the cache misses of halving.
    private func start(before key: StorageKey, guess: Int? = nil) throws(FormatError) -> Int {
        let bytes = bytes
        let span = bytes.raw
        var low = 0
        var high = anchorCount - 1
        var middle = guess ?? (high + 1) / 2
        var step = guess == nil ? high : 1
        while low < high {
            middle = min(max(middle, low + 1), high)
            let record = try record(at: anchor(middle, in: span))
            if record.order(in: span, against: key) <= 0 {
                low = middle
                middle = step < high - low ? low + step : (low + high + 1) / 2
            } else {
                high = middle - 1
                middle = step < high - low ? high + 1 - step : (low + high + 1) / 2
            }
            step *= 2
        }
        return try anchor(low, in: span)
    }

    /// The anchor before which `rank` lies, if the records' ranks are spread evenly over `ranks`.
    private func anchor(near rank: Rank, among ranks: ClosedRange<Rank>) -> Int {
        guard rank > ranks.lowerBound, rank < ranks.upperBound else {
            return rank > ranks.lowerBound ? anchorCount - 1 : 0
        }
        let width = Double(ranks.upperBound.rawValue - ranks.lowerBound.rawValue)
        let share = Double(rank.rawValue - ranks.lowerBound.rawValue) / width
        return min(anchorCount - 1, Int(share * Double(anchorCount)))
    }

    /// Checks that the records ascend and that the offsets name them, and shows each record with
    /// the hash of its key to `visit`. O(n), for scrubs and tests.
    func verify(_ visit: (Record, UInt64) -> Void = { _, _ in }) throws(FormatError) {
        let bytes = bytes
        let whole = bytes.raw
        let span = whole.extracting(0..<recordsEnd)
        var offset = 0
        var found = 0
        var previous: (record: Record, hash: UInt64)?
        while offset < recordsEnd {
            let record = try Record(in: span, at: offset)
            let hash = record.hash(in: span)
            if let previous {
                let order = previous.record.order(
                    in: span, hash: previous.hash, against: record, in: span, hash: hash)
                guard order < 0 else {
                    throw FormatError(.invalid("order of records"), at: offset)
                }
            }
            guard record.kind.isOfEntry else {
                throw FormatError(.invalid("kind of record"), at: offset)
            }
            if found.isMultiple(of: Self.anchorInterval) {
                guard found < count, try anchor(found / Self.anchorInterval, in: whole) == offset
                else { throw FormatError(.invalid("offset in block"), at: offset) }
            }
            visit(record, hash)
            previous = (record, hash)
            found += 1
            offset = record.end
        }
        guard found == count else { throw FormatError(.invalid("count of records"), at: 0) }
    }
}

extension Record {
    /// Below 0 when this record's key comes before that of `other`, above 0 when it comes after
    /// it, where the hashes of both are known.
    func order(
        in bytes: RawSpan, hash: UInt64,
        against other: Record, in otherBytes: RawSpan, hash otherHash: UInt64
    ) -> Int {
        let rank = Rank(space: space, partition: partition, hash: hash)
        let otherRank = Rank(space: other.space, partition: other.partition, hash: otherHash)
        if rank != otherRank { return rank < otherRank ? -1 : 1 }
        if hash != otherHash { return hash < otherHash ? -1 : 1 }
        let keys = bytes.extracting(key).order(against: otherBytes.extracting(other.key))
        if keys != 0 { return keys }
        return owner == other.owner ? 0 : owner < other.owner ? -1 : 1
    }
}

/// Gathers ascending records into a raw block.
struct BlockBuilder {
    private var writer = ByteWriter()
    private var anchors: [UInt32] = []
    /// How many records there are so far.
    private(set) var count = 0

    /// What the block takes once raw, in bytes.
    var byteCount: Int { writer.count + 4 * anchors.count + Block.trailerBytes }

    /// What the block would take with one more record of `recordBytes`.
    func byteCount(with recordBytes: Int) -> Int {
        byteCount + recordBytes + (count.isMultiple(of: Block.anchorInterval) ? 4 : 0)
    }

    /// Appends the record that `bytes[range]` holds; its key comes after all before it.
    mutating func append(_ bytes: RawSpan, _ range: Range<Int>) {
        if count.isMultiple(of: Block.anchorInterval) { anchors.append(UInt32(writer.count)) }
        count += 1
        writer.writeRaw(bytes, range)
    }

    /// The raw block; the builder is empty afterwards.
    mutating func take() -> Bytes {
        close()
        let raw = writer.take()
        clear()
        return raw
    }

    /// Lends the raw block to `use`; the builder is empty afterwards and keeps its memory.
    mutating func take(_ use: (RawSpan) -> Void) {
        close()
        use(writer.bytes.raw)
        clear()
    }

    private mutating func close() {
        for anchor in anchors { writer.write(anchor) }
        writer.write(UInt32(anchors.count))
        writer.write(UInt32(count))
    }

    private mutating func clear() {
        anchors.removeAll(keepingCapacity: true)
        writer.removeAll()
        count = 0
    }
}
