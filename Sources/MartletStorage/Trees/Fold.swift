// What one change of an object is to its partition's tree, by the digests of what was there and of
// what there is now.
internal import MartletBase

/// What an entry is to a tree: a pure function of the hash of its key and of its value.
///
/// Replicas whose objects are the same must have the same digest, and others must not, but for one
/// chance in 2⁶². The two lowest bits say of what kind the entry is, so that trees count kinds (see
/// `EntryKind`). What replicas may see differently, such as the bytes of one and the same object,
/// is left out of it by whoever knows the objects.
public struct EntryDigest: Hashable, Sendable {
    /// The digest of the entry with this hash of the key and this value. O(value), no allocation.
    public typealias Function = @Sendable (_ keyHash: UInt64, _ value: RawSpan) -> UInt64

    /// What it is called: two of one name are the same.
    public let name: StaticString
    let function: Function

    /// The digest called `name`.
    public init(_ name: StaticString, _ function: @escaping Function) {
        self.name = name
        self.function = function
    }

    /// A hash of the value's bytes, under the hash of the key, of entries that all hold something
    /// for good: `StableHash` of their end, under
    /// what four lanes, which a processor runs side by side, have made of all before it.
    public static let bytes = EntryDigest("bytes") { keyHash, value in
        var lanes = (keyHash, ~keyHash, keyHash.byteSwapped, ~keyHash.byteSwapped)
        var offset = 0
        while offset + laneBytes <= value.byteCount {
            lanes.0 = StableHash.fold(lanes.0 ^ value.word(offset))
            lanes.1 = StableHash.fold(lanes.1 ^ value.word(offset + 8))
            lanes.2 = StableHash.fold(lanes.2 ^ value.word(offset + 16))
            lanes.3 = StableHash.fold(lanes.3 ^ value.word(offset + 24))
            offset += laneBytes
        }
        let front = StableHash.mix(
            StableHash.fold(lanes.0 ^ lanes.1)
                &+ StableHash.mix(StableHash.fold(lanes.2 ^ lanes.3) &+ UInt64(offset)))
        let hash = StableHash.hash(value.extracting(offset..<value.byteCount), seed: front)
        return EntryKind.lasting.marking(hash)
    }

    /// What the lanes take in at a time.
    private static let laneBytes = 32

    /// The digest of an entry. O(value).
    public func callAsFunction(_ keyHash: UInt64, _ value: RawSpan) -> UInt64 {
        function(keyHash, value)
    }

    /// By name.
    public static func == (left: EntryDigest, right: EntryDigest) -> Bool {
        left.name.description == right.name.description
    }

    /// Feeds the name.
    public func hash(into hasher: inout Hasher) { hasher.combine(name.description) }
}

/// What an entry holds, as the lowest bits of its digest say: 1 it holds something, 2 that ends by
/// itself.
public enum EntryKind: UInt64, Hashable, Sendable, CaseIterable {
    /// Nothing.
    case empty = 0
    /// Something, for good.
    case lasting = 1
    /// Something, until a time that has been set.
    case mortal = 3

    /// The digest that `hash` makes of an entry of this kind.
    @inlinable
    public func marking(_ hash: UInt64) -> UInt64 { hash & ~3 | rawValue }
}

/// A change of a tree: of one leaf, and of the counts, each of which grows by -1, 0 or 1.
struct Fold: Hashable {
    /// The XOR of the digests before and after; 0 stands for the digest of nothing.
    var delta: UInt64 = 0
    /// By how many the entries become more.
    var growth: Int8 = 0
    /// By how many those that hold something do.
    var heldGrowth: Int8 = 0
    /// By how many those of them do that end by themselves.
    var mortalGrowth: Int8 = 0

    /// An entry of this digest has come.
    init(inserting digest: UInt64) {
        take(digest, by: 1)
    }

    /// A change of these parts.
    init(delta: UInt64, growth: Int8) {
        self.delta = delta
        self.growth = growth
    }

    /// What `record` changes of an object that was `replaced`, by the hash of its key. O(value).
    init(
        _ record: Record, replacing replaced: Replaced, in bytes: RawSpan, at hash: UInt64,
        _ digest: EntryDigest.Function
    ) {
        if case .digest(let old) = replaced { take(old, by: -1) }
        if record.kind == .put { take(digest(hash, bytes.extracting(record.value)), by: 1) }
    }

    @inline(__always)
    private mutating func take(_ digest: UInt64, by sign: Int8) {
        delta ^= digest
        growth &+= sign
        heldGrowth &+= sign &* Int8(truncatingIfNeeded: digest & 1)
        mortalGrowth &+= sign &* Int8(truncatingIfNeeded: digest >> 1 & 1)
    }
}
