// How requests begin and are answered, and what all operations share.
internal import HeapModule
internal import MartletBase
internal import MartletRing
internal import MartletVersions
internal import MartletWire

extension Replication {
    /// Who is to be answered.
    enum Origin: Hashable {
        case client(RequestID)
        case peer(Peer, OperationID)
    }

    mutating func begin(
        _ request: ClientRequest, origin: Origin, timeout: Duration, startBy: Instant = .never,
        date: HybridTimestamp? = nil, at now: Moment, into outbox: inout Outbox
    ) {
        counts.requests += 1
        hedges.requestBegan()
        do throws(RequestError) {
            guard let topology, let location = location(ofKey: request.key)
            else { throw .noTopology }
            guard operationsInFlight < options.requestLimit else { throw .overloaded }
            try check(request)
            let call = Call(
                origin: origin, deadline: now.instant + min(timeout, Self.timeoutLimit),
                startBy: startBy, date: date, location: location)
            switch request.operation {
            case .get(let options):
                try beginGet(call, options, topology, at: now, into: &outbox)
            case .put(let mutation, let options):
                let put = PutRequest(call: call, mutation: mutation, options: options)
                let coordinates =
                    topology.readers(of: call.location.partition).contains(local)
                    && replica.namesWrites(mutation) && trustsClock
                switch origin {
                case .client where !coordinates:
                    try beginForward(put, topology, at: now, into: &outbox)
                case .peer where !trustsClock: throw .clockSkew
                case .client, .peer:
                    perform(.coordinate(put), at: call.location, at: now, into: &outbox)
                }
            }
        } catch {
            answer(origin, .failed(error), at: now, into: &outbox)
        }
    }

    private func check(_ request: ClientRequest) throws(RequestError) {
        if request.key.count > options.keyLimitBytes {
            throw .tooLarge(what: "key", limit: options.keyLimitBytes)
        }
        if case .put(let mutation, _) = request.operation,
            case .value(let value) = mutation.content,
            value.count > options.valueLimitBytes
        {
            throw .tooLarge(what: "value", limit: options.valueLimitBytes)
        }
    }

    mutating func answer(
        _ origin: Origin, _ answer: ClientAnswer, at now: Moment,
        into outbox: inout Outbox
    ) {
        if case .failed = answer { counts.failures += 1 }
        switch origin {
        case .client(let id): outbox.answer(id, answer)
        case .peer(let peer, let operation):
            let reply = ForwardReply(
                operation: operation, answer: answer, shown: now.instant,
                timestamp: timestamp(at: now.wall))
            outbox.send(.forwardReply(reply), to: peer)
        }
    }

    /// The deadline has come, and nobody has done anything that is known of.
    mutating func answerTimedOut(
        _ call: Call, at now: Moment, into outbox: inout Outbox
    ) {
        let error = RequestError.timedOut(
            needed: 1, answered: 0, evidence: Evidence(coordinator: local))
        answer(call.origin, .failed(error), at: now, into: &outbox)
    }

    /// A put has failed. Where a home that was asked before may have done it all the same, its
    /// client is not told that nothing has happened.
    mutating func answerFailed(
        _ put: PutRequest, _ error: RequestError, at now: Moment,
        into outbox: inout Outbox
    ) {
        if put.mayHaveHappened, error.leavesNothing {
            counts.marks.occurred(.forwardMaybeDone)
            answerTimedOut(put.call, at: now, into: &outbox)
        } else {
            answer(put.call.origin, .failed(error), at: now, into: &outbox)
        }
    }

    mutating func begin(_ operation: Operation) -> OperationID {
        OperationID(rawValue: operations.append(operation))
    }

    /// Where `key` lies; nil while no ring is known, and where another shard of the node serves it:
    /// peers send that only by mistake.
    func location(ofKey key: Bytes) -> Location? {
        guard let topology else { return nil }
        let partition = topology.partition(ofKey: key)
        return shard.serves(partition, of: topology.partitionCount)
            ? Location(partition: partition, key: key) : nil
    }

    /// The shard of `node` that serves `partition`.
    func peer(_ node: NodeID, serving partition: Partition) -> Peer {
        let count = peers.shardCount(of: node)
        guard count > 1, let topology else { return Peer(node) }
        return Peer(node, of: count, serving: partition, of: topology.partitionCount)
    }

    func isReachable(_ node: NodeID) -> Bool {
        node == local || peers.isReachable(node)
    }

    /// `node` has answered after a silence that began at `asked`; nil when it was not asked, or has
    /// answered before.
    mutating func noteAnswer(of node: NodeID, after asked: Instant?, at now: Moment) {
        if let asked { peers.observe(node, took: now.instant.since(asked)) }
    }

    /// `asked` have let a timer run out: each is as slow as that at least, and is asked later than
    /// others from now on. A node that hangs would else stay the quickest that it ever was.
    mutating func noteSilence(of asked: [(node: NodeID, since: Instant)], at now: Moment) {
        for question in asked where question.node != local {
            peers.observe(question.node, took: now.instant.since(question.since))
        }
    }

    /// When to look again at an operation that asks `nodes` now: when the slowest of them should
    /// have answered, and at the latest at its deadline.
    func hedgeTime(
        for nodes: some Sequence<NodeID>, before deadline: Instant, at now: Moment
    ) -> Instant {
        var delay = options.hedgeDelay.lowerBound
        for node in nodes where node != local {
            delay = max(delay, peers.hedgeDelay(of: node, within: options.hedgeDelay))
        }
        return min(now.instant + delay, deadline)
    }
}

/// What every operation knows: whom to answer, until when, and where the key lies.
struct Call {
    var origin: Replication.Origin
    var deadline: Instant
    /// By when it must have been begun, or nothing may be done.
    var startBy: Instant
    /// The timestamp that the node which was asked has given the write; nil while it has none.
    var date: HybridTimestamp?
    var location: Location
}

extension ClientOperation {
    /// How long its client waits, where it says so.
    var timeout: Duration? {
        switch self {
        case .get(let options): options.timeout
        case .put(_, let options): options.timeout
        }
    }
}
