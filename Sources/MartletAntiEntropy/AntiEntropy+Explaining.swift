// What an operator is told of anti-entropy: how a partition stands, what holds its watermark back,
// what keeps a deleted key from going. Looks, and changes nothing.
public import MartletBase
internal import MartletRing
internal import MartletStorage
public import MartletVersions

/// How one of the node's home partitions stands, as far as this node knows.
public struct PartitionCondition: Hashable, Sendable {
    /// What holds the watermark back.
    public enum Obstacle: Hashable, Sendable {
        /// That node of the ring has promised nothing yet.
        case silent(NodeID)
        /// That node keeps hints in the partition.
        case hinting(NodeID)
        /// That home cannot be sent to.
        case unreachable(NodeID)
        /// The tree of the partition is being made anew here.
        case treeUnknown
        /// It was compared with no other home since the node started.
        case uncompared
        /// It was not the same as that of another home when it was last compared.
        case differing
        /// What differs from that home's is being followed.
        case followed(NodeID)
    }

    /// A Merkle tree in short.
    public struct Tree: Hashable, Sendable {
        /// The XOR of all digests: equal where replicas are.
        public var root: UInt64
        /// How many objects it covers.
        public var count: Int
        /// Its leaves are 2^depth.
        public var depth: Int
    }

    /// Every version up to here has been held, synced, by every home; the beginning of time while
    /// nothing is proven.
    public var watermark: HybridTimestamp
    /// Whether the node has lost data and may not judge by the watermark.
    public var isDoubted: Bool
    /// Up to where all nodes have promised to bring nothing more; nil where one stands in the way.
    public var provable: HybridTimestamp?
    /// What stands in the way of a later watermark; empty when it merely takes the next comparison.
    public var obstacles: [Obstacle]
    /// When it was last compared with another home; nil if not since the node started.
    public var comparedAt: Instant?
    /// When it was last found equal to another home; nil if not since the node started.
    public var equalAt: Instant?
    /// Its tree; nil while that is unknown.
    public var tree: Tree?
}

/// How far the watermarks of home partitions lie back.
public struct WatermarkAges: Hashable, Sendable {
    /// Home partitions of the node.
    public let partitions: Int
    /// Those of which nothing is proven yet; the ages leave them out.
    public let unproven: Int
    /// Those in which the node has lost data and is not yet equal to all other homes.
    public let doubted: Int
    /// The ages of the others, in milliseconds, sorted.
    private var proven: [UInt64]

    /// Those of `proven` and `unproven` partitions.
    init(proven: [UInt64], unproven: Int, doubted: Int) {
        self.proven = proven.sorted()
        partitions = proven.count + unproven
        self.unproven = unproven
        self.doubted = doubted
    }

    /// Milliseconds; nil while nothing is proven of any.
    public var least: UInt64? { proven.first }
    /// The upper one where there are two.
    public var median: UInt64? { proven.isEmpty ? nil : proven[proven.count / 2] }
    /// Milliseconds.
    public var most: UInt64? { proven.last }

    /// Takes in those of other partitions, which another shard serves. O(n log n).
    public mutating func join(_ other: WatermarkAges) {
        self = WatermarkAges(
            proven: proven + other.proven, unproven: unproven + other.unproven,
            doubted: doubted + other.doubted)
    }
}

/// What keeps an object from being removed.
public enum RemovalObstacle: Hashable, Sendable {
    /// It holds a value that never expires.
    case value
    /// It is kept until then: a value expires, and clocks may differ.
    case expiry(WallTime)
    /// It covers a version of that time, later than the watermark.
    case unsettled(HybridTimestamp)
    /// The node has lost data and may not judge by the watermark.
    case doubted
}

/// What anti-entropy is busy with.
public struct ExchangeActivity: Hashable, Sendable {
    /// Partitions that an operator wants compared and that were not begun.
    public var waiting: Int
    /// Roots sent and unanswered, differences followed, leaves to be read.
    public var underWay: Int
}

extension AntiEntropy {
    /// How `partition` stands; nil where this node is none of its homes. O(members).
    public func condition(of partition: UInt16) -> PartitionCondition? {
        guard let others = here.otherHomes(of: partition) else { return nil }
        return PartitionCondition(
            watermark: times.watermark(partition), isDoubted: times.isDoubted(partition),
            provable: try? promises.provable(partition, here).get(),
            obstacles: obstacles(in: partition, among: others),
            comparedAt: times.comparedAt(partition), equalAt: times.equalAt(partition),
            tree: here.engine.tree(of: partition).map {
                PartitionCondition.Tree(root: $0.root, count: $0.count, depth: $0.depth)
            })
    }

    private func obstacles(
        in partition: UInt16, among others: [NodeID]
    ) -> [PartitionCondition.Obstacle] {
        var found: [PartitionCondition.Obstacle] = []
        for member in here.topology?.members ?? [] {
            switch promises.floor(of: partition, among: [member.id], here) {
            case .failure(.silent(let node)): found.append(.silent(node))
            case .failure(.hinting(let node)): found.append(.hinting(node))
            case .success: continue
            }
        }
        found += others.filter { !here.isReachable($0) }.map { .unreachable($0) }
        if here.engine.tree(of: partition) == nil { found.append(.treeUnknown) }
        if others.isEmpty { return found }
        if times.comparedAt(partition) == nil {
            found.append(.uncompared)
        } else if times.comparedAt(partition) != times.equalAt(partition) {
            found.append(.differing)
        }
        found += descents.nodes(following: partition).map { .followed($0) }
        return found
    }

    /// How far the watermarks lie back at `wall`. O(partitions log partitions).
    public func watermarkAges(at wall: WallTime) -> WatermarkAges {
        let owned = here.owned
        let proven = owned.map { times.watermark($0) }.filter { $0.bits > 0 }
            .map { wall.milliseconds - min(wall.milliseconds, $0.wall.milliseconds) }
        return WatermarkAges(
            proven: proven, unproven: owned.count - proven.count,
            doubted: owned.count { times.isDoubted($0) })
    }

    /// What keeps `object`, held here, from being removed at `wall`; nothing where the next sweep
    /// takes it.
    public func obstacles(
        toRemoving object: Object, in partition: UInt16, at wall: WallTime
    ) -> [RemovalObstacle] {
        guard let from = object.mortalFrom else { return [.value] }
        var found: [RemovalObstacle] = []
        if from.milliseconds > 0 {
            let slack = UInt64(max(0, (here.options.expirySlack + here.clock.margin).milliseconds))
            let until = WallTime(milliseconds: from.milliseconds.addingCapped(slack))
            if wall < until { found.append(.expiry(until)) }
        }
        if times.isDoubted(partition) { found.append(.doubted) }
        if object.horizon > times.watermark(partition) {
            found.append(.unsettled(object.horizon))
        }
        return found
    }

    /// What is going on now.
    public var activity: ExchangeActivity {
        ExchangeActivity(
            waiting: comparison.waitingCount,
            underWay: comparison.unansweredCount + descents.count + leaves.count)
    }

    /// Other homes of `partitions` that cannot be sent to, and so are not compared with; sorted.
    public func away(from partitions: [UInt16]?) -> [NodeID] {
        var found: Set<NodeID> = []
        for partition in partitions ?? here.owned {
            let others = here.otherHomes(of: partition) ?? []
            found.formUnion(others.filter { !here.isReachable($0) })
        }
        return found.sorted()
    }
}

extension UInt64 {
    fileprivate func addingCapped(_ other: UInt64) -> UInt64 {
        let (sum, overflow) = addingReportingOverflow(other)
        return overflow ? .max : sum
    }
}
