// All replicas equal: every home of a key holds the same bytes for it, nobody else holds any, and
// no hints are left.
internal import MartletBase
internal import MartletNode
internal import MartletRing
internal import MartletStorage
internal import MartletVersions

/// Compares what all nodes hold, entry by entry.
struct ConvergenceCheck {
    /// Each node and its storage.
    private let nodes: [(id: NodeID, engine: StorageEngine)]
    private let topology: Topology
    /// What each node holds.
    private let objects: [[StorageKey: Bytes]]

    init(nodes: [(id: NodeID, engine: StorageEngine)], topology: Topology) {
        self.nodes = nodes
        self.topology = topology
        objects = nodes.map { node in
            Dictionary(
                uniqueKeysWithValues: node.engine.everything(in: .objects).map {
                    ($0.key, $0.value)
                })
        }
    }

    /// Among all nodes.
    func run() -> Finding? { run(among: Array(nodes.indices), promise: .convergence) }

    /// Among `members` alone: their hints for each other, and the keys that no other is a home of.
    func run(among members: [Int], promise: Promise) -> Finding? {
        let ids = members.map { nodes[$0].id }
        for index in members {
            let engine = nodes[index].engine
            let hints = engine.everything(in: .hints)
            if let hint = hints.first(where: { $0.key.home.map(ids.contains) ?? true }) {
                return Finding(promise, "node \(index + 1) still keeps the hint \(hint.key)")
            }
            for entry in engine.everything(in: .objects) {
                let homes = topology.homes(of: Partition(index: entry.key.partition))
                guard homes.allSatisfy(ids.contains) else { continue }
                if let difference = difference(entry, at: index, homes: homes) {
                    return Finding(promise, difference)
                }
            }
        }
        return nil
    }

    private func difference(
        _ entry: ScanPage.Entry, at index: Int, homes: [NodeID]
    ) -> String? {
        guard homes.contains(nodes[index].id) else {
            return "node \(index + 1) holds \(entry.key) and is no home of it"
        }
        for (other, node) in nodes.enumerated() where homes.contains(node.id) {
            guard objects[other][entry.key] == entry.value else {
                return "nodes \(index + 1) and \(other + 1) differ in \(entry.key): "
                    + "\(text(of: entry.key, at: index)) and \(text(of: entry.key, at: other))"
            }
        }
        return nil
    }

    private func text(of key: StorageKey, at index: Int) -> String {
        guard let bytes = objects[index][key] else { return "nothing" }
        var reader = ByteReader(bytes)
        guard let object = try? Object(from: &reader) else { return "unreadable bytes" }
        return "\(object.dots) under \(object.context)"
    }
}
