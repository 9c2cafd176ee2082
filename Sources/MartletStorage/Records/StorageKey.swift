// The name of an entry in a node's storage, and the order of entries in every file and scan.
public import MartletBase

/// Sorts by (space, partition, hash, key, owner): a partition is one contiguous range, and within
/// it random hashes decide, so that comparing keys seldom reaches their bytes.
public struct StorageKey: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// What an entry is for.
    public enum Space: UInt8, Hashable, Comparable, Sendable, CaseIterable {
        /// The node's own state: identity, incarnation, topology, marks. Partition 0 alone.
        case state = 0
        /// Objects that this node is a home replica or a fallback for.
        case objects = 1
        /// Hints that this node keeps for homes.
        case hints = 2
        /// Which objects hold no value for good: those that may be removed in time.
        case removable = 3
        /// The Merkle tree of each partition's objects, kept by the engine alone. One entry with an
        /// empty key in each partition. The last, so that the end of a table tells of them.
        case trees = 4

        /// In the order of the raw values.
        public static func < (left: Space, right: Space) -> Bool {
            left.rawValue < right.rawValue
        }
    }

    /// What the entry is for.
    public let space: Space
    /// The partition that the key belongs to.
    public let partition: UInt16
    /// `StableHash` of the key.
    public let hash: UInt64
    /// The key as the client gave it, or the name of a state entry.
    public let key: Bytes
    /// The bits of the home that a hint is for; 0 in the other spaces.
    public let owner: UInt64

    init(space: Space, partition: UInt16, key: Bytes, owner: UInt64) {
        self.space = space
        self.partition = partition
        self.hash = StableHash.hash(key)
        self.key = key
        self.owner = owner
    }

    /// What is stored in another space under the same key.
    private init(_ other: StorageKey, in space: Space, owner: UInt64 = 0) {
        self.space = space
        partition = other.partition
        hash = other.hash
        key = other.key
        self.owner = owner
    }

    /// The object under `key`.
    public static func object(partition: UInt16, key: Bytes) -> StorageKey {
        StorageKey(space: .objects, partition: partition, key: key, owner: 0)
    }

    /// The object under the same key. O(1).
    public var object: StorageKey { StorageKey(self, in: .objects) }

    /// The note that the object under the same key may be removed in time. O(1).
    public var removable: StorageKey { StorageKey(self, in: .removable) }

    /// The hint that this node keeps for `home` under the same key. O(1).
    public func hint(for home: NodeID) -> StorageKey {
        StorageKey(self, in: .hints, owner: home.rawValue)
    }

    /// The hint that this node keeps for `home` under `key`.
    public static func hint(partition: UInt16, key: Bytes, home: NodeID) -> StorageKey {
        StorageKey(space: .hints, partition: partition, key: key, owner: home.rawValue)
    }

    /// The node's own state called `name`.
    public static func state(_ name: String) -> StorageKey {
        StorageKey(space: .state, partition: 0, key: Bytes(text: name), owner: 0)
    }

    /// The Merkle tree of `partition`.
    static func tree(of partition: UInt16) -> StorageKey {
        StorageKey(space: .trees, partition: partition, key: [], owner: 0)
    }

    /// The home that a hint is for; nil in the other spaces.
    public var home: NodeID? {
        space == .hints ? NodeID(rawValue: owner) : nil
    }

    /// By space, partition, hash, key bytes, owner.
    public static func < (left: StorageKey, right: StorageKey) -> Bool {
        if left.space != right.space { return left.space < right.space }
        if left.partition != right.partition { return left.partition < right.partition }
        if left.hash != right.hash { return left.hash < right.hash }
        if left.key != right.key { return left.key.lexicographicallyPrecedes(right.key) }
        return left.owner < right.owner
    }

    /// Feeds the stored hash instead of the bytes.
    public func hash(into hasher: inout Hasher) {
        hasher.combine(hash ^ owner)
    }

    /// `space/partition/key`, for people.
    public var description: String {
        let suffix = home.map { " for \($0)" } ?? ""
        return "\(space)/\(partition)/\(key.text)\(suffix)"
    }
}
