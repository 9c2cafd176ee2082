// Where the checkers look: into every chunk a node logs, into every answer, and over all nodes
// after each fault and at the end.
internal import MartletBase
internal import MartletNode
internal import MartletReplication
internal import MartletRing
internal import MartletStorage
internal import MartletVersions
internal import MartletWire

extension World {
    /// Keeps the first finding; the run ends with it.
    mutating func found(_ finding: Finding?) {
        guard violation == nil, let finding else { return }
        violation = Violation(finding: finding, at: now)
        log.tell(
            now, -1,
            "broken promise \"\(finding.promise.rawValue)\": "
                + words.names.told(finding.witness))
        log.isAftermath = true
    }

    /// What a node holds in a space, ascending. That a sound disk does not read back is a finding
    /// like any other; then the node counts for holding nothing.
    mutating func entries(
        of node: SimulatedShard, in space: StorageKey.Space
    ) -> [ScanPage.Entry] {
        do throws(StorageError) { return try node.entries(in: space) } catch {
            found(
                Finding(
                    .storageOpens, "node \(node.index + 1) cannot read what it holds: \(error)"))
            return []
        }
    }

    /// The objects that a node holds of any key, hints by copy included, in the order of its
    /// storage.
    mutating func objects(
        at node: SimulatedShard
    ) -> [(key: StorageKey, object: Object)] {
        let held = entries(of: node, in: .objects) + entries(of: node, in: .hints)
        return mirror.objects(of: held, at: node.index)
    }

    // MARK: What a node logs

    mutating func check(_ chunk: LogChunk, of node: SimulatedShard) {
        do {
            for (position, change) in try chunk.changes() {
                try check(change, at: position, of: node)
                if change.isOfRing {
                    node.ringLoggedAt = position
                    checkRing(of: node)
                }
            }
        } catch {
            found(Finding(.nothingInvented, "node \(node.index + 1) logged \(error)"))
        }
    }

    private mutating func check(
        _ change: WriteBatch.Change, at position: LogPosition, of node: SimulatedShard
    ) throws(FormatError) {
        switch change {
        case .put(let key, let bytes) where key.space == .objects || key.space == .hints:
            try check(key, bytes, at: position, of: node)
        case .delete(let key) where key.space == .objects || key.space == .hints:
            guard let gone = mirror.delete(key, at: node.index) else { return }
            log.tell(now, node.index, words.letGo(key, holding: gone.object))
            if key.space == .hints {
                checkRelease(of: key, carrying: gone.object, by: node)
            } else {
                checkRemoval(of: key, holding: gone.object, at: node)
            }
        case .put(let key, let bytes) where key.space == .state:
            try checkWatermark(key, bytes, at: position, of: node)
        case .delete(let key) where key.space == .state: noteForgotten(key, of: node)
        case .drop(let space, let partition):
            if space == .objects { checkDrop(of: partition, at: node) }
            log.tell(now, node.index, words.dropped(space, partition))
            mirror.drop(space, partition, at: node.index)
        case .put, .delete: break
        }
    }

    private mutating func check(
        _ entry: StorageKey, _ bytes: Bytes, at position: LogPosition, of node: SimulatedShard
    ) throws(FormatError) {
        let put = try mirror.put(entry, bytes, at: node.index, position: position)
        guard let (before, after) = put, let id = node.id,
            let key = history.number(of: entry.key)
        else { return }
        log.tell(
            now, node.index, words.wrote(entry, before: before?.object, after: after.object))
        if entry.space == .objects, let before {
            noteSettled(before.object, after: after.object, under: entry, number: key, of: node)
            notePruned(before.object, after: after.object, under: entry, number: key, of: node)
        }
        let isHint = entry.space == .hints
        let check = LoggedVersionsCheck(
            node: id, writesAs: node.writesAs ?? id, isHint: isHint,
            mayStandIn: isHint || node.isDamaged, nodes: nodeIDs, key: key,
            judgement: mayHaveLostData
                ? judgement(of: node, in: entry.partition) : HybridTimestamp(bits: .max))
        let asStandIn =
            check.mayStandIn
            ? mirror.standInDots(entry, before: before, at: node.index, homes: nodeIDs) : []
        let known = history.lineages[key].dots.count
        found(
            check.run(
                before: before, after: after, standInDots: asStandIn, history: &history))
        noteIssued(key, since: known, by: node)
    }

