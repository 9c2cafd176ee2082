// What one change of an object is to its partition's tree: computed when the change is written,
// logged behind it, so that replay needs to know nothing of what was there before.

//   fold = u64 delta, u8 growth (0 less, 1 same, 2 more)
internal import MartletBase

/// What an entry is to a tree: a pure function of the hash of its key and of its value.
///
/// Replicas whose objects are the same must have the same digest, and others must not, but for one
/// chance in 2⁶⁴. What replicas may see differently, such as the bytes of one and the same object,
/// is left out of it by whoever knows the objects.
public struct EntryDigest: Hashable, Sendable {
    /// The digest of the entry with this hash of the key and this value. O(value), no allocation.
    public typealias Function = @Sendable (_ keyHash: UInt64, _ value: RawSpan) -> UInt64

    /// What it is called: two of one name are the same.
    public let name: String
    private let function: Function

    /// The digest called `name`.
    public init(_ name: String, _ function: @escaping Function) {
        self.name = name
        self.function = function
    }

    /// A hash of the value's bytes, under the hash of the key: `StableHash` of their end, under
    /// what four lanes, which a processor runs side by side, have made of all before it.
    public static let bytes = EntryDigest("bytes") { keyHash, value in
        var lanes = (keyHash, ~keyHash, keyHash.byteSwapped, ~keyHash.byteSwapped)
        var offset = 0
        while offset + laneBytes <= value.byteCount {
            lanes.0 = fold(lanes.0, value.word(offset))
            lanes.1 = fold(lanes.1, value.word(offset + 8))
            lanes.2 = fold(lanes.2, value.word(offset + 16))
            lanes.3 = fold(lanes.3, value.word(offset + 24))
            offset += laneBytes
        }
        let front = StableHash.mix(
            fold(lanes.0, lanes.1) &+ StableHash.mix(fold(lanes.2, lanes.3) &+ UInt64(offset)))
        return StableHash.hash(value.extracting(offset..<value.byteCount), seed: front)
    }

    /// What the lanes take in at a time.
    private static let laneBytes = 32

    /// A lane after one more word, by a wide multiply that loses nothing of either.
    @inline(__always)
    private static func fold(_ lane: UInt64, _ word: UInt64) -> UInt64 {
        let product = (lane ^ word ^ 0xA076_1D64_78BD_642F)
            .multipliedFullWidth(by: 0xE703_7ED1_A0B4_28DB)
        return product.high ^ product.low ^ (lane ^ word).byteSwapped
    }

    /// The digest of an entry. O(value).
    public func callAsFunction(_ keyHash: UInt64, _ value: RawSpan) -> UInt64 {
        function(keyHash, value)
    }

    /// By name.
    public static func == (left: EntryDigest, right: EntryDigest) -> Bool {
        left.name == right.name
    }

    /// Feeds the name.
    public func hash(into hasher: inout Hasher) { hasher.combine(name) }
}

/// A change of a tree: of one leaf, and of the count.
struct Fold: Hashable {
    /// The XOR of the digests before and after; 0 stands for the digest of nothing.
    var delta: UInt64
    /// By how many the entries become more: -1, 0 or 1.
    var growth: Int

    /// What its numbers take in bytes.
    static let bytes = 9
    /// What its record takes in bytes.
    static let recordBytes = 5 + bytes

    init(delta: UInt64, growth: Int) {
        self.delta = delta
        self.growth = growth
    }

    /// The change of `key` from `old` to `new`, where nil is nothing. O(values).
    init(of key: StorageKey, from old: Bytes?, to new: Bytes?, _ digest: EntryDigest) {
        delta = 0
        growth = (new == nil ? 0 : 1) - (old == nil ? 0 : 1)
        if let old { delta ^= digest(key.hash, old.raw) }
        if let new { delta ^= digest(key.hash, new.raw) }
    }

    /// The numbers of a record that was read as a fold.
    init(_ record: Record, in bytes: RawSpan) {
        delta = bytes.word(record.value.lowerBound)
        growth = Int(bytes.byte(record.value.lowerBound + 8)) - 1
    }

    /// Appends the record that says this of `partition`.
    func encode(_ partition: UInt16, into writer: inout ByteWriter) {
        // Kind, space and partition in one word: one is written for each write of an object.
        writer.write(
            UInt32(Record.Kind.fold.rawValue) | UInt32(StorageKey.Space.objects.rawValue) << 8
                | UInt32(partition) << 16)
        writer.write(UInt8(0))
        writer.write(delta)
        writer.write(UInt8(growth + 1))
    }

    /// Where the numbers at `offset` lie; fails where there are none such.
    static func range(in bytes: RawSpan, at offset: Int) throws(FormatError) -> Range<Int> {
        guard offset + Self.bytes <= bytes.byteCount else {
            throw FormatError(.truncated, at: offset)
        }
        guard bytes.byte(offset + 8) <= 2 else { throw FormatError(.invalid("fold"), at: offset) }
        return offset..<offset + Self.bytes
    }
}
