// A node that has started lets clients in as soon as it knows of every other whether it is there:
// it has a link to it, or has tried in vain. Its deadline is for those of whom nothing is heard.
internal import MartletBase
internal import MartletNode

/// What a node has found out since it started.
struct Acquaintance {
    /// Whether it lets clients in.
    private(set) var isReady = false
    /// Of whom it has heard whether there is a link to them.
    private var settled: Set<NodeID> = []

    mutating func take(_ event: NodeEvent) {
        switch event {
        case .linkOpened(let node), .linkClosed(let node): settled.insert(node)
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
