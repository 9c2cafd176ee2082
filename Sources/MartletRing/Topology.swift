// The ring as a value: who the nodes are and which of them are home to each partition. It changes
// by replacement with a higher epoch, never in place; it knows nothing of who is alive.
public import MartletBase

/// One epoch of the ring: members, and for each partition its ordered home replicas.
///
/// Placement is explicit, not computed from tokens: Dynamo's §6.2, strategy 3, with the assignment
/// stored, so that a planner can improve it and every node reads the same. The value is immutable,
/// checked when made, and one reference to copy; look-ups neither sort nor allocate.
public struct Topology: Sendable {
    /// The most members of a ring.
    public static let memberLimit = 1024
    /// The most home replicas of a partition.
    public static let replicaCountLimit = 32
    /// The most fallbacks listed for a partition after its homes.
    public static let fallbackLimit = 64
    /// The most members remembered of those that have left.
    public static let departedLimit = 1024

    /// What the value refers to: requests read it without copying any of it.
    private final class Contents: Sendable {
        let epoch: UInt64
        let clusterName: String
        let clusterID: UInt64
        let secret: ClusterSecret
        let replicaCount: Int
        let partitionCount: PartitionCount
        let members: [RingMember]
        let homeIndexes: [UInt16]
        let moves: [PartitionMove]
        let departed: [NodeID]
        let homesPerPartition: Int
        let homeTable: [[NodeID]]
        let preferenceTable: [[NodeID]]

        init(
            epoch: UInt64, clusterName: String, clusterID: UInt64, secret: ClusterSecret,
            replicaCount: Int, partitionCount: PartitionCount, members: [RingMember],
            homeIndexes: [UInt16], moves: [PartitionMove], departed: [NodeID]
        ) {
            self.epoch = epoch
            self.clusterName = clusterName
            self.clusterID = clusterID
            self.secret = secret
            self.replicaCount = replicaCount
            self.partitionCount = partitionCount
            self.members = members
            self.homeIndexes = homeIndexes
            self.moves = moves
            self.departed = departed
            homesPerPartition = Topology.homesPerPartition(replicaCount, of: members)
            let leaving = members.filter(\.isLeaving).map(\.id)
            var nextMove = moves[...]
            let ranking = FallbackRanking(members)
            var homeTable: [[NodeID]] = []
            var preferenceTable: [[NodeID]] = []
            homeTable.reserveCapacity(partitionCount.value)
            preferenceTable.reserveCapacity(partitionCount.value)
            for partition in partitionCount.partitions {
                let first = Int(partition.index) * homesPerPartition
                let indexes = homeIndexes[first..<first + homesPerPartition]
                let homes = indexes.map { members[Int($0)].id }
                let fallbacks = ranking.fallbacks(
                    of: partition, homes: indexes, limit: Topology.fallbackLimit)
                homeTable.append(homes)
                // Who takes part already stands in for nobody, nor does who leaves.
                var others = leaving
                if nextMove.first?.partition == partition {
                    others += nextMove.removeFirst().former
                }
                let standIns = fallbacks.lazy.map { members[$0].id }
                preferenceTable.append(homes + standIns.filter { !others.contains($0) })
            }
            self.homeTable = homeTable
            self.preferenceTable = preferenceTable
        }
    }

    private let contents: Contents
    /// A hash of the encoding without the secret: equal epochs of one cluster must have equal
    /// digests.
    public private(set) var digest: UInt64 = 0

    /// The topology with these parts. O(Q · members · log members).
    ///
    /// - Throws: the first rule that it would break.
    public init(
        epoch: UInt64, clusterName: String, clusterID: UInt64, secret: ClusterSecret,
        replicaCount: Int, partitionCount: PartitionCount, members: [RingMember],
        homeIndexes: [UInt16], moves: [PartitionMove] = [], departed: [NodeID] = []
    ) throws(TopologyError) {
        try Topology.check(
            epoch: epoch, clusterName: clusterName, replicaCount: replicaCount, members: members)
        try Topology.check(
            homeIndexes: homeIndexes,
            homesPerPartition: Self.homesPerPartition(replicaCount, of: members),
            partitionCount: partitionCount, members: members)
        contents = Contents(
            epoch: epoch, clusterName: clusterName, clusterID: clusterID, secret: secret,
            replicaCount: replicaCount, partitionCount: partitionCount, members: members,
            homeIndexes: homeIndexes, moves: moves, departed: departed)
        try checkMoves()
        digest = computedDigest()
    }

