// One change of one entry as bytes: the log's batches, the memtable and the blocks of tables all
// hold the very same record, so that it is encoded once in its life and copied from then on.

//   record = u8 kind (1 put, 2 delete, 3 drop), u8 space, u16 partition,
//            varint length + key, [u64 owner when space is hints],
//            [varint length + value when kind is put]
//
// A drop stands for the deletion of all that its partition's space held; its key is empty. Drops
// are in the log alone.
internal import MartletBase

/// A record laid over the bytes that hold it: where its parts are, without a copy.
struct Record {
    /// What the record does.
    enum Kind: UInt8 {
        /// The entry becomes the value.
        case put = 1
        /// The entry is gone.
        case delete = 2
        /// All entries of the space in the partition are gone.
        case drop = 3

        /// Whether it says what an entry is: such records alone are in memtables and tables.
        var isOfEntry: Bool { self != .drop }
    }

    var kind: Kind
    var space: StorageKey.Space
    var partition: UInt16
    /// Where the key's bytes lie.
    var key: Range<Int>
    /// The home that a hint is for; 0 in the other spaces.
    var owner: UInt64
    /// Where the value's bytes lie; empty for a delete.
    var value: Range<Int>
    /// The offset of the record.
    var start: Int
    /// The offset behind the record.
    var end: Int

    /// Where the whole record lies.
    var range: Range<Int> { start..<end }

    /// The fewest bytes that a record takes.
    static let smallestBytes = 5
    /// The most that everything but key and value takes.
    static let overheadLimitBytes = 4 + 8 + 2 * 10

    /// Reads the record at `offset`; every byte is checked, none is believed. O(1).
    init(in bytes: RawSpan, at offset: Int) throws(FormatError) {
        guard offset + 4 <= bytes.byteCount else { throw FormatError(.truncated, at: offset) }
        guard let kind = Kind(rawValue: bytes.byte(offset)) else {
            throw FormatError(.invalid("kind of record"), at: offset)
        }
        guard let space = StorageKey.Space(rawValue: bytes.byte(offset + 1)) else {
            throw FormatError(.invalid("space"), at: offset + 1)
        }
        start = offset
        self.kind = kind
        self.space = space
        partition = UInt16(bytes.byte(offset + 2)) | UInt16(bytes.byte(offset + 3)) << 8
        var at = offset + 4
        key = try Self.run(in: bytes, &at)
        owner = 0
        if space == .hints {
            guard at + 8 <= bytes.byteCount else { throw FormatError(.truncated, at: at) }
            owner = bytes.word(at)
            at += 8
        }
        value = kind == .put ? try Self.run(in: bytes, &at) : at..<at
        end = at
    }

    /// A length and as many bytes; moves `at` behind them.
    private static func run(in bytes: RawSpan, _ at: inout Int) throws(FormatError) -> Range<Int> {
        let start = at
        var length = 0
        var shift = 0
        while true {
            guard at < bytes.byteCount else { throw FormatError(.truncated, at: start) }
            let byte = bytes.byte(at)
            at += 1
            length |= Int(byte & 0x7F) << shift
            if byte < 0x80 { break }
            shift += 7
            guard shift < 35 else { throw FormatError(.invalid("length"), at: start) }
        }
        guard length <= bytes.byteCount - at else { throw FormatError(.truncated, at: start) }
        defer { at += length }
        return at..<at + length
    }

    /// The hash of the key, as `StorageKey` has it. O(key).
    func hash(in bytes: RawSpan) -> UInt64 {
        StableHash.hash(bytes.extracting(key))
    }

    /// The whole key, copied out.
    func storageKey(in bytes: RawSpan) -> StorageKey {
        StorageKey(
            space: space, partition: partition, key: bytes.copy(key), owner: owner)
    }

    /// Below 0 when the record's key comes before `other`, above 0 when it comes after it.
    func order(in bytes: RawSpan, against other: StorageKey) -> Int {
        if space != other.space { return space < other.space ? -1 : 1 }
        if partition != other.partition { return partition < other.partition ? -1 : 1 }
        let hash = hash(in: bytes)
        if hash != other.hash { return hash < other.hash ? -1 : 1 }
        let keys = bytes.extracting(key).order(against: other.key.raw)
        if keys != 0 { return keys }
        return owner == other.owner ? 0 : owner < other.owner ? -1 : 1
    }

    /// Whether the record is about `other`. Quicker than `order`: no hash.
    func isAbout(_ other: StorageKey, in bytes: RawSpan) -> Bool {
        key.count == other.key.count && partition == other.partition && space == other.space
            && owner == other.owner
            && bytes.extracting(key).order(against: other.key.raw) == 0
    }
}
