// Whom a node talks to: not another node as a whole, but the shards of it that serve what one of
// its own does.
public import MartletBase

/// One shard of another node, at the other end of a link.
public struct Peer: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// The node.
    public let node: NodeID
    /// Which of its shards, of how many.
    public let shard: Shard

    /// The shard `shard` of `node`; all of it where none is given.
    public init(_ node: NodeID, _ shard: Shard = .only) {
        self.node = node
        self.shard = shard
    }

    /// That of the `count` shards of `node` which serves `partition`, of so many. O(1).
    public init(
        _ node: NodeID, of count: Int, serving partition: Partition,
        of partitionCount: PartitionCount
    ) {
        self.node = node
        shard =
            count == 1
            ? .only
            : Shard(
                index: Shard.index(of: partition, of: partitionCount, among: count), of: count)
    }

    /// By node, then by shard.
    public static func < (left: Peer, right: Peer) -> Bool {
        left.node == right.node ? left.shard.index < right.shard.index : left.node < right.node
    }

    /// The node's identity, and which shard where there are several.
    public var description: String { shard.count == 1 ? "\(node)" : "\(node) \(shard)" }
}
