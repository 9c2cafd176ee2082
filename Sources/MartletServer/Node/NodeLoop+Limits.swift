// Who may stay connected to a node, and who has to go.
internal import MartletBase
internal import NIOCore

extension NodeLoop {
    /// Closes connections, those that hold the most first, until the rest may stay. Never from
    /// within a connection's own work.
    func relieveMemory() {
        while let (owner, byteCount) = memory.evictGreediest() {
            complain(
                .memory,
                "closed the connection of \(owner), for which \(byteCount) bytes were held: all "
                    + "together held more than clients.memory_limit, \(memory.limitBytes)")
        }
    }

    /// Whether one more client may stay; one that may counts until it closes, and those that may
    /// not are counted too.
    func admitsClient(_ channel: any Channel) -> Bool {
        let count = shared.clients
        if count.admit() {
            channel.closeFuture.whenComplete { _ in count.leave() }
            return true
        }
        surplusClientCount += 1
        complain(
            .surplusClient,
            "turned a client away: \(count.limit) are connected, which is "
                + "clients.connection_limit")
        return false
    }

    /// Whether one more connection of a peer may stay; one that may counts until it closes.
    func admitsPeer(_ channel: any Channel) -> Bool {
        let count = shared.peers
        if count.admit() {
            channel.closeFuture.whenComplete { _ in count.leave() }
            return true
        }
        noteRefusedPeer(
            channel.remoteAddress, "\(count.limit) connections are as many as peers get")
        return false
    }

    /// A connection could not be accepted.
    func noteAcceptFailure(_ error: IOError, of whom: String) {
        complain(.accepting, "cannot accept \(whom): \(error)")
    }
}
