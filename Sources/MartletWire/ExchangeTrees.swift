// What replicas say of the nodes of their Merkle trees, and of what lies below the leaves: for
// several partitions at a time, and no more of each hash than the question needs.
internal import MartletBase

/// Which bytes of a hash are told. From what is told to be the same nothing follows: what differs
/// elsewhere is found by a later exchange, which shows other bytes, and only roots, which are told
/// whole, prove that replicas are equal. What is told to differ does.
public struct HashWindow: Hashable, Sendable {
    /// The first byte that is told, 0 (the lowest) to 7; behind the highest comes the lowest.
    public let start: UInt8
    /// How many bytes are told, 1 to 8.
    public let byteCount: UInt8

    /// `byteCount` bytes from `start` on, both taken into their ranges.
    public init(start: Int, byteCount: Int) {
        self.start = UInt8(start & 7)
        self.byteCount = UInt8(min(max(byteCount, 1), 8))
    }

    /// What is told of `hash`. What is told of the XOR of two is the XOR of what is told of each.
    public func callAsFunction(_ hash: UInt64) -> UInt64 {
        let shift = UInt64(start) * 8
        // Shifts by 64 and more give 0.
        let turned = hash >> shift | hash << (64 - shift)
        return turned & UInt64.max >> UInt64(64 - 8 * Int(byteCount))
    }
}

/// Some of the nodes of one depth of a tree.
public struct NodeSet: Hashable, Sendable {
    /// No tree is deeper: an index is 16 bits.
    public static let depthLimit: UInt8 = 16

    /// The depth of the nodes: there are 2^depth.
    public let depth: UInt8
    /// Their positions in their depth, from 0; sorted, each once.
    public let indexes: [UInt16]

    /// The nodes of `depth`, which is up to the limit, at those of `indexes` that there are.
    public init(depth: UInt8, _ indexes: some Sequence<UInt16>) {
        self.depth = min(depth, Self.depthLimit)
        let end = 1 << Int(self.depth)
        var sorted: [UInt16] = []
        for index in indexes.sorted() where Int(index) < end && sorted.last != index {
            sorted.append(index)
        }
        self.indexes = sorted
    }

    /// The nodes of `depth` at `indexes`, which are sorted.
    init(depth: UInt8, sorted indexes: [UInt16]) {
        self.depth = depth
        self.indexes = indexes
    }
}

/// Some of the sender's nodes of some trees.
public struct TreeNodes: Hashable, Sendable {
    /// What is to be done with nodes that differ.
    public enum Stage: UInt8, Hashable, Sendable, CaseIterable {
        /// Say which do.
        case descent
        /// These are leaves that differed before: who can name the difference from the hashes mends
        /// it, else says what its own are.
        case confirmation
        /// So are these, and the sender could not name it: who can mends it, else tells the digests
        /// of all that is below its leaf.
        case answer
    }

    /// Those of one tree.
    public struct Part: Hashable, Sendable {
        /// The partition.
        public let partition: UInt16
        /// Which nodes.
        public let nodes: NodeSet
        /// What is told of the XOR of the digests below each, in the order of the nodes.
        public let hashes: [UInt64]

        /// Nodes of the tree of `partition`, with a hash each.
        public init(partition: UInt16, nodes: NodeSet, hashes: [UInt64]) {
            invariant(
                hashes.count == nodes.indexes.count,
                "\(hashes.count) hashes of \(nodes.indexes.count) nodes")
            self.partition = partition
            self.nodes = nodes
            self.hashes = hashes
        }
    }

    /// What is to be done.
    public var stage: Stage
    /// What of the hashes is told.
    public var window: HashWindow
    /// The trees, by ascending partition.
    public var parts: [Part]

    /// Nodes for one `stage`.
    public init(stage: Stage, window: HashWindow, parts: [Part]) {
        self.stage = stage
        self.window = window
        self.parts = parts
    }
}

/// Those of the nodes of a descent that are not the same here.
public struct TreeNodesReply: Hashable, Sendable {
    /// Those of one tree.
    public struct Part: Hashable, Sendable {
        /// The partition.
        public var partition: UInt16
        /// How deep the sender's tree goes.
        public var treeDepth: UInt8
        /// How many objects the sender holds in the partition: who holds more is likely to be the
        /// one that can name what differs.
        public var objectCount: UInt64
        /// The nodes that differ.
        public var differing: NodeSet

        /// The nodes that differ in the tree of `partition`.
        public init(
            partition: UInt16, treeDepth: UInt8, objectCount: UInt64, differing: NodeSet
        ) {
            self.partition = partition
            self.treeDepth = treeDepth
            self.objectCount = objectCount
            self.differing = differing
        }
    }

    /// The trees, by ascending partition.
    public var parts: [Part]

    /// What differs in some trees.
    public init(parts: [Part]) {
        self.parts = parts
    }
}

/// Leaves that differed, of which the sender wants to know the receiver's hashes, as a
/// `TreeNodes.Stage.confirmation`.
public struct LeafQuestion: Hashable, Sendable {
    /// Those of one tree.
    public struct Part: Hashable, Sendable {
        /// The partition.
        public var partition: UInt16
        /// The leaves.
        public var leaves: NodeSet

        /// Leaves of the tree of `partition`.
        public init(partition: UInt16, leaves: NodeSet) {
            self.partition = partition
            self.leaves = leaves
        }
    }

    /// The trees, by ascending partition.
    public var parts: [Part]

    /// A question about the leaves of some trees.
    public init(parts: [Part]) {
        self.parts = parts
    }
}

/// Digests of objects below a leaf, where the hashes alone do not say what differs: of all that the
/// sender holds there, or of those among the receiver's that it lacks.
public struct LeafDigests: Hashable, Sendable {
    /// The partition.
    public var partition: UInt16
    /// The depth of the leaf.
    public var depth: UInt8
    /// The leaf's index.
    public var leaf: UInt16
    /// What of the digests is told.
    public var window: HashWindow
    /// What is told of the digests, sorted.
    public var digests: [UInt64]

    /// Digests under `leaf`.
    public init(
        partition: UInt16, depth: UInt8, leaf: UInt16, window: HashWindow, digests: [UInt64]
    ) {
        self.partition = partition
        self.depth = depth
        self.leaf = leaf
        self.window = window
        self.digests = digests
    }
}
