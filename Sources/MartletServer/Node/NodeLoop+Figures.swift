// What the process comes to, for INFO and the status view.
internal import Glibc
internal import MartletBase
internal import MartletViews

extension NodeLoop {
    var processFigures: ProcessFigures {
        var figures = ProcessFigures()
        figures.id = getpid()
        figures.longestTurn = turn.lengths.longest(at: now.instant)
        figures.longTurns = turn.lengths.longCount
        figures.uptime = now.instant.since(startedAt)
        figures.residentBytes = ProcessMemory.residentBytes
        figures.clients = clients.sessions.count
        figures.clientLimit = shared.clients.limit
        figures.rejectedClients = surplusClientCount
        figures.evictedClients = memory.evictionCount
        figures.connectionBytes = memory.byteCount
        figures.connectionLimitBytes = memory.limitBytes
        figures.openLinks = linkOrder.count { $0.isOpen }
        figures.droppedMessages = UInt64(linkOrder.reduce(0) { $0 + $1.droppedCount })
        return figures
    }
}
