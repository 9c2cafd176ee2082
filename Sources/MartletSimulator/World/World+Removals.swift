// Where the checkers look when the last trace of something goes.
internal import MartletBase
internal import MartletMembership
internal import MartletNode
internal import MartletRing
internal import MartletStorage
internal import MartletVersions

extension World {
    /// Every tree is held against what its node holds.
    mutating func checkTrees() {
        for node in shards where node.isUp && node.isReadable {
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
        of entry: StorageKey, holding object: Object, at node: SimulatedShard
    ) {
        guard let number = history.number(of: entry.key) else { return }
        occurrences[.removal] += 1
        trace?.removed(number, at: node.process.index, now)
        found(
            SettledRemovalCheck(
                node: node.index, key: number, object: object, wall: middleOfClocks(asReadBy: node),
                entry: entry,
                others: otherHomes(of: entry, beside: node)
            ).run(history, mirror))
        history.bury(history.places(of: object.dots, key: number), key: number)
    }

    /// How long after a clock was read anew a removal may still go by what was read before.
    private static let decisionNanoseconds: UInt64 = 5_000_000_000

    /// What the clock in the middle shows, of all nodes: by it nothing may live any more that goes.
    /// Of a clock that was set since `reader` read it the later time counts.
    private func middleOfClocks(asReadBy reader: SimulatedShard) -> WallTime {
        let walls = nodes.map { node in
            let readAt = node.id.flatMap { reader.core?.clocks.readAt($0) }
            let since = (readAt.map { reader.worldTime(of: $0) } ?? now).nanoseconds
            let lead = node.process.clock.lead(
                since: Instant(nanoseconds: since - min(since, Self.decisionNanoseconds)))
            return WallTime(
                milliseconds: UInt64(Int64(node.moment(now).wall.milliseconds) + lead))
        }
        return walls.sorted()[(walls.count - 1) / 2]
    }

    /// A tombstone that is settled goes from beside a version that its delete did not know. One
    /// that is not has been replaced by a write that knew it, which no checker may have met yet.
    mutating func noteSettled(
        _ before: Object, after: Object, under entry: StorageKey, number: Int,
        of node: SimulatedShard
    ) {
        let gone = before.siblings.filter { sibling in
            sibling.content == .tombstone && !after.dots.contains(sibling.dot)
        }
        guard !gone.isEmpty,
            let settled = node.watermark(of: entry.partition)
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

    /// A context forgets versions that were replaced: those that every home has seen. One that has
    /// lost data forgets as it can.
    mutating func notePruned(
        _ before: Object, after: Object, under entry: StorageKey, number: Int,
        of node: SimulatedShard
    ) {
        if after.context.dominates(before.context) { return }
        if node.isDamaged { mirror.forget(before.context, under: entry, at: node.index) }
        let lineage = history.lineages[number]
        let others = otherHomes(of: entry, beside: node)
        for place in lineage.places(coveredBy: before.context, beyond: after.context)
        where !history.isBuried(place, key: number) {
            let dot = lineage.dots[place]
            let blind = others.first { !$0.hasSeen(dot, of: entry, history, mirror) }
            guard let blind else {
                occurrences[.contextPruned] += 1
                history.bury([place], key: number)
                continue
            }
            if !node.isDamaged {
                let witness =
                    "node \(node.index + 1) has forgotten \(dot) of key \(number), which node "
                    + "\(blind.node + 1), a home too, has never seen"
                return found(Finding(.removalsSettled, witness))
            }
        }
    }

    /// The other homes of a key.
    private func otherHomes(
        of entry: StorageKey, beside node: SimulatedShard
    ) -> [OtherHome] {
        guard let topology = node.topology else { return [] }
        return topology.readers(of: Partition(index: entry.partition)).compactMap { home in
            let index = shardIndex(of: home, for: entry.partition)
            if index == node.index { return nil }
            return OtherHome(node: index, lostDiskAt: shards[index].lostDiskAt)
        }
    }
}
