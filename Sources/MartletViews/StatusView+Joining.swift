// One condition of those of a node's shards: counts are added up, and of what may differ the worse
// is told.
internal import MartletBase

extension StatusView {
    /// Takes in the condition of another shard of the node; all but `settled` and `process`, which
    /// follow from what is not in it.
    mutating func join(_ other: StatusView) {
        actors += other.actors
        epoch = min(epoch, other.epoch)
        ready = ready && other.ready
        counters.join(other.counters)
        hints.count += other.hints.count
        hints.bytes += other.hints.bytes
        operationsInFlight += other.operationsInFlight
        storage.join(other.storage)
        keys.held += other.keys.held
        keys.expiring += other.keys.expiring
        if let more = other.clients {
            clients = Clients(
                connections: more.connections + (clients?.connections ?? 0),
                commands: more.commands + (clients?.commands ?? 0))
        }
        antiEntropy.join(other.antiEntropy)
        for index in members.indices {
            let isReachable = other.members.first { $0.id == members[index].id }?.reachable
            members[index].reachable = members[index].reachable && isReachable ?? true
        }
    }
}

extension StatusView.Counters {
    fileprivate mutating func join(_ other: Self) {
        requests += other.requests
        failures += other.failures
        forwards += other.forwards
        hedges += other.hedges
        standIns += other.standIns
        hintsKept += other.hintsKept
        hintsDelivered += other.hintsDelivered
        repairs += other.repairs
        damagedRanges += other.damagedRanges
    }
}

extension StatusView.Storage {
    fileprivate mutating func join(_ other: Self) {
        entries += other.entries
        memtableBytes += other.memtableBytes
        for level in other.levels {
            guard let index = levels.firstIndex(where: { $0.level == level.level }) else {
                levels.append(level)
                continue
            }
            levels[index].tables += level.tables
            levels[index].bytes += level.bytes
        }
        levels.sort { $0.level < $1.level }
        cacheHits += other.cacheHits
        cacheMisses += other.cacheMisses
        cacheBytes += other.cacheBytes
        flushes += other.flushes
        compactions += other.compactions
        acceptedBytes += other.acceptedBytes
        tableBytesWritten += other.tableBytesWritten
        compactionBytesRead += other.compactionBytesRead
        scrubs += other.scrubs
        blockReads += other.blockReads
        damagedBlocks += other.damagedBlocks
        writeAmplification =
            acceptedBytes == 0 ? 0 : Double(tableBytesWritten) / Double(acceptedBytes)
        damagedRanges += other.damagedRanges
        backlog = max(backlog, other.backlog)
        appended += other.appended
        durable += other.durable
        pendingBytes += other.pendingBytes
        // All shards share the disk, and its reserve.
        freeBytes = [freeBytes, other.freeBytes].compactMap(\.self).min()
        reserveBytes = [reserveBytes, other.reserveBytes].compactMap(\.self).max()
        refusesValues = refusesValues || other.refusesValues
        refusal = refusal ?? other.refusal
    }
}

extension ProcessFigures {
    /// Takes in what is counted on another loop of the process; its memory, its age and its limit
    /// of clients are the same on all.
    mutating func join(_ other: ProcessFigures) {
        longestTurn = max(longestTurn, other.longestTurn)
        longTurns += other.longTurns
        clients += other.clients
        rejectedClients += other.rejectedClients
        evictedClients += other.evictedClients
        connectionBytes += other.connectionBytes
        openLinks += other.openLinks
        droppedMessages += other.droppedMessages
    }
}
