// What a shard's loop does of what its node asks for at once; the storage's part is handed over as
// the turn ends.
internal import MartletBase
internal import MartletNode
internal import MartletReplication
internal import MartletRing
internal import MartletWire

extension NodeLoop: NodeShell {
    func send(_ message: PeerMessage, to peer: Peer, from place: Void) {
        links[peer]?.enqueue(message)
    }

    func send(_ datagram: Datagram, to endpoint: Endpoint, from place: Void) {
        datagrams?.send(datagram.encoded(cluster: clusterHash), to: endpoint)
    }

    /// The first shard decides for all of them.
    func carryOut(_ change: Work.LinkChange, at place: Void) {
        follow(change)
        for shard in shards.indices.dropFirst() { send(.link(change), to: shard) }
    }

    func share(_ view: ControlView, of place: Void) {
        for shard in shards.indices.dropFirst() { send(.event(.viewChanged(view)), to: shard) }
    }

    func report(_ tiding: ControlTiding, of place: Void) {
        send(.event(.tidingCame(tiding)), to: 0)
    }

    func letClientsIn(at place: Void) {
        whenReady()
        whenReady = {}
    }

    func complete(_ request: RequestID, _ reply: OperatorReply, at place: Void) {
        guard case .operation(let complete) = waiting.remove(request.rawValue) else { return }
        complete(reply)
    }

    /// Hands an answer to who waits for it, on this loop or another.
    func complete(_ request: RequestID, _ answer: ClientAnswer, at place: Void) {
        switch waiting.remove(request.rawValue) {
        case .request(let complete): complete(answer)
        case .foreign(let request, let shard): send(.answer(request, answer), to: shard)
        case .operation, nil: return
        }
    }
}
