// A node that has started lets clients in as soon as it knows of every other whether it is there:
// it has a link to it, or has tried in vain. Its deadline is for those of whom nothing is heard.
internal import MartletBase
internal import MartletNode
internal import MartletRing

/// What a node has found out since it started.
struct Acquaintance {
    /// Whether it lets clients in.
    private(set) var isReady = false
    /// Of whom it has heard whether there is a link to them.
    private var settled: Set<NodeID> = []
    private var open: [NodeID: Set<Int>] = [:]
    private let shard: Shard

    /// What `shard` has found out: nothing.
    init(of shard: Shard) { self.shard = shard }

    mutating func take(_ event: NodeEvent) {
        switch event {
        case .linkOpened(let peer):
            open[peer.node, default: []].insert(peer.shard.index)
            if open[peer.node]?.count == shard.counterparts(among: peer.shard.count).count {
                settled.insert(peer.node)
            }
        case .linkClosed(let peer): settled.insert(peer.node)
        default: break
        }
    }

    mutating func becameReady() { isReady = true }

    /// Whether it has heard of all of them.
    func knows(all nodes: [NodeID]) -> Bool { nodes.allSatisfy(settled.contains) }
}

/// Checks a node that does not let clients in.
struct ReadinessCheck {
    let node: Int
    let acquaintance: Acquaintance
    /// The others of the ring that it knows; nil while it knows none.
    let others: [NodeID]?
    /// Whether it started on an empty disk, and has a ring to learn.
    let startsOver: Bool

    func run() -> Finding? {
        if acquaintance.isReady || others == nil && startsOver { return nil }
        guard acquaintance.knows(all: others ?? []) else { return nil }
        return Finding(
            .availability,
            "node \(node + 1) knows of every other node whether there is a link to it, and lets no "
                + "clients in")
    }
}
