// How the planted faults spoil what is settled: removals, promises, watermarks, trees.
internal import MartletBase
internal import MartletNode
internal import MartletRing
internal import MartletStorage
internal import MartletVersions
internal import MartletWire

extension World {
    /// How old a tombstone may be.
    private static let ageLimit = Duration.milliseconds(500)

    /// Every node removes what has been deleted for a while.
    mutating func removeByAge() {
        for node in nodes where node.isUp {
            let wall = node.wall(now).milliseconds - UInt64(Self.ageLimit.milliseconds)
            var batch = WriteBatch()
            for (key, object) in objects(at: node)
            where key.space == .objects && object.context.horizon.wall.milliseconds < wall
                && object.siblings.allSatisfy({ $0.content == .tombstone })
            {
                batch.delete(key, replacing: mirror.entry(key, at: node.index)?.bytes)
            }
            if !batch.isEmpty { _ = try? node.engine.write(batch) }
        }
    }

    /// The first node removes what has expired by its own wall clock.
    mutating func removeByOwnClock() {
        guard let node = nodes.first, node.isUp else { return }
        let wall = node.moment(now).wall
        var batch = WriteBatch()
        for (key, object) in objects(at: node)
        where key.space == .objects && object.isAbsent(at: wall) {
            batch.delete(key, replacing: mirror.entry(key, at: node.index)?.bytes)
        }
        if !batch.isEmpty { _ = try? node.engine.write(batch) }
    }

    /// Every node prunes contexts as if all were settled.
    mutating func pruneUnsettled() {
        for node in nodes where node.isUp {
            var batch = WriteBatch()
            for (key, object) in objects(at: node) where key.space == .objects {
                var pruned = object
                pruned.pruneSettled(HybridTimestamp(bits: .max))
                if pruned == object { continue }
                batch.put(
                    key, pruned.encoded(),
                    replacing: mirror.entry(key, at: node.index)?.bytes)
            }
            if !batch.isEmpty { _ = try? node.engine.write(batch) }
        }
    }

    /// The first node loses its watermarks, and starts again a while later.
    mutating func forgetWatermarks() {
        guard let node = nodes.first, node.isUp, let core = node.core else { return }
        if plantStep > 0 { plantStep += 1 }
        if plantStep == 3 { return crash(0, .nothing, for: .milliseconds(100)) }
        guard plantStep == 0 else { return }
        var batch = WriteBatch()
        for index in 0..<scenario.partitionCount
        where core.watermark(of: Partition(index: UInt16(index))).bits > 0 {
            batch.delete(.state("watermark-\(index)"))
        }
        guard !batch.isEmpty else { return }
        _ = try? node.engine.write(batch)
        plantStep = 1
    }

    /// The first node takes every partition for settled up to what was written last, while some
    /// nodes cannot reach each other.
    mutating func settleUnproven() {
        guard let node = nodes.first, node.isUp, blocks.contains(where: { $0 > 0 }) else { return }
        var latest: [UInt16: HybridTimestamp] = [:]
        for key in history.keys.indices {
            guard let last = history.lineages[key].timestamps.last,
                let topology = node.topology
            else { continue }
            let partition = topology.partition(ofKey: history.keys[key]).index
            latest[partition] = max(latest[partition] ?? last, last)
        }
        var batch = WriteBatch()
        for partition in latest.keys.sorted() {
            guard let watermark = latest[partition] else { continue }
            var writer = ByteWriter()
            writer.write(watermark.bits)
            batch.put(.state("watermark-\(partition)"), writer.take())
        }
        if !batch.isEmpty { _ = try? node.engine.write(batch) }
    }

    /// With `trustsEmptyDisk`, a node that starts over has the watermarks that others know.
    func spoilRebirth(of node: SimulatedShard) {
        guard planted == .trustsEmptyDisk, node.core?.startsOver == true else { return }
        var batch = WriteBatch()
        batch.delete(.state("lost-disk"))
        for index in 0..<scenario.partitionCount {
            let partition = Partition(index: UInt16(index))
            let known = nodes.compactMap { $0.core?.watermark(of: partition) }
            var writer = ByteWriter()
            writer.write((known.max() ?? HybridTimestamp(bits: 0)).bits)
            batch.put(.state("watermark-\(index)"), writer.take())
        }
        _ = try? node.engine.write(batch)
    }

    /// The first node writes what it holds of a key once more, as if there had been nothing.
    mutating func spoilTree() {
        guard let node = nodes.first, node.isUp else { return }
        let entries = entries(of: node, in: .objects)
        guard !entries.isEmpty else { return }
        let entry = entries[plantStep % entries.count]
        plantStep += 1
        var batch = WriteBatch()
        batch.put(entry.key, entry.value, replacing: nil)
        _ = try? node.engine.write(batch)
    }
}

extension PlantedFault {
    /// The message as the fault spoils it.
    func spoilt(_ message: PeerMessage) -> PeerMessage {
        switch (self, message) {
        case (.forgetsHintsInPromises, .exchange(.promise(var promise))):
            promise.hinted = []
            return .exchange(.promise(promise))
        case (.promisesUnsynced, .exchange(.promise(var promise))):
            promise.floor.bits += 1
            return .exchange(.promise(promise))
        case (.confusesNames, .pushPull(var view)):
            for index in view.members.indices { view.members[index].name = "namesake" }
            return .pushPull(view)
        case (.saysEqual, .exchange(.rootsReply(var reply))):
            reply.differing = []
            return .exchange(.rootsReply(reply))
        case (.runsLateForwards, .replication(.forward(var forward))):
            forward.startBy = .never
            return .replication(.forward(forward))
        case (.takesHintsBeforeSync, .replication(.put(var put))) where put.purpose == .hint:
            put.durable = false
            return .replication(.put(put))
        case (.fillsWithNothing, .handover(.chunk(var chunk))):
            chunk.payload = []
            chunk.next = nil
            return .handover(.chunk(chunk))
        case (.keepsFillsSecret, .moved): return .moved(MoveReport())
        default: return message
        }
    }

    /// How often a node sends the message.
    func copies(of message: PeerMessage) -> Int {
        if self == .repeatsForwards, case .replication(.forward) = message { return 100 }
        return 1
    }

    /// The message as a node understands it that the fault has spoilt.
    func misheard(_ message: PeerMessage) -> PeerMessage {
        guard self == .tellsBeforeSync, case .replication(.put(var put)) = message else {
            return message
        }
        put.durable = false
        return .replication(.put(put))
    }
}

extension PeerMessage {
    /// Whether a replica answers a coordinator.
    var isOfReplica: Bool {
        switch self {
        case .replication(.putReplies), .replication(.getReply): true
        default: false
        }
    }
}
