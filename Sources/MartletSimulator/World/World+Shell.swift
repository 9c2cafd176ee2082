// What a node's turn comes to in the world: messages and datagrams on their way, links, answers.
internal import MartletBase
internal import MartletNode
internal import MartletReplication
internal import MartletRing
internal import MartletWire

extension World: NodeShell {
    /// How long it takes for what one shard decides to reach another.
    private static let hopDelay = Duration.microseconds(2)...Duration.milliseconds(3)

    mutating func send(_ message: PeerMessage, to peer: Peer, from node: SimulatedShard) {
        let other = shards[nodeIndex(of: peer.node)].process.shards[peer.shard.index]
        if case .replication(.removed) = message { occurrences[.lateVersionRefused] += 1 }
        let sent = planted?.spoilt(message) ?? message
        for _ in 0..<(planted?.copies(of: sent) ?? 1) {
            check(said: sent, by: node, to: other)
        }
        send(sent, from: node.index, to: other)
    }

    mutating func send(
        _ datagram: Datagram, to endpoint: Endpoint, from node: SimulatedShard
    ) {
        let other = nodeIndex(at: endpoint)
        guard peerEndpoint(of: other) == endpoint else { return lose() }
        send(datagram, from: node.index, to: other)
    }

    mutating func carryOut(_ change: Work.LinkChange, at node: SimulatedShard) {
        let id =
            switch change {
            case .keep(let id, _), .drop(let id): id
            }
        let other = shards[nodeIndex(of: id)].process
        for shard in shards(of: node.index) {
            for other in other.counterparts(of: shard.shard) {
                switch change {
                case .keep(_, let endpoint): connect(shard.index, to: other, at: endpoint)
                case .drop: disconnect(shard.index, from: other)
                }
            }
        }
    }

    /// The other shards hear what the first has decided: a hop from loop to loop later, of all that
    /// is decided meanwhile the last.
    mutating func share(_ view: ControlView, of node: SimulatedShard) {
        for shard in shards(of: node.index).dropFirst() {
            if shard.untold == nil {
                queue.schedule(
                    .viewTold(shard.index, life: shard.life), at: hop(of: shard, "hops"))
            }
            shard.untold = view
        }
    }

    mutating func report(_ tiding: ControlTiding, of node: SimulatedShard) {
        let first = nodes[self.node(of: node.index)]
        queue.schedule(
            .tidingTold(first.index, life: first.life, tiding), at: hop(of: node, "tidings"))
    }

    /// When something that crosses from loop to loop now is there, by the turns of `shard`.
    private func hop(of shard: SimulatedShard, _ stream: String) -> Instant {
        var random = SeededRandom(
            seed: StableHash.mix(
                schedule.seed &+ UInt64(shard.index) << 40 ^ UInt64(shard.turns)),
            stream: stream)
        return now + random.duration(in: Self.hopDelay)
    }

    mutating func letClientsIn(at node: SimulatedShard) { node.acquaintance.becameReady() }

    mutating func complete(
        _ request: RequestID, _ reply: OperatorReply, at node: SimulatedShard
    ) {
        switch reply {
        case .created(let outcome): creation = outcome
        case .ring(let reply): ringReplied(reply, at: node)
        case .forgotten, .comparing, .holds: return
        }
    }

    mutating func complete(
        _ request: RequestID, _ answer: ClientAnswer, at node: SimulatedShard
    ) {
        answered(Int(request.rawValue), answer, by: node.index)
    }
}
