// Disks that are lost, with all that was on them: the node starts again on an empty one, as the
// node that it was. What it takes from then on it has to keep like any other.
internal import MartletBase
internal import MartletNode
internal import MartletRing
internal import MartletStorage
internal import MartletVersions

extension World {
    /// The disk of a node is gone. One that is up crashes, and starts on an empty disk after
    /// `lasting`; one that is down does so when it is back.
    mutating func loseDisk(of node: SimulatedShard, for lasting: Duration) {
        guard let id = node.id, !node.isOut else { return }
        occurrences[.lostDisk] += 1
        crash(node.index, .everything, for: lasting)
        node.process.configuration.inPlaceOf = id
        node.process.lostDiskAt = now
        node.process.crashedAt = now
        for shard in shards(of: node.index) {
            do {
                try shard.loseDisk()
                try mirror.reload(shard)
            } catch {
                return found(
                    Finding(.storageOpens, "an empty disk for node \(node.index + 1): \(error)"))
            }
            watermarks.forget(shard.index)
            said.forget(shard.index)
        }
        topologyWatch.forget(id)
        log.note(now, node.index, .fault, 0, "its disk is lost")
    }

    /// Whether a node has lost what it held of a partition, or some of it, and has not been found
    /// equal to the other homes since; while it is down that cannot be told.
    func isUnfilled(_ node: SimulatedShard, in partition: UInt16) -> Bool {
        guard node.hasLostData else { return false }
        return node.isInDoubt(of: partition) ?? true
    }

    /// Up to where a node must know what was removed from a partition: all of it, unless a home has
    /// lost its disk, and its watermark with that, or some of what its disk held. Then that home
    /// may take from one that was away what the others have removed, or find an older version
    /// behind the one that it has lost, and bring it to another whose watermark is as old or that
    /// has lost data itself.
    func judgement(of node: SimulatedShard, in partition: UInt16) -> HybridTimestamp {
        guard mayHaveLostData,
            let topology = nodes.lazy.compactMap({ $0.topology }).first,
            topology.writers(of: Partition(index: partition)).contains(where: {
                nodes[nodeIndex(of: $0)].hasLostData
            })
        else { return HybridTimestamp(bits: .max) }
        if isUnfilled(node, in: partition) { return HybridTimestamp(bits: 0) }
        return node.watermark(of: partition) ?? HybridTimestamp(bits: 0)
    }
}

extension World {
    /// Whether some node may have lost what it had synced.
    var mayHaveLostData: Bool { occurrences[.lostDisk] + occurrences[.diskFault] > 0 }
}

extension SimulatedShard {
    /// Whether it may have lost what it had synced.
    var hasLostData: Bool { lostDiskAt != nil || isDamaged }

    /// It holds nothing, and knows no more than whose place it takes.
    func loseDisk() throws(StorageError) {
        disk = MemoryDisk()
        trouble.replaceDisk()
        storage = try StorageEngine.open(disk: disk, options: options)
        ringLoggedAt = .start
    }
}
