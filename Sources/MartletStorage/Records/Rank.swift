// Where a key stands among all keys, cut down to one machine word: what indexes, levels and merges
// compare first and nearly always last.
internal import MartletBase

/// The order-preserving front of a `StorageKey`: space, partition, and the first 40 bits of the
/// hash. Of two keys the one with the lower rank comes first; with equal ranks the keys decide.
public struct Rank: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// `space` in the top 8 bits, `partition` in the next 16, `hash >> 24` in the rest.
    public let rawValue: UInt64

    init(rawValue: UInt64) {
        self.rawValue = rawValue
    }

    init(space: StorageKey.Space, partition: UInt16, hash: UInt64) {
        rawValue = UInt64(space.rawValue) << 56 | UInt64(partition) << 40 | hash >> 24
    }

    /// The ranks that the keys of `partition` in `space` can have.
    static func all(of space: StorageKey.Space, _ partition: UInt16) -> ClosedRange<Rank> {
        Rank(
            space: space, partition: partition, hash: 0)...Rank(
                space: space, partition: partition, hash: .max)
    }

    /// Below every key.
    static let lowest = Rank(rawValue: 0)
    /// Above every key.
    static let highest = Rank(rawValue: .max)

    /// By value.
    public static func < (left: Rank, right: Rank) -> Bool { left.rawValue < right.rawValue }

    /// `space/partition/hash`, in numbers, for people.
    public var description: String {
        let hash = String(rawValue & 0xFF_FFFF_FFFF, radix: 16)
        return "\(rawValue >> 56)/\(rawValue >> 40 & 0xFFFF)/\(hash)"
    }
}

extension StorageKey {
    /// Where the key stands among all keys.
    public var rank: Rank { Rank(space: space, partition: partition, hash: hash) }
}
