// A Merkle tree over the entries of one partition (Merkle 1987; over runs of key hashes as in
// Dynamo, DeCandia et al. 2007, §4.7). A value: it knows neither the engine nor the network.
//
// A leaf is the XOR of the digests of all entries whose key hashes begin with the leaf's number; an
// inner node, and the root, is the XOR of the leaves below it. XOR forgets the order of the writes
// and undoes itself: a write changes one leaf by what it changes, nothing is ever rebuilt, a tree
// folds into a coarser one exactly, and two trees of different depths are compared at the lesser.
// That is no defence against one who chooses values so that digests cancel out: replicas trust each
// other, and a digest is taken of what a client cannot choose freely.

//   tree = u8 depth, varint count, varint held, varint mortal, 2^depth × u64 leaf
public import MartletBase

/// Digests of the entries of a partition, folded by the fronts of their key hashes.
public struct MerkleTree: Hashable, Sendable {
    /// The leaves are 2^depth, in the order of the hashes below them.
    private var leaves: [UInt64]
    /// The XOR of all leaves.
    public private(set) var root: UInt64 = 0
    /// How many entries there are.
    public private(set) var count = 0
    /// How many of them hold something, and are not the trace of what was deleted.
    public private(set) var heldCount = 0
    /// How many of those end by themselves.
    public private(set) var mortalCount = 0

    /// The depth of a tree that was just begun: 16 leaves.
    static let depthAtFirst = 4
    /// The depth that no tree exceeds: 8 KiB of leaves, 8 MiB in all for 1,024 partitions.
    public static let depthLimit = 10
    /// Entries to a leaf that a tree is built for, at most, below the limit of the depth: what one
    /// difference costs to look at.
    static let entriesPerLeaf = 64
    /// How many times as many make a tree outgrown.
    static let growthLimit = 2

    /// The tree of no entries. `depth` is 0 to `depthLimit`.
    public init(depth: Int) {
        invariant((0...Self.depthLimit).contains(depth), "a tree of depth \(depth)")
        leaves = Array(repeating: 0, count: 1 << depth)
    }

    /// The tree of no entries, as a partition begins.
    init() {
        self.init(depth: Self.depthAtFirst)
    }

    /// The leaves are 2^depth.
    public var depth: Int { leaves.count.trailingZeroBitCount }

    /// What the leaves take in memory, in bytes.
    public var byteCount: Int { leaves.count * MemoryLayout<UInt64>.stride }

    // MARK: Nodes

    /// The leaf of `depth` that the hash lies in; the only node there is at depth 0. O(1).
    public static func leafIndex(of keyHash: UInt64, depth: Int) -> Int {
        Int(truncatingIfNeeded: keyHash >> UInt64(64 - depth))
    }

    /// The key hashes below node `index` of those at `depth`. O(1).
    public static func hashes(ofNode index: Int, depth: Int) -> ClosedRange<UInt64> {
        invariant(
            (0...depthLimit).contains(depth) && (0..<1 << depth).contains(index),
            "node \(index) at depth \(depth)")
        let first = UInt64(index) << UInt64(64 - depth)
        return first...first | UInt64.max >> UInt64(depth)
    }

    /// Node `index` of the 2^depth at `depth`, which is no more than the tree's: the XOR of the
    /// leaves below it. O(leaves below it).
    public func node(depth: Int, _ index: Int) -> UInt64 {
        invariant(
            (0...self.depth).contains(depth) && (0..<1 << depth).contains(index),
            "node \(index) at depth \(depth) of \(self.depth)")
        let width = leaves.count >> depth
        return leaves[index * width..<(index + 1) * width].reduce(0, ^)
    }

    /// All nodes at `depth`, which is no more than the tree's, in order. O(leaves).
    public func nodes(depth: Int) -> [UInt64] {
        depth == self.depth ? leaves : (0..<1 << depth).map { node(depth: depth, $0) }
    }

    // MARK: Changes

    /// Takes in an entry of this key hash and digest. O(1).
    public mutating func insert(_ digest: UInt64, at keyHash: UInt64) {
        fold(Fold(inserting: digest), at: keyHash)
    }

    /// Takes in a change of an entry with this key hash. O(1), in place.
    @inline(__always)
    mutating func fold(_ fold: Fold, at keyHash: UInt64) {
        leaves[Self.leafIndex(of: keyHash, depth: depth)] ^= fold.delta
        root ^= fold.delta
        // Below zero where deltas come before what they are deltas to.
        count &+= Int(fold.growth)
        heldCount &+= Int(fold.heldGrowth)
        mortalCount &+= Int(fold.mortalGrowth)
    }

    /// The same entries in a tree of `depth`, which is no more than the tree's: the very one that
    /// they would have made. O(leaves).
    public func folded(to depth: Int) -> MerkleTree {
        var tree = MerkleTree(depth: depth)
        tree.leaves = nodes(depth: depth)
        tree.root = root
        tree.count = count
        tree.heldCount = heldCount
        tree.mortalCount = mortalCount
        return tree
    }

    /// Whether both are of the same entries, but for chance, as far as the coarser can tell.
    /// O(leaves).
    public func isSame(as other: MerkleTree) -> Bool {
        let depth = min(depth, other.depth)
        return root == other.root && count == other.count
            && nodes(depth: depth) == other.nodes(depth: depth)
    }

    // MARK: Size

    /// The depth for `count` entries: the least with no more than `entriesPerLeaf` to a leaf.
    static func depth(for count: Int) -> Int {
        let depths = depthAtFirst..<depthLimit
        return depths.first { count <= entriesPerLeaf << $0 } ?? depthLimit
    }

    /// Whether a finer tree should take its place. O(1).
    var isOutgrown: Bool {
        depth < Self.depthLimit && count > Self.growthLimit * Self.entriesPerLeaf * leaves.count
    }
}

extension MerkleTree {
    /// Appends the tree's bytes.
    public func encode(into writer: inout ByteWriter) {
        writer.write(UInt8(depth))
        for count in [count, heldCount, mortalCount] {
            writer.writeVarint(UInt64(bitPattern: Int64(count)))
        }
        for leaf in leaves { writer.write(leaf) }
    }

    /// Reads a tree and moves behind it; any bytes are a tree or an error.
    public init(from reader: inout ByteReader) throws(FormatError) {
        let depth = Int(try reader.readUInt8())
        guard depth <= Self.depthLimit else { throw reader.error(.invalid("depth of a tree")) }
        self.init(depth: depth)
        count = try Self.count(from: &reader)
        heldCount = try Self.count(from: &reader)
        mortalCount = try Self.count(from: &reader)
        for index in leaves.indices {
            leaves[index] = try reader.readUInt64()
            root ^= leaves[index]
        }
    }

    private static func count(from reader: inout ByteReader) throws(FormatError) -> Int {
        guard let count = Int(exactly: try reader.readVarint()) else {
            throw reader.error(.invalid("count of a tree"))
        }
        return count
    }
}
