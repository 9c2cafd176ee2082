// Shards: what one node serves with one core of its machine. Which partitions that is follows from
// two numbers, so that both ends of a link know it; a node's number of shards is its own affair.
internal import MartletBase

/// One shard of a node: the partitions of one of `count` equal runs.
///
/// Runs of neighbours, so that doubling the partitions moves none to another shard, and the shards
/// of two nodes of which each has another number meet in as few pairs as can be. Placement mixes
/// partitions, so that a run is a fair share of what a node is a home of.
public struct Shard: Hashable, Sendable, CustomStringConvertible {
    /// The most shards that a node may have.
    public static let limit = 64
    /// All of a node that has one shard.
    public static let only = Shard(index: 0, of: 1)

    /// Counted from 0, below `count`.
    public var index: Int { Int(place) }
    /// How many shards the node has, from 1 to `limit`.
    public var count: Int { Int(number) }

    // Small, since a peer is named in whatever waits for one.
    private let place: UInt8
    private let number: UInt8

    /// The shard `index` of `count`.
    public init(index: Int, of count: Int) {
        invariant((1...Self.limit).contains(count), "a node of \(count) shards")
        invariant((0..<count).contains(index), "shard \(index) of \(count)")
        place = UInt8(index)
        number = UInt8(count)
    }

    /// Which of `count` shards serves `partition`, of so many. O(1).
    public static func index(
        of partition: Partition, of partitionCount: PartitionCount, among count: Int
    ) -> Int {
        Int(partition.index) * count / partitionCount.value
    }

    /// Whether this shard serves `partition`, of so many. O(1).
    public func serves(_ partition: Partition, of partitionCount: PartitionCount) -> Bool {
        count == 1 || Self.index(of: partition, of: partitionCount, among: count) == index
    }

    /// Those of the `count` shards of another node that serve partitions which this one serves too.
    /// Of two shards each counts the other, or neither does. O(1).
    public func counterparts(among count: Int) -> ClosedRange<Int> {
        index * count / self.count...((index + 1) * count - 1) / self.count
    }

    /// Whether `other`, of another node, serves partitions that this one serves too. O(1).
    public func meets(_ other: Shard) -> Bool {
        counterparts(among: other.count).contains(other.index)
    }

    /// As operators count: `2/4` is the second of four.
    public var description: String { "\(index + 1)/\(count)" }
}
