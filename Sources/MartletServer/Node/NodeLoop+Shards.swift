// How the shards of a node reach each other: what one turn of a loop has for another crosses in one
// hop at its end, and what comes of it in one hop back. A node of one shard does none of this.
//
//     a client's burst ──► submit ─┬─ own shard ──► core
//                                  └─ mail, at the turn's end ──► inbox of the other ──► core
//     reply ◄── inbox ◄── mail, at that turn's end ◄── answer ◄──────────────────────────┘
internal import MartletBase
internal import MartletNode
internal import MartletReplication
internal import MartletRing
internal import MartletWire
internal import NIOCore
internal import NIOPosix

extension NodeLoop: CommandTarget {
    var registry: ClientRegistry? { clients }

    func submit(_ request: ClientRequest, then complete: @escaping (ClientAnswer) -> Void) {
        let id = RequestID(rawValue: waiting.append(.request(complete)))
        let serving = shardIndex(ofKey: request.key)
        if serving == shard.index {
            handle(.requestReceived(id, request))
        } else {
            send(.request(id, request, of: shard.index), to: serving)
        }
    }

    /// Which of the node's shards serves `key`; this one while there is no ring.
    private func shardIndex(ofKey key: Bytes) -> Int {
        guard shard.count > 1, let partitionCount else { return shard.index }
        let partition = partitionCount.partition(of: Slot(ofKey: key))
        return Shard.index(of: partition, of: partitionCount, among: shard.count)
    }

    func ask(_ request: OperatorRequest, then complete: @escaping (OperatorReply) -> Void) {
        switch request {
        case .create, .forget, .ring: ask(request, at: 0, then: complete)
        case .lookUp(let key): ask(request, at: shardIndex(ofKey: key), then: complete)
        case .compare:
            var (awaited, begun) = (shards.count, 0)
            for shard in shards.indices {
                ask(request, at: shard) { reply in
                    if case .comparing(let count) = reply { begun += count }
                    awaited -= 1
                    if awaited == 0 { complete(.comparing(begun)) }
                }
            }
        }
    }

    private func ask(
        _ request: OperatorRequest, at shard: Int, then complete: @escaping (OperatorReply) -> Void
    ) {
        let loop = shards[shard]
        if loop === self { return answer(request, then: complete) }
        let crossing = Crossing(complete)
        loop.eventLoop.execute { [self] in
            loop.answer(request) { [self] reply in
                eventLoop.execute { crossing.complete(reply) }
            }
        }
    }

    func survey<Sight: Sendable>(
        _ look: @escaping @Sendable (any CommandTarget) -> Sight,
        then complete: @escaping ([Sight]) -> Void
    ) {
        if shards.count == 1 { return complete([look(self)]) }
        var (sights, awaited): ([Sight?], Int) = (shards.map { _ in nil }, shards.count)
        for (index, loop) in shards.enumerated() {
            let crossing = Crossing<Sight> { sight in
                sights[index] = sight
                awaited -= 1
                if awaited == 0 { complete(sights.compactMap(\.self)) }
            }
            if loop === self {
                crossing.complete(look(self))
                continue
            }
            loop.eventLoop.execute { [self] in
                let sight = look(loop)
                eventLoop.execute { crossing.complete(sight) }
            }
        }
    }

    /// What is called on the loop that it came from, though another has it meanwhile.
    private struct Crossing<Value>: @unchecked Sendable {
        let complete: (Value) -> Void

        init(_ complete: @escaping (Value) -> Void) { self.complete = complete }
    }

    /// Takes in what another thread has brought.
    func take(_ mail: LoopMail) {
        switch mail {
        case .event(let event):
            handle(event)
            if case .viewChanged = event { ringChanged() }
        case .link(let change): follow(change)
        case .request(let id, let request, let shard):
            let own = RequestID(rawValue: waiting.append(.foreign(id, of: shard)))
            handle(.requestReceived(own, request))
        case .answer(let id, let answer): complete(id, answer, at: ())
        }
    }

    // MARK: Peers

    /// Goes on with a connection whose hello another loop has read: it is for this shard.
    func welcome(_ socket: CInt, _ hello: Hello) {
        eventLoop.execute { [self] in
            let count = shared.peers
            count.enter()
            let accepted = ClientBootstrap(group: eventLoop)
                .channelInitializer { [self] channel in
                    channel.eventLoop.makeCompletedFuture {
                        try PeerLink.watch(channel)
                        try channel.pipeline.syncOperations.addHandler(
                            PeerHandler(loop: self, hello: hello))
                    }
                }
                .withConnectedSocket(socket)
            accepted.whenSuccess { $0.closeFuture.whenComplete { _ in count.leave() } }
            accepted.whenFailure { _ in count.leave() }
        }
    }
}