    /// A node has issued the versions of a key from the place `first` on.
    private mutating func noteIssued(_ key: Int, since first: Int, by node: SimulatedShard) {
        let lineage = history.lineages[key]
        for place in first..<lineage.dots.count {
            if !node.isDamaged {
                found(
                    said.issued(
                        lineage.dots[place], spoilt(lineage.timestamps[place]), by: node.index))
            }
            begunWrites.append(
                BegunWrite(
                    dot: lineage.dots[place], place: place, key: key, coordinator: node.index,
                    at: now))
        }
    }

    /// A hint has gone home, or, where its home is none any more, to another.
    private mutating func checkRelease(
        of hint: StorageKey, carrying object: Object, by keeper: SimulatedShard
    ) {
        guard let home = hint.home, !nodes[nodeIndex(of: home)].isDamaged else { return }
        let view = keeper.topology?.view(of: Partition(index: hint.partition))
        let heirs = view.map { $0.includes(home) ? [home] : $0.homes } ?? [home]
        let findings = heirs.map { heir in
            let key = StorageKey.object(partition: hint.partition, key: hint.key)
            let node = shardIndex(of: heir, for: hint.partition)
            // What a node takes over itself its log has before it lets the hint go.
            let unsynced = node == keeper.index ? [] : mirror.unsynced(under: key, at: node)
            let check = HintReleaseCheck(
                hint: hint, carried: object,
                atHome: mirror.entry(key, at: node)?.object ?? Object(),
                homeLostDiskAt: shards[node].lostDiskAt, unsynced: unsynced,
                number: history.number(of: hint.key))
            return check.run(history)
        }
        if findings.contains(where: { $0 == nil }) { return }
        found(findings.first ?? nil)
    }

    /// What a node knows of the ring, which it may just have changed.
    mutating func checkRing(of node: SimulatedShard) {
        guard let id = node.id, node.isUp, node.shard.index == 0 else { return }
        found(topologyWatch.see(spoilt(node.topology), at: id, now: now))
        occurrences[.movesCompleted] = topologyWatch.completions
    }

    // MARK: What a client is shown

    /// `places` are those of the siblings that it shows, as far as these were issued for the key.
    mutating func check(_ read: ReadAnswer, places: [Int], _ number: Int) {
        let operation = history.operations[number]
        if read.object.siblingCount > 1 { occurrences[.sibling] += 1 }
        let wall = nodes[operation.node].wall(now)
        if read.object.siblings.contains(where: { $0.expiry.map { $0 <= wall } ?? false }) {
            occurrences[.expired] += 1
        }
        let shown = ShownVersionsCheck(key: operation.key)
        found(shown.run(read.object, places: places, history: history))
        guard let floor = floors.removeValue(forKey: number) else { return }
        checkOverChanges(read, operation, places, floor)
        guard hasSameReaders(operation, as: floor) else { return }
        let check = ReadCheck(
            floor: floor, homesMet: homesMet(by: read, operation), key: operation.key,
            losses: Losses(shards), began: operation.began)
        let bound = check.bound(history)
        if !bound.isEmpty { occurrences[.boundRead] += 1 }
        if check.isBoundByDeletes { occurrences[.readAfterDelete] += 1 }
        found(check.run(read.object, places: places, bound: bound, history: history))
        let held = HeldReadCheck(
            floor: floor, homesMet: check.homesMet, key: operation.key, losses: check.losses,
            began: operation.began)
        found(held.run(read.object, places: places, bound: held.bound, history: history))
    }

    /// The homes that may answer a read.
    func readers(
        of partition: Partition, _ topology: Topology, _ operation: Operation
    ) -> [Int] {
        topology.readers(of: partition).prefix(operation.homeCount ?? .max)
            .map { shardIndex(of: $0, for: partition.index) }
    }