    /// Counted from 1; of two topologies of one cluster the higher epoch wins.
    public var epoch: UInt64 { contents.epoch }
    /// What people call the cluster.
    public var clusterName: String { contents.clusterName }
    /// The cluster's identity, drawn once when it is created.
    public var clusterID: UInt64 { contents.clusterID }
    /// What only the cluster's nodes know, drawn once when it is created.
    public var secret: ClusterSecret { contents.secret }
    /// N: how many homes a partition should have.
    public var replicaCount: Int { contents.replicaCount }
    /// Q: how many partitions there are.
    public var partitionCount: PartitionCount { contents.partitionCount }
    /// The nodes of the ring, in ascending order of their ids; those that leave among them.
    public var members: [RingMember] { contents.members }
    /// The homes of all partitions, one partition after the other, `homesPerPartition` each, as
    /// positions in `members`; a partition's first is its primary.
    public var homeIndexes: [UInt16] { contents.homeIndexes }

    /// The partitions of which the homes change, ascending.
    public var moves: [PartitionMove] { contents.moves }
    /// Nodes that were members and are none any more, in the order in which they left; the last
    /// `departedLimit` of them.
    public var departed: [NodeID] { contents.departed }

    /// How many homes each partition has: `replicaCount`, or all members that stay when there are
    /// fewer.
    public var homesPerPartition: Int { contents.homesPerPartition }

    static func homesPerPartition(_ replicaCount: Int, of members: [RingMember]) -> Int {
        min(replicaCount, members.count { !$0.isLeaving })
    }

    /// The partition that `key` lies in. O(key).
    public func partition(ofKey key: Bytes) -> Partition {
        partitionCount.partition(of: Slot(ofKey: key))
    }

    /// The home replicas of `partition`, primary first: those to which it moves, where it does.
    /// O(1), no allocation.
    public func homes(of partition: Partition) -> [NodeID] {
        contents.homeTable[Int(partition.index)]
    }

    /// The preference list of `partition` (Dynamo §4.3): its homes, then its fallbacks in the order
    /// in which they stand in, the same on every node, at most `fallbackLimit`. O(1), no
    /// allocation.
    public func preferenceOrder(of partition: Partition) -> [NodeID] {
        contents.preferenceTable[Int(partition.index)]
    }

    /// The move of `partition`; nil where its homes stay. O(log moves).
    public func move(of partition: Partition) -> PartitionMove? {
        let moves = contents.moves
        if moves.isEmpty { return nil }
        let index = moves.partitionIndex { $0.partition < partition }
        return index < moves.count && moves[index].partition == partition ? moves[index] : nil
    }

    /// What a request may use of `partition`. O(log moves), no allocation.
    public func view(of partition: Partition) -> PartitionView {
        PartitionView(homes: homes(of: partition), move: move(of: partition))
    }

    /// The homes that hold all of `partition`. O(1) where nothing moves, and no allocation.
    public func readers(of partition: Partition) -> [NodeID] {
        contents.moves.isEmpty ? homes(of: partition) : view(of: partition).readers
    }

    /// All that take part in writes to `partition`. O(1) where nothing moves, and no allocation.
    public func writers(of partition: Partition) -> [NodeID] {
        contents.moves.isEmpty ? homes(of: partition) : view(of: partition).all
    }

    /// Whether `node` is a home replica of `partition`. O(N).
    public func isHome(_ node: NodeID, of partition: Partition) -> Bool {
        contents.homeTable[Int(partition.index)].contains(node)
    }

    /// The member with this id; nil for a node that is not of the ring. O(log members).
    public func member(_ id: NodeID) -> RingMember? {
        let index = members.partitionIndex { $0.id < id }
        return index < members.count && members[index].id == id ? members[index] : nil
    }
}

extension Topology: Equatable {
    /// Whether both say the same.
    public static func == (left: Topology, right: Topology) -> Bool {
        left.digest == right.digest && left.epoch == right.epoch
            && left.clusterID == right.clusterID && left.clusterName == right.clusterName
            && left.secret == right.secret && left.replicaCount == right.replicaCount
            && left.partitionCount == right.partitionCount
            && left.members == right.members && left.homeIndexes == right.homeIndexes
            && left.moves == right.moves && left.departed == right.departed
    }
}
