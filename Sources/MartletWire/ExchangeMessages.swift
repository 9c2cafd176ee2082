// What nodes say to each other to find and mend differences, and to learn what is settled. Who
// handles it is MartletAntiEntropy, but for `removed`, which is replication's.
public import MartletBase
public import MartletVersions

/// What a node binds itself to, told to every node of the topology: it issues no timestamp up to
/// the floor any more, and takes no hint whose latest version is as old.
public struct Promise: Hashable, Sendable {
    /// Up to where, and from now on for ever.
    public var floor: HybridTimestamp
    /// The partitions in which the node keeps hints, sorted: there it may hold what no home has.
    public var hinted: [UInt16]

    /// A promise up to `floor`.
    public init(floor: HybridTimestamp, hinted: [UInt16]) {
        self.floor = floor
        self.hinted = hinted
    }
}

/// The roots of some of the sender's trees, to be compared with the receiver's.
public struct TreeRoots: Hashable, Sendable {
    /// One tree.
    public struct Entry: Hashable, Sendable {
        /// The partition.
        public var partition: UInt16
        /// The root of the sender's tree.
        public var root: UInt64
        /// Up to where the sender knows the partition to be settled.
        public var watermark: HybridTimestamp

        /// The tree of `partition`.
        public init(partition: UInt16, root: UInt64, watermark: HybridTimestamp) {
            self.partition = partition
            self.root = root
            self.watermark = watermark
        }
    }

    /// Pairs the reply with this message.
    public var round: UInt64
    /// Of which topology the sender is a home: under another, the homes may be others.
    public var epoch: UInt64
    /// The trees, sorted by partition.
    public var entries: [Entry]

    /// The roots of one round.
    public init(round: UInt64, epoch: UInt64, entries: [Entry]) {
        self.round = round
        self.epoch = epoch
        self.entries = entries
    }
}

/// What a comparison of roots has shown. Sent once all that the roots say is synced.
public struct TreeRootsReply: Hashable, Sendable {
    /// That of the message it answers.
    public var round: UInt64
    /// Partitions whose roots are not the same, sorted.
    public var differing: [UInt16]
    /// Partitions of which the receiver can say nothing: it is no home, or does not know its tree.
    public var unknown: [UInt16]

    /// The reply in `round`.
    public init(round: UInt64, differing: [UInt16], unknown: [UInt16]) {
        self.round = round
        self.differing = differing
        self.unknown = unknown
    }
}

/// Up to where partitions are settled, as one of their homes knows.
public struct Settled: Hashable, Sendable {
    /// One partition.
    public struct Entry: Hashable, Sendable {
        /// The partition.
        public var partition: UInt16
        /// Up to where it is settled.
        public var watermark: HybridTimestamp

        /// That `partition` is settled up to `watermark`.
        public init(partition: UInt16, watermark: HybridTimestamp) {
            self.partition = partition
            self.watermark = watermark
        }
    }

    /// Of which topology the sender is a home.
    public var epoch: UInt64
    /// The partitions, sorted.
    public var entries: [Entry]

    /// What is settled under one topology.
    public init(epoch: UInt64, entries: [Entry]) {
        self.epoch = epoch
        self.entries = entries
    }
}

/// A node of a Merkle tree: which of its depth, and the hash of everything below it.
public struct TreeNode: Hashable, Sendable {
    /// No tree is deeper: an index is 16 bits.
    public static let depthLimit: UInt8 = 16

    /// Its position in its depth, from 0.
    public var index: UInt16
    /// The XOR of the digests below it.
    public var hash: UInt64

    /// The node at `index`.
    public init(index: UInt16, hash: UInt64) {
        self.index = index
        self.hash = hash
    }
}

/// Some of the sender's nodes of one depth of a tree.
public struct TreeNodes: Hashable, Sendable {
    /// The partition.
    public var partition: UInt16
    /// The depth of the nodes: there are 2^depth.
    public var depth: UInt8
    /// Whether these are leaves that differed before: who can name the difference mends it.
    public var isConfirmed: Bool
    /// The nodes, sorted by index.
    public var nodes: [TreeNode]

    /// Nodes of the tree of `partition`.
    public init(partition: UInt16, depth: UInt8, isConfirmed: Bool, nodes: [TreeNode]) {
        self.partition = partition
        self.depth = depth
        self.isConfirmed = isConfirmed
        self.nodes = nodes
    }
}

/// Those of the nodes that are not the same here, and their hashes.
public struct TreeNodesReply: Hashable, Sendable {
    /// The partition.
    public var partition: UInt16
    /// The depth of the nodes.
    public var depth: UInt8
    /// How deep the receiver's tree goes.
    public var treeDepth: UInt8
    /// Whether `TreeNodes.isConfirmed` was set.
    public var isConfirmed: Bool
    /// The nodes as the receiver has them, sorted by index.
    public var differing: [TreeNode]

    /// The nodes that differ in the tree of `partition`.
    public init(
        partition: UInt16, depth: UInt8, treeDepth: UInt8, isConfirmed: Bool,
        differing: [TreeNode]
    ) {
        self.partition = partition
        self.depth = depth
        self.treeDepth = treeDepth
        self.isConfirmed = isConfirmed
        self.differing = differing
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
    /// The digests, sorted.
    public var digests: [UInt64]

    /// Digests under `leaf`.
    public init(partition: UInt16, depth: UInt8, leaf: UInt16, digests: [UInt64]) {
        self.partition = partition
        self.depth = depth
        self.leaf = leaf
        self.digests = digests
    }
}

/// A home's answer to versions that it had held and removed: what it holds of the key now, and up
/// to where the partition is settled. Whatever is older and not covered must go.
public struct RemovedVersions: Hashable, Sendable {
    /// The key.
    public var key: Bytes
    /// All that the sender covers of the key.
    public var known: Context
    /// Up to where the sender knows the partition to be settled.
    public var watermark: HybridTimestamp

    /// What was removed of `key`.
    public init(key: Bytes, known: Context, watermark: HybridTimestamp) {
        self.key = key
        self.known = known
        self.watermark = watermark
    }
}

/// One message of anti-entropy.
public enum ExchangeMessage: Hashable, Sendable {
    /// What the sender binds itself to.
    case promise(Promise)
    /// Compare these roots.
    case roots(TreeRoots)
    /// Compared.
    case rootsReply(TreeRootsReply)
    /// Proven.
    case settled(Settled)
    /// Compare these nodes.
    case nodes(TreeNodes)
    /// Compared.
    case nodesReply(TreeNodesReply)
    /// Compare what is below this leaf with all that the sender holds there.
    case leaf(LeafDigests)
    /// Compared: the sender wants these, and sends by itself what it has beyond them.
    case wants(LeafDigests)
    /// Replication: what was sent has been removed here.
    case removed(RemovedVersions)
}