    /// How many homes a read has met for certain: all that it needed, where no stand-in was asked.
    func homesMet(by read: ReadAnswer, _ operation: Operation) -> Int {
        let isSloppy = read.evidence.witnesses.contains { $0.standsInFor != nil }
        return isSloppy ? operation.neededHomes : max(operation.needed, operation.neededHomes)
    }

    /// What is settled of a key, before a read of it begins.
    func floor(of operation: Operation) -> ReadFloor? {
        guard let topology = nodes[operation.node].topology else { return nil }
        let partition = topology.partition(ofKey: history.keys[operation.key])
        let homes = readers(of: partition, topology, operation)
        let key = StorageKey.object(
            partition: partition.index, key: history.keys[operation.key])
        let lineage = history.lineages[operation.key]
        let held = mirror.entries(key, at: homes)
        let versions = versions(held, at: homes, key: operation.key)
        if lineage.tombstones.isEmpty {
            return ReadFloor(
                homes: homes, writes: history.latest[operation.key], deletes: [], held: versions)
        }
        let judged = homes.map { judgement(of: shards[$0], in: partition.index) }
        let settled = lineage.tombstones.suffix(ReadFloor.deleteLimit).filter { delete in
            history.isBuried(delete, key: operation.key)
                && judged.allSatisfy { lineage.timestamps[delete] <= $0 }
                || held.allSatisfy { $0?.object.covers(lineage.dots[delete]) ?? false }
        }
        return ReadFloor(
            homes: homes, writes: history.latest[operation.key], deletes: settled, held: versions)
    }

    /// The versions that homes hold, each with those that cover it.
    private func versions(
        _ held: [ReplicaMirror.Entry?], at homes: [Int], key: Int
    ) -> [HeldAtHomes] {
        var versions: [HeldAtHomes] = []
        for entry in held {
            for sibling in entry?.object.siblings ?? [] {
                guard let version = history.versions[sibling.dot], version.key == key,
                    !versions.contains(where: { $0.place == version.place })
                else { continue }
                let holders = held.indices.filter {
                    held[$0]?.object.covers(sibling.dot) ?? false
                }
                versions.append(HeldAtHomes(place: version.place, homes: holders.map { homes[$0] }))
            }
        }
        return versions
    }

    mutating func check(_ write: WriteAnswer, _ number: Int) {
        let operation = history.operations[number]
        occurrences[.acknowledgedWrite] += 1
        guard let version = history.versions[write.dot], version.operation == number else {
            let finding = Finding(
                .nothingInvented,
                "write w\(number) was acknowledged as \(write.dot), which is not it")
            return found(finding)
        }
        let key = history.keys[operation.key]
        guard let topology = nodes[operation.node].topology else { return }
        let partition = topology.partition(ofKey: key).index
        let object = StorageKey.object(partition: partition, key: key)
        var holders: [EvidenceCheck.Holder] = []
        for witness in write.evidence.witnesses
        where witness.act == .stored || witness.act == .synced {
            var holder = EvidenceCheck.Holder(
                node: shardIndex(of: witness.node, for: partition), isSynced: witness.act == .synced
            )
            if let home = witness.standsInFor {
                let hint = StorageKey.hint(partition: partition, key: key, home: home)
                holder.standsInFor = (shardIndex(of: home, for: partition), hint)
                if witness.node == write.evidence.coordinator {
                    occurrences[.fallbackCoordinated] += 1
                }
            }
            let view = shards[holder.node].topology?.view(of: Partition(index: partition))
            if let view, !view.includes(witness.standsInFor ?? witness.node) {
                holder.heirs = view.readers.map { shardIndex(of: $0, for: partition) }
            }
            holders.append(holder)
        }
        let check = EvidenceCheck(
            dot: write.dot, object: object, holders: holders,
            isBuried: history.isBuried(version.place, key: operation.key))
        found(check.run(operation, mirror: mirror, Losses(shards), now: now))
        history.acknowledge(
            Acknowledgement(
                operation: number, key: operation.key, dot: write.dot, place: version.place,
                at: now,
                holders: holders.map {
                    Acknowledgement.Holder(
                        node: $0.node, isSynced: $0.isSynced, standsInFor: $0.standsInFor?.home)
                }))
        staleness.acknowledged(version.place, key: operation.key, at: now, history)
    }

