// What may be seen of a node from around it. Looking changes nothing.
public import MartletAntiEntropy
public import MartletBase
public import MartletHandover
public import MartletMembership
public import MartletReplication
public import MartletRing
public import MartletStorage
public import MartletVersions
public import MartletWire

extension NodeCore {
    // MARK: The node

    /// Whether this life began on an empty disk, in the place of the node that lost one.
    public var startsOver: Bool { shard.startsOver }

    /// Whether it may start before the log holds who it now is: the storage remembers it, and a
    /// node whose disk is full must be able to start. It names no write as a home until then.
    public var mayStartUnsynced: Bool { shard.mayStartUnsynced }

    /// The ring, once the node knows it.
    public var topology: Topology? { view.topology }

    /// How the wall clock compares with the others'.
    public var clocks: ClockWatch { view.clocks }

    /// Which shard this is, of how many.
    public var shardPlace: Shard { shard.shard }

    /// Everyone known, this node included, by id.
    public var members: [Member] { control?.membership.members ?? view.members }

    /// Whether it has found its peers, or found out which are away, since it started.
    public var isReady: Bool { shard.readiness.isReady }

    /// Whether `node` can be sent to: a link is open and it is not believed unreachable.
    public func isReachable(_ node: NodeID) -> Bool { shard.isReachable(node) }

    // MARK: Requests

    /// The node's storage, to be looked at: what it asks for is in the work of each turn.
    public var engine: StorageEngine { shard.engine }

    /// Counts of what replication has done.
    public var counters: ReplicationCounters { shard.replication.counters }

    /// Hints kept for other nodes.
    public var pendingHints: (count: Int, bytes: Int) { shard.replication.pendingHints }

    /// Requests coordinated here and not yet finished.
    public var operationsInFlight: Int { shard.replication.operationsInFlight }

    /// Whether reads in flight hold so much that no client should have several.
    public var isFullOfReads: Bool { shard.replication.isFullOfReads }

    /// Whether the last event has left something for `ticked` to go on with at once.
    public var isUnfinished: Bool { shard.replication.hasMoreToTell }

    /// Under which actor this node writes, and its last counter.
    public var dots: DotSource { shard.replication.dots }

    /// Objects on their way to other homes that lack them, or waiting to be.
    public var pushCount: Int { shard.replication.pushCount }

    /// What moves to this shard, and away from it. O(moves).
    public var transfers: [Transfer] { shard.handover.transfers }

    // MARK: Anti-entropy

    /// What anti-entropy is busy with.
    public var exchangeActivity: ExchangeActivity { shard.antiEntropy.activity }

    /// Counts of what anti-entropy has done.
    public var antiEntropyCounters: AntiEntropyCounters { shard.antiEntropy.counters }

    /// Homes of `partitions`, or of any of this node's, that it cannot compare with now; sorted.
    public func away(from partitions: [UInt16]?) -> [NodeID] {
        shard.antiEntropy.away(from: partitions)
    }

    /// Up to where `partition` is settled, as far as this node knows.
    public func watermark(of partition: Partition) -> HybridTimestamp {
        shard.antiEntropy.watermark(of: partition)
    }

    /// Whether this node has lost what it held of `partition`, or may have: it judges nothing there
    /// until it has been found equal to every other home. True while it knows no ring.
    public func isInDoubt(of partition: Partition) -> Bool {
        shard.antiEntropy.isInDoubt(of: partition)
    }

    /// How far the watermarks of the node's home partitions lie back.
    public func watermarkAges(at wall: WallTime) -> WatermarkAges {
        shard.antiEntropy.watermarkAges(at: wall)
    }
}
