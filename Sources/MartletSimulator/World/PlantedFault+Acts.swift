// How the planted faults spoil what they can: objects, hints, the ring, answers, files.
internal import MartletBase
internal import MartletNode
internal import MartletRing
internal import MartletStorage
internal import MartletVersions
internal import MartletWire

extension World {
    mutating func spoilObject(_ planted: PlantedFault) {
        for node in nodes where node.isUp {
            for (key, object) in objects(at: node)
            where key.space == .objects {
                guard let spoilt = spoilt(object, of: key, at: node.index, planted) else {
                    continue
                }
                var batch = WriteBatch()
                batch.put(key, spoilt.encoded())
                _ = try? node.engine.write(batch)
                return
            }
        }
    }

    private mutating func spoilt(
        _ object: Object, of key: StorageKey, at node: Int, _ planted: PlantedFault
    ) -> Object? {
        guard var sibling = object.siblings.first else { return nil }
        var context = object.context
        switch planted {
        case .inventsVersion:
            sibling.dot.actor.node = NodeID(rawValue: 1)
            context.cover(sibling.dot)
            return Object(context: context, siblings: [sibling])
        case .reusesDot:
            sibling.timestamp.bits += 1
            return Object(context: context, siblings: [sibling] + object.siblings.dropFirst())
        case .extendsExpiry:
            guard let expiry = sibling.expiry else { return nil }
            sibling.expiry = WallTime(milliseconds: expiry.milliseconds + 1)
            return Object(context: context, siblings: [sibling] + object.siblings.dropFirst())
        default:
            guard let old = remembered else {
                remembered = (node, key, object)
                return nil
            }
            guard old.key == key, object.context != old.object.context,
                let gone = old.object.siblings.first, !object.dots.contains(gone.dot),
                object.dots.contains(where: { history.precedes(gone.dot, $0) })
            else { return nil }
            if planted == .undoesDelete {
                guard let number = history.number(of: key.key), gone.content != .tombstone,
                    history.isDeleted(gone.dot, key: number, within: context)
                else { return nil }
            }
            let kept = planted == .undoesDelete ? [] : object.siblings
            remembered = nil
            return Object(context: context, siblings: (kept + [gone]).sorted { $0.dot < $1.dot })
        }
    }

    mutating func loseVersions() {
        guard let key = history.acknowledged.first?.key else { return }
        for node in nodes where node.isUp {
            guard let topology = node.topology else { continue }
            let partition = topology.partition(ofKey: history.keys[key])
            var batch = WriteBatch()
            batch.drop(.objects, partition: partition.index)
            _ = try? node.engine.write(batch)
        }
    }

    /// A node's context is joined with that of another which holds a sibling the node never had.
    mutating func takeForeignContext() {
        for node in nodes where node.isUp {
            for (key, object) in objects(at: node)
            where key.space == .objects {
                for other in nodes where other.index != node.index {
                    guard let foreign = mirror.entry(key, at: other.index)?.object,
                        foreign.dots.contains(where: { !object.context.covers($0) })
                    else { continue }
                    var context = object.context
                    context.join(foreign.context)
                    guard let spoilt = Object(context: context, siblings: object.siblings) else {
                        continue
                    }
                    var batch = WriteBatch()
                    batch.put(key, spoilt.encoded())
                    _ = try? node.engine.write(batch)
                    return
                }
            }
        }
    }

    mutating func forgetHint() {
        for node in nodes where node.isUp {
            guard let hint = (try? node.engine.scanAll(.hints))?.first else { continue }
            var batch = WriteBatch()
            batch.delete(hint.key)
            _ = try? node.engine.write(batch)
            return
        }
    }

    // MARK: The ring

    /// Spoils what the first node has written down of the ring; a while later it starts again and
    /// reads that.
    mutating func spoilRing(_ planted: PlantedFault) {
        plantStep += 1
        guard let node = nodes.first, node.isUp, let topology = node.topology else { return }
        if plantStep == 3 { crash(0, .nothing, for: .milliseconds(100)) }
        guard plantStep == 1 else { return }
        var batch = WriteBatch()
        let key = StorageKey.state("topology")
        if planted == .forgetsRing {
            batch.delete(key)
        } else if let other = try? Topology(
            epoch: topology.epoch, clusterName: topology.clusterName,
            clusterID: topology.clusterID, secret: topology.secret,
            replicaCount: topology.replicaCount, partitionCount: topology.partitionCount,
            members: topology.members, homeIndexes: topology.homeIndexes.reversed())
        {
            batch.put(key, other.encoded())
        }
        _ = try? node.engine.write(batch)
    }