    // MARK: Over all nodes

    /// What must hold at every moment, looked at when a fault ends.
    mutating func checkAlways() {
        checkAcknowledgedWrites(.acknowledgedWrites)
        for shard in shards {
            checkRing(of: shard)
            checkWatermarks(of: shard)
        }
        checkTallies()
    }

    mutating func checkAcknowledgedWrites(_ promise: Promise) {
        var surviving = [[Dot]](repeating: [], count: history.keys.count)
        for shard in shards {
            for (key, object) in objects(at: shard) {
                guard let number = history.number(of: key.key) else { continue }
                for dot in object.dots where !surviving[number].contains(dot) {
                    surviving[number].append(dot)
                }
            }
        }
        let check = AcknowledgedWritesCheck(
            promise: promise, surviving: surviving, losses: Losses(shards))
        found(check.run(history))
    }

    /// What must hold once everything has settled.
    func unsettled() -> Finding? {
        guard let topology = nodes.lazy.compactMap({ $0.topology }).first,
            shards.allSatisfy({ $0.isOut || $0.topology == topology })
        else { return Finding(.convergence, "not every node is up and knows the ring") }
        if let node = shards.first(where: { !$0.isOut && !$0.isReadable }) {
            return Finding(.convergence, "node \(node.index + 1) cannot read all that it holds")
        }
        let present = shards.indices.filter { !shards[$0].isOut }
        return convergence(topology).run(among: present, promise: .convergence)
    }

    /// What a plain read shows of every key, now that all homes hold the same.
    mutating func checkShownOrder() {
        var acknowledged = [[Acknowledgement]](repeating: [], count: history.keys.count)
        for write in history.acknowledged { acknowledged[write.key].append(write) }
        let limit = schedule.replication.maximumClockSkew.milliseconds
        for shard in shards where !shard.isOut {
            for (key, object) in objects(at: shard) where key.space == .objects {
                guard let number = history.number(of: key.key), var shown = object.shown else {
                    continue
                }
                if planted == .showsReplaced, let first = acknowledged[number].first {
                    shown.dot = first.dot
                }
                let check = ShownOrderCheck(key: number, limit: limit)
                found(
                    check.run(
                        shown, among: object.dots, acknowledged: acknowledged[number], history))
            }
        }
    }

    /// A comparison of what all nodes hold; each has started once.
    func convergence(_ topology: Topology) -> ConvergenceCheck {
        let stores = shards.compactMap { shard in
            shard.id.map {
                ConvergenceCheck.Store(node: $0, shard: shard.shard, engine: shard.engine)
            }
        }
        return ConvergenceCheck(stores: stores, topology: topology)
    }

    /// Hints that the nodes say they keep.
    var pendingHints: Int { shards.reduce(0) { $0 + ($1.core?.pendingHints.count ?? 0) } }

    /// Whether no hint is left for anybody who could take it.
    var areHintsDelivered: Bool {
        let out = nodes.filter(\.isOut).compactMap(\.id)
        if out.isEmpty, !nodes.contains(where: \.isDamaged) { return pendingHints == 0 }
        return shards.allSatisfy { $0.isOut || mirror.hintCount(at: $0.index, without: out) == 0 }
    }

    /// Disks that are at fault take hints, and give them back, without telling.
    mutating func checkHintCounts() {
        if nodes.contains(where: \.isDamaged) { return }
        found(HintCountCheck(mirror: mirror, pending: pendingHints).run())
    }
}

extension WriteBatch.Change {
    private static let ring = StorageKey.state("topology")

    /// Whether it changes what the node knows of the ring.
    fileprivate var isOfRing: Bool {
        switch self {
        case .put(let key, _), .delete(let key): key == Self.ring
        case .drop: false
        }
    }
}
