// What nodes say to each other to find and mend differences, and to learn what is settled. Who
// handles it is MartletAntiEntropy, but for `objects` and `removed`, which are replication's.
public import MartletBase
public import MartletVersions

/// What a node binds itself to, told to every node of the topology: it issues no timestamp up to
/// the floor any more, and takes no hint whose latest version is as old.
public struct Promise: Hashable, Sendable {
    /// Up to where, and from now on for ever.
    public var floor: HybridTimestamp
    /// The partitions in which the node keeps hints, or what is left over of a time when it was a
    /// home, sorted: there it may hold what no home has.
    public var hinted: [UInt16]
    /// By which ring it tells what is left over: it may hold what no home of a later one has.
    public var epoch: UInt64

    /// A promise up to `floor`, told by the ring of `epoch`.
    public init(floor: HybridTimestamp, hinted: [UInt16], epoch: UInt64) {
        self.floor = floor
        self.hinted = hinted
        self.epoch = epoch
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
    /// The trees, by ascending partition.
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
    /// The partitions, ascending.
    public var entries: [Entry]

    /// What is settled under one topology.
    public init(epoch: UInt64, entries: [Entry]) {
        self.epoch = epoch
        self.entries = entries
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
    /// Tell the hashes of these leaves.
    case question(LeafQuestion)
    /// Compare what is below this leaf with all that the sender holds there.
    case leaf(LeafDigests)
    /// Compared: the sender wants these, and sends by itself what it has beyond them.
    case wants(LeafDigests)
}
