// The links of one shard: to those shards of other nodes that serve what it serves. Over which of
// them a message goes follows from its partition, so that a node can be sent to once all are open.
internal import MartletBase
internal import MartletRing

/// Which links of a shard are open.
struct ShardLinks {
    /// The links to one node.
    private struct Node {
        let id: NodeID
        /// Of how many shards it is.
        let shardCount: Int
        /// A bit for each of them to which a link is open.
        var open: UInt64 = 0
    }

    private let shard: Shard
    /// Sorted by identity; none without a link.
    private var nodes: [Node] = []

    /// Those of `shard`, none of them open.
    init(of shard: Shard) { self.shard = shard }

    /// The nodes to which every link is open that there is to be, sorted.
    var complete: [NodeID] { nodes.filter { isComplete($0) }.map(\.id) }

    /// Of how many shards `node` is; nil where no link to it is open.
    func shardCount(of node: NodeID) -> Int? {
        let index = position(of: node)
        return holds(node, at: index) ? nodes[index].shardCount : nil
    }

    /// A link is open. All to a node of another number of shards must be gone.
    mutating func open(_ peer: Peer) {
        let index = position(of: peer.node)
        if !holds(peer.node, at: index) {
            nodes.insert(Node(id: peer.node, shardCount: peer.shard.count), at: index)
        }
        let count = nodes[index].shardCount
        invariant(count == peer.shard.count, "\(peer) beside a node of \(count) shards")
        nodes[index].open |= 1 << UInt64(peer.shard.index)
    }

    /// A link is open no more, if it was.
    mutating func close(_ peer: Peer) {
        let index = position(of: peer.node)
        guard holds(peer.node, at: index), nodes[index].shardCount == peer.shard.count else {
            return
        }
        nodes[index].open &= ~(1 << UInt64(peer.shard.index))
        if nodes[index].open == 0 { nodes.remove(at: index) }
    }

    /// All links to a node are gone.
    mutating func closeAll(to node: NodeID) {
        let index = position(of: node)
        if holds(node, at: index) { nodes.remove(at: index) }
    }

    private func isComplete(_ node: Node) -> Bool {
        shard.counterparts(among: node.shardCount).allSatisfy { node.open >> UInt64($0) & 1 == 1 }
    }

    private func holds(_ node: NodeID, at index: Int) -> Bool {
        index < nodes.count && nodes[index].id == node
    }

    private func position(of node: NodeID) -> Int { nodes.partitionIndex { $0.id < node } }

    func checkInvariants() {
        invariant(
            zip(nodes, nodes.dropFirst()).allSatisfy { $0.id < $1.id }, "links out of order")
        for node in nodes {
            let others = shard.counterparts(among: node.shardCount)
            let beyond = (0..<64).contains {
                node.open >> UInt64($0) & 1 == 1 && !others.contains($0)
            }
            invariant(node.open != 0 && !beyond, "\(shard) links to \(node.id): \(node.open)")
        }
    }
}
