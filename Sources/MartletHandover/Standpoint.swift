// Where a shard stands, the same for all parts of its hand-over: who it is, what it stores, the
// ring, whom it reaches.
internal import MartletBase
internal import MartletRing
internal import MartletStorage

/// One shard, as its hand-over sees it.
struct Standpoint {
    let local: NodeID
    let shard: Shard
    var options: HandoverOptions
    let engine: StorageEngine
    /// Nil while no ring is known.
    var topology: Topology?
    /// Nodes that can be sent to, and of how many shards each is.
    private var shardCounts: [NodeID: Int] = [:]

    init(local: NodeID, shard: Shard, options: HandoverOptions, engine: StorageEngine) {
        self.local = local
        self.shard = shard
        self.options = options
        self.engine = engine
    }

    mutating func reachabilityChanged(_ node: NodeID, of shardCount: Int, isReachable: Bool) {
        shardCounts[node] = isReachable ? shardCount : nil
    }

    func isReachable(_ node: NodeID) -> Bool { shardCounts[node] != nil }

    /// The shard of `node` that serves `partition`; nil where it cannot be sent to.
    func peer(_ node: NodeID, serving partition: UInt16) -> Peer? {
        guard let count = shardCounts[node], let topology else { return nil }
        return Peer(
            node, of: count, serving: Partition(index: partition), of: topology.partitionCount)
    }

    /// The partitions that this shard serves, as a home or not, ascending.
    var served: [UInt16] {
        guard let topology else { return [] }
        return topology.partitionCount.partitions
            .filter { shard.serves($0, of: topology.partitionCount) }.map(\.index)
    }

    /// What the ring says of a partition; nil for one that this shard does not serve.
    func view(of partition: UInt16) -> PartitionView? {
        guard let topology, Int(partition) < topology.partitionCount.value,
            shard.serves(Partition(index: partition), of: topology.partitionCount)
        else { return nil }
        return topology.view(of: Partition(index: partition))
    }

    /// Whether the partition is known to hold nothing.
    func isEmpty(_ partition: UInt16) -> Bool { engine.tree(of: partition)?.count == 0 }
}
