// All replicas equal: every home of a key holds the same siblings of it, nobody else holds any, and
// no hints are left. Contexts may differ by what one home has pruned and another not yet.
internal import MartletBase
internal import MartletNode
internal import MartletRing
internal import MartletStorage
internal import MartletVersions

/// Compares what all nodes hold, entry by entry.
struct ConvergenceCheck {
    /// The storage of one shard.
    struct Store {
        var node: NodeID
        var shard = Shard.only
        var engine: StorageEngine
    }

    private let stores: [Store]
    private let topology: Topology

    init(stores: [Store], topology: Topology) {
        self.stores = stores
        self.topology = topology
    }

    /// Among all shards.
    func run() -> Finding? { run(among: Array(stores.indices), promise: .convergence) }

    /// Among `members` alone: their hints for each other, and the keys that no other is a home of.
    func run(among members: [Int], promise: Promise) -> Finding? {
        let ids = members.map { stores[$0].node }
        var entries = [[ScanPage.Entry]](repeating: [], count: stores.count)
        for index in members {
            do throws(StorageError) {
                let hints = try stores[index].engine.scanAll(.hints)
                if let hint = hints.first(where: { $0.key.home.map(ids.contains) ?? true }) {
                    return Finding(promise, "node \(index + 1) still keeps the hint \(hint.key)")
                }
                entries[index] = try stores[index].engine.scanAll(.objects)
            } catch {
                return Finding(promise, "node \(index + 1) cannot read what it holds: \(error)")
            }
        }
        let objects = entries.map {
            Objects(uniqueKeysWithValues: $0.map { ($0.key, $0.value) })
        }
        for index in members {
            for entry in entries[index] {
                let homes = topology.homes(of: Partition(index: entry.key.partition))
                guard homes.allSatisfy(ids.contains) else { continue }
                if let difference = difference(entry, at: index, homes: homes, objects) {
                    return Finding(promise, difference)
                }
            }
        }
        return nil
    }

    /// What a node holds.
    private typealias Objects = [StorageKey: Bytes]

    private func difference(
        _ entry: ScanPage.Entry, at index: Int, homes: [NodeID], _ objects: [Objects]
    ) -> String? {
        let partition = Partition(index: entry.key.partition)
        func isHome(_ store: Store) -> Bool {
            homes.contains(store.node)
                && store.shard.serves(partition, of: topology.partitionCount)
        }
        guard isHome(stores[index]) else {
            return "node \(index + 1) holds \(entry.key) and is no home of it"
        }
        for (other, store) in stores.enumerated() where isHome(store) {
            guard areEqual(objects[other][entry.key], entry.value) else {
                return "node \(index + 1) and node \(other + 1) differ in \(entry.key): "
                    + "\(text(objects[index][entry.key])) and \(text(objects[other][entry.key]))"
            }
        }
        return nil
    }

    private func areEqual(_ one: Bytes?, _ other: Bytes) -> Bool {
        one == other || one.flatMap(siblings) == siblings(other)
    }

    private func siblings(_ bytes: Bytes) -> [Sibling]? { object(bytes)?.siblings }

    private func object(_ bytes: Bytes) -> Object? {
        var reader = ByteReader(bytes)
        return try? Object(from: &reader)
    }

    private func text(_ bytes: Bytes?) -> String {
        guard let bytes else { return "nothing" }
        guard let object = object(bytes) else { return "unreadable bytes" }
        return "\(object.dots) under \(object.context)"
    }
}