    /// With `losesManifest`, a crash takes the file that says what is data.
    func removeManifest(of node: SimulatedShard) {
        guard planted == .losesManifest, let names = try? node.disk.list() else { return }
        for name in names where name.hasPrefix("manifest-") { try? node.disk.remove(name) }
        try? node.disk.syncDirectory()
    }

    /// With `rotsUnseen`, bits of a node's tables turn, and nobody knows that its disk is at fault.
    func rotTables() {
        guard let node = nodes.first else { return }
        for file in node.disk.damageableFiles where file.name.hasPrefix("table-") {
            node.disk.flipBit(in: file.name, at: file.byteCount / 2, bit: 0)
        }
    }

    // MARK: Answers

    /// With `dropsLateWrites`, the first node takes nothing that its client does not wait for.
    mutating func drops(_ message: PeerMessage, from: Int) -> Bool {
        guard case .replication(.put(let put)) = message else {
            if case .replication(.parcel) = message { return true }
            return false
        }
        guard put.purpose == .write else { return true }
        let isAwaited = put.object.dots.contains { dot in
            history.versions[dot]?.operation.map { !history.operations[$0].isAnswered } ?? false
        }
        if isAwaited { return false }
        let reply = ReplicaPutReply(operation: put.operation, outcome: .stored)
        send(.replication(.putReplies([reply])), from: 0, to: from)
        return true
    }

    /// With `forgetsReturned`, whether a node has come back, and nobody calls it.
    func forgetsReturned(_ shard: Int) -> Bool {
        planted == .forgetsReturned && shards[shard].life > 0
    }

    /// When a version was issued, as the checkers are shown it.
    func spoilt(_ timestamp: HybridTimestamp) -> HybridTimestamp {
        guard planted == .datesBehindItsWord else { return timestamp }
        return HybridTimestamp(bits: timestamp.bits - UInt64(Self.backdating.milliseconds) << 16)
    }

    private static let backdating = Duration.seconds(60)

    /// The ring as the checkers are shown it.
    func spoilt(_ topology: Topology?) -> Topology? {
        guard planted == .crowdsHomes, let topology else { return topology }
        let row = topology.homeIndexes.prefix(topology.homesPerPartition)
        return try? Topology(
            epoch: topology.epoch, clusterName: topology.clusterName,
            clusterID: topology.clusterID, secret: topology.secret,
            replicaCount: topology.replicaCount, partitionCount: topology.partitionCount,
            members: topology.members,
            homeIndexes: (0..<topology.partitionCount.value).flatMap { _ in row })
    }

    /// With `answersOlder`, whether a read is bound to show a version and no acknowledged write.
    private func mayMiss(_ read: ReadAnswer, _ number: Int) -> Bool {
        guard let floor = floors[number] else { return false }
        let operation = history.operations[number]
        let met = homesMet(by: read, operation)
        let losses = Losses(shards)
        let known = ReadCheck(
            floor: floor, homesMet: met, key: operation.key, losses: losses, began: operation.began)
        let held = HeldReadCheck(
            floor: floor, homesMet: met, key: operation.key, losses: losses, began: operation.began)
        return known.bound(history).isEmpty && !held.bound.isEmpty
    }

    /// The answer as a planted fault spoils it.
    func spoilt(
        _ answer: ClientAnswer, of operation: Operation, _ number: Int
    ) -> ClientAnswer {
        if planted == .waitsForOthers, core != nil, operation.kind != .get {
            let evidence = Evidence(coordinator: NodeID(rawValue: 0))
            return .failed(.timedOut(needed: 1, answered: 0, evidence: evidence))
        }
        if planted == .failsAtWhim, case .written(let write) = answer, number % 50 == 49 {
            return .failed(.unavailable(needed: 1, reachable: 0, evidence: write.evidence))
        }
        if planted == .refusesWhatIsDone, case .written = answer { return .failed(.overloaded) }
        guard case .read(var read) = answer,
            planted == .answersEmpty || planted == .answersOlder && mayMiss(read, number)
        else { return answer }
        read.object = Object()
        return .read(read)
    }
}
