// Where a node stands, the same for all parts of its anti-entropy: who it is, what it stores, the
// ring, whom it reaches, how far its clock is to be trusted. They look at it, and change only what
// the storage holds.
internal import MartletBase
internal import MartletRing
internal import MartletStorage

/// What a node may do by its wall clock.
public struct ClockTrust: Hashable, Sendable {
    /// Whether the clock is confirmed enough to bind the node to a time.
    public var mayPromise: Bool
    /// Whether it is confirmed enough to tell that something has expired.
    public var mayRemove: Bool
    /// By how much the clock in the middle of all may be behind that by which the node goes: an
    /// object stays that much longer after its expiry.
    public var margin: Duration

    /// Whole trust, but for what is given.
    public init(mayPromise: Bool = true, mayRemove: Bool = true, margin: Duration = .zero) {
        self.mayPromise = mayPromise
        self.mayRemove = mayRemove
        self.margin = margin
    }
}

/// One node, as its anti-entropy sees it.
struct Standpoint {
    let local: NodeID
    /// Which of the node's partitions are meant.
    let shard: Shard
    let options: AntiEntropyOptions
    let engine: StorageEngine
    var clock = ClockTrust()
    /// Nil while no ring is known.
    private(set) var topology: Topology?
    /// The partitions of the shard of which the node is a home that holds all, ascending.
    private(set) var owned: [UInt16] = []
    /// The partitions that moved, or were of other homes, under the ring before: those of the ring
    /// that there is now, ascending.
    private(set) var changed: [UInt16] = []
    /// By partition, the epoch of the ring that this node knew first with its homes as they are.
    private var changedIn: [UInt64] = []
    /// Nodes that can be sent to, sorted.
    private(set) var reachable: [NodeID] = []
    /// Those nodes that are divided otherwise than into one shard, as far as they have said.
    private var shardCounts: [NodeID: Int] = [:]

    init(
        local: NodeID, shard: Shard, options: AntiEntropyOptions, engine: StorageEngine
    ) {
        self.local = local
        self.shard = shard
        self.options = options
        self.engine = engine
    }

    mutating func topologyChanged(_ newer: Topology) {
        let partitions = newer.partitionCount.partitions
        changed = partitions.filter { partition in
            guard let topology, topology.partitionCount == newer.partitionCount else {
                return true
            }
            return topology.view(of: partition) != newer.view(of: partition)
        }.map(\.index)
        if changedIn.count != newer.partitionCount.value {
            changedIn = [UInt64](repeating: newer.epoch, count: newer.partitionCount.value)
        }
        for partition in changed { changedIn[Int(partition)] = newer.epoch }
        topology = newer
        owned = partitions.filter {
            shard.serves($0, of: newer.partitionCount)
                && newer.readers(of: $0).contains(local)
        }.map(\.index)
    }

    /// The homes of a partition that hold all of it, in the order of preference: those that are
    /// compared. None while no ring is known.
    func homes(of partition: UInt16) -> [NodeID] {
        topology?.readers(of: Partition(index: partition)) ?? []
    }

    /// From which epoch on what a node tells of a partition is about the homes that there are.
    func epoch(of partition: UInt16) -> UInt64 {
        Int(partition) < changedIn.count ? changedIn[Int(partition)] : .max
    }

    /// Whether the homes of a partition change: nothing is proven of it meanwhile, since one that
    /// is being filled may still be brought what all others have removed.
    func isMoving(_ partition: UInt16) -> Bool {
        topology?.move(of: Partition(index: partition)) != nil
    }

    /// Whether the node is about to become a home of the partition, and holds not all of it yet.
    func isFilling(_ partition: UInt16) -> Bool {
        guard let topology, Int(partition) < topology.partitionCount.value else { return false }
        let view = topology.view(of: Partition(index: partition))
        return view.includes(local) && !view.readers.contains(local)
    }

    /// Whether the node is a home of the partition that holds all of it.
    func owns(_ partition: UInt16) -> Bool {
        let index = owned.partitionIndex { $0 < partition }
        return index < owned.count && owned[index] == partition
    }

    mutating func reachabilityChanged(
        _ node: NodeID, of shardCount: Int, isReachable: Bool
    ) {
        shardCounts[node] = shardCount == 1 ? nil : shardCount
        let index = reachable.partitionIndex { $0 < node }
        let was = index < reachable.count && reachable[index] == node
        if isReachable, !was { reachable.insert(node, at: index) }
        if !isReachable, was { reachable.remove(at: index) }
    }

    func isReachable(_ node: NodeID) -> Bool {
        let index = reachable.partitionIndex { $0 < node }
        return index < reachable.count && reachable[index] == node
    }

    /// Of how many shards `node` is; 1 where it was never reached.
    func shardCount(of node: NodeID) -> Int {
        if node == local { return shard.count }
        return shardCounts.isEmpty ? 1 : shardCounts[node] ?? 1
    }

    /// The shard of `node` that serves `partition`.
    func peer(_ node: NodeID, serving partition: UInt16) -> Peer {
        let count = shardCount(of: node)
        guard count > 1, let topology else { return Peer(node) }
        return Peer(
            node, of: count, serving: Partition(index: partition), of: topology.partitionCount)
    }

    /// The shards of `node` that serve partitions of this one.
    func peers(of node: NodeID) -> [Peer] {
        let count = shardCount(of: node)
        return shard.counterparts(among: count).map { Peer(node, Shard(index: $0, of: count)) }
    }

    /// The other homes of a partition, in the order of preference; nil where this node is none, or
    /// another shard of it.
    func otherHomes(of partition: UInt16) -> [NodeID]? {
        let partition = Partition(index: partition)
        guard let topology, Int(partition.index) < topology.partitionCount.value,
            shard.serves(partition, of: topology.partitionCount)
        else { return nil }
        let homes = topology.readers(of: partition)
        return homes.contains(local) ? homes.filter { $0 != local } : nil
    }

    /// Whether `node` is a home of the partition beside this one.
    func shares(_ partition: UInt16, with node: NodeID) -> Bool {
        otherHomes(of: partition)?.contains(node) == true
    }

    /// The tree of a partition of which `node` is a home too, if it has nodes of `depth`.
    func tree(of partition: UInt16, depth: UInt8, with node: NodeID) -> MerkleTree? {
        guard shares(partition, with: node), let tree = engine.tree(of: partition),
            Int(depth) <= tree.depth
        else { return nil }
        return tree
    }

    func checkInvariants() {
        invariant(zip(owned, owned.dropFirst()).allSatisfy { $0 < $1 }, "partitions unsorted")
        invariant(zip(reachable, reachable.dropFirst()).allSatisfy { $0 < $1 }, "peers unsorted")
        invariant(topology != nil || owned.isEmpty, "a home of \(owned.count) without a ring")
    }
}
