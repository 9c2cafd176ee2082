// Where the checkers look when a write must have ended: its coordinator has given it up by then, or
// is through with it.
internal import MartletBase
internal import MartletNode
internal import MartletReplication
internal import MartletRing
internal import MartletStorage

extension World {
    /// Allowed on top of a request's timeout: what is owed is marked once the key has been read.
    private static let endSlack = Duration.seconds(1)
    /// So many blocks the disk may have to bring for that, one after the other: the key's own, and
    /// those of the steps that stand in line before it.
    private static let endReads = 16

    /// Checks the writes that have ended by now, oldest first.
    mutating func checkEndedWrites() {
        let lasting =
            schedule.replication.timeout + Self.endSlack
            + schedule.syncDelay.upperBound * Self.endReads
        while let write = begunWrites.first, now.since(write.at) >= lasting {
            begunWrites.removeFirst()
            check(ended: write)
        }
    }

    /// A process that was stopped may not be through with it, nor one whose disk is slow or takes
    /// nothing: it cannot mark what it owes.
    private mutating func check(ended write: BegunWrite) {
        let coordinator = shards[write.coordinator]
        guard coordinator.pause == nil, coordinator.resumedAt < write.at,
            coordinator.refusedAt < write.at, !coordinator.trouble.isFull,
            coordinator.trouble.slowness == 1, let topology = coordinator.topology
        else { return }
        let key = history.keys[write.key]
        let partition = topology.partition(ofKey: key)
        // Who has become a home since is brought what the others hold.
        guard let id = coordinator.id, topologyWatch.changed(partition, at: id) < write.at
        else { return }
        let view = topology.view(of: partition)
        if view.isMoving { occurrences[.writeWhileMoving] += 1 }
        let all = view.all
        let count = history.versions[write.dot]?.operation
            .flatMap { history.operations[$0].homeCount }
        let check = LeftBehindCheck(
            write: write, object: .object(partition: partition.index, key: key), allHomes: all,
            homes: (view.isMoving && count != nil ? [] : all.prefix(count ?? .max)).map {
                shardIndex(of: $0, for: partition.index)
            },
            shards: shards,
            losses: Losses(shards))
        found(check.run(mirror, history))
    }
}
