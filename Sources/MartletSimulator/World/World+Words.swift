// Where the checkers listen to what nodes tell each other: what each is asked, as it comes, and
// what it says, as it leaves. Of a node whose disk is at fault no word is held against it.
internal import MartletBase
internal import MartletNode
internal import MartletRing
internal import MartletStorage
internal import MartletVersions
internal import MartletWire

extension World {
    // MARK: Heard

    /// Notes what a node is asked, just before it learns of it.
    mutating func note(heard message: PeerMessage, from asker: Int, at node: Int) {
        switch message {
        case .replication(.put(let put)): said.asked(put, by: asker, at: node)
        case .exchange(.roots(let roots)):
            let engine = shards[node].engine
            let equal = roots.entries.filter { engine.tree(of: $0.partition)?.root == $0.root }
            let seen = WordWatch.Roots(
                partitions: roots.entries.map(\.partition), equal: equal.map(\.partition),
                position: engine.appended)
            said.shown(seen, in: roots.round, by: asker, at: node)
        default: return
        }
    }

    // MARK: Said

    /// Holds what a node sends against what it has.
    mutating func check(said message: PeerMessage, by node: SimulatedShard, to other: Int) {
        work.messages += 1
        switch message {
        case .replication(.put(let put)) where put.purpose == .write: work.puts += 1
        case .replication(.get): work.gets += 1
        case .replication(.forward(let forward)): check(forward, by: node)
        default: break
        }
        if node.isDamaged { return }
        switch message {
        case .replication(.putReplies(let replies)):
            for reply in replies { check(reply, by: node, to: other) }
        case .exchange(.promise(let promise)): check(promise, by: node)
        case .exchange(.rootsReply(let reply)): check(reply, by: node, to: other)
        case .exchange(.roots(let roots)):
            for entry in roots.entries {
                check(settled: entry.partition, upTo: entry.watermark, by: node)
            }
        case .exchange(.settled(let settled)):
            for entry in settled.entries {
                check(settled: entry.partition, upTo: entry.watermark, by: node)
            }
        case .replication(.removed(let removed)): check(removed, by: node)
        case .moved(let report): check(report.fills, by: node)
        default: return
        }
    }

    /// A write that is handed on goes to each home, and does not circle.
    private mutating func check(_ forward: Forward, by node: SimulatedShard) {
        guard let key = history.number(of: forward.request.key),
            let topology = node.topology
        else { return }
        let count = history.forwarded(forward.request, of: key)
        let limit = RequestWorkCheck.forwardLimit(homes: topology.homesPerPartition)
        guard count > limit else { return }
        found(
            Finding(
                .boundedWork,
                "a write of key \(key) was handed on \(count) times, now by node "
                    + "\(node.index + 1)"))
    }

    private mutating func check(_ reply: ReplicaPutReply, by node: SimulatedShard, to asker: Int) {
        guard let asked = said.answered(reply, to: asker, by: node.index),
            reply.outcome == .stored, let number = history.number(of: asked.put.key),
            let topology = node.topology
        else { return }
        let put = asked.put
        let partition = topology.partition(ofKey: put.key)
        let entry =
            put.heldFor.map { StorageKey.hint(partition: partition.index, key: put.key, home: $0) }
            ?? .object(partition: partition.index, key: put.key)
        let view = topology.view(of: partition)
        let isHome = (put.heldFor ?? node.id).map(view.includes) ?? false
        let takers = isHome ? [put.heldFor].compactMap { $0 } : view.all
        let check = StoredWordCheck(
            node: node.index, put: put, promised: asked.promised, entry: entry,
            takers: takers.map { shardIndex(of: $0, for: partition.index) },
            settled: node.watermark(of: partition.index) ?? HybridTimestamp(bits: 0), key: number)
        found(check.run(mirror, history))
    }

    private mutating func check(_ reply: TreeRootsReply, by node: SimulatedShard, to asker: Int) {
        guard let seen = said.answered(reply, to: asker, by: node.index) else { return }
        found(
            EqualWordCheck(
                node: node.index, reply: reply, seen: seen, synced: mirror.synced(node.index)
            ).run())
    }

    /// A promise names every partition in which its node keeps a hint that is as old.
    private mutating func check(_ promise: MartletWire.Promise, by node: SimulatedShard) {
        found(said.promises(promise.floor, by: node.index))
        for partition in mirror.hintedPartitions(at: node.index)
        where !promise.hinted.contains(partition) {
            guard let hint = mirror.hint(in: partition, upTo: promise.floor, at: node.index) else {
                continue
            }
            found(
                Finding(
                    .wordsTrue,
                    "node \(node.index + 1) promises up to \(promise.floor.bits) that it keeps no "
                        + "hint in partition \(partition), and keeps \(hint)"))
        }
    }

    /// A home says up to where a partition is settled: no further than some node has written down,
    /// which was checked then, or than it can be seen to be. One that has lost its disk knows
    /// nothing until it is filled.
    private mutating func check(
        settled partition: UInt16, upTo watermark: HybridTimestamp, by node: SimulatedShard
    ) {
        if watermark.bits == 0 { return }
        if isUnfilled(node, in: partition) {
            found(
                Finding(
                    .wordsTrue,
                    "node \(node.index + 1) has lost its disk and says that partition \(partition) "
                        + "is settled up to \(watermark.bits)"))
        }
        guard !watermarks.isKnown(watermark, of: partition), let topology = node.topology
        else { return }
        checkSettled(partition, upTo: watermark, topology)
    }

    /// What a home says to cover of a key it covers, unless that has been removed by now.
    private mutating func check(_ removed: RemovedVersions, by node: SimulatedShard) {
        guard let topology = node.topology else { return }
        let partition = topology.partition(ofKey: removed.key).index
        check(settled: partition, upTo: removed.watermark, by: node)
        let entry = StorageKey.object(partition: partition, key: removed.key)
        guard let held = mirror.entry(entry, at: node.index)?.object,
            !held.context.dominates(removed.known)
        else { return }
        found(
            Finding(
                .wordsTrue,
                "node \(node.index + 1) says that it covers \(removed.known) of a key, and does not"
            ))
    }
}
