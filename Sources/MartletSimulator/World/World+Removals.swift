// Where the checkers look when the last trace of something goes.
internal import MartletBase
internal import MartletNode
internal import MartletRing
internal import MartletStorage
internal import MartletVersions

extension World {
    /// Every tree is held against what its node holds.
    mutating func checkTrees() {
        for node in nodes where node.isUp && node.isReadable {
            let held = entries(of: node, in: .objects)
            found(
                TreeCheck(
                    node: node.index, engine: node.engine, held: held,
                    partitionCount: scenario.partitionCount
                ).run())
        }
    }

    /// A node has removed an object.
    mutating func checkRemoval(
        of entry: StorageKey, holding object: Object, at node: SimulatedNode
    ) {
        guard let number = history.number(of: entry.key) else { return }
        occurrences[.removal] += 1
        trace?.removed(number, at: node.index, now)
        found(
            SettledRemovalCheck(
                node: node.index, key: number, object: object, wall: middleOfClocks, entry: entry,
                others: otherHomes(of: entry, beside: node)
            ).run(history, mirror))
        history.bury(history.places(of: object.dots, key: number), key: number)
    }

    /// What the clock in the middle shows, of all nodes: by it nothing may live any more that goes.
    private var middleOfClocks: WallTime {
        nodes.map { $0.moment(now).wall }.sorted()[(nodes.count - 1) / 2]
    }

    /// A tombstone that is settled goes from beside a version that its delete did not know. One
    /// that is not has been replaced by a write that knew it, which no checker may have met yet.
    mutating func noteSettled(
        _ before: Object, after: Object, under entry: StorageKey, number: Int,
        of node: SimulatedNode
    ) {
        let gone = before.siblings.filter { sibling in
            sibling.content == .tombstone && !after.dots.contains(sibling.dot)
        }
        guard !gone.isEmpty,
            let settled = node.core?.watermark(of: Partition(index: entry.partition))
        else { return }
        let old = gone.filter { $0.timestamp <= settled }.map(\.dot)
        let places = history.places(of: old, key: number)
        let held = history.held(after.dots, key: number, against: places)
        let others = otherHomes(of: entry, beside: node)
        for place in places where !held.covers(place) {
            let dot = history.lineages[number].dots[place]
            if others.allSatisfy({ $0.hasSeen(dot, of: entry, history, mirror) }) {
                history.bury([place], key: number)
            }
        }
    }

    /// The other homes of a key.
    private func otherHomes(
        of entry: StorageKey, beside node: SimulatedNode
    ) -> [OtherHome] {
        guard let topology = nodes.lazy.compactMap({ $0.core?.topology }).first else { return [] }
        return topology.homes(of: Partition(index: entry.partition)).compactMap { home in
            let index = nodeIndex(of: home)
            if index == node.index { return nil }
            return OtherHome(node: index, lostDiskAt: nodes[index].lostDiskAt)
        }
    }
}
