// Replication, one node's part: it coordinates its clients' requests, holds what it is a home or a
// fallback for, and brings hints home. Dynamo, sections 4.5 and 4.6.
//
//     request ─► put / get ─► local replica + messages to others ─► tally met ─► answer
//                 │ not a home                 │ away or slow
//                 └► forward to one            └► stand-in with a hint, or a mark that it is owed
//
// States and transitions of each operation are in `Replication+Put`, `+Get` and `+Forward`; what
// other nodes ask of this replica is in `Replication+Replica`.
package import MartletBase
package import MartletRing
package import MartletStorage
package import MartletVersions
package import MartletWire

internal import DequeModule
internal import HeapModule

/// Pairs an answer with the request that a client of this node made; chosen by the shell.
package struct RequestID: Hashable, Comparable, Sendable {
    /// Unique among the requests in flight at one node.
    package var rawValue: UInt64

    /// The request with this number.
    package init(rawValue: UInt64) {
        self.rawValue = rawValue
    }

    /// By number.
    package static func < (left: RequestID, right: RequestID) -> Bool {
        left.rawValue < right.rawValue
    }
}

/// What replication asks of the node around it.
package enum ReplicationEffect: Equatable, Sendable {
    /// Send a message to a node.
    case send(PeerMessage, to: NodeID)
    /// Answer a client of this node.
    case answer(RequestID, ClientAnswer)
}

/// Counts of what happened, for metrics and for checks that rare paths were reached.
package struct ReplicationCounters: Hashable, Sendable {
    /// Requests of this node's clients, and those that others forwarded here.
    package var requests: UInt64 = 0
    /// Answers that were errors.
    package var failures: UInt64 = 0
    /// Requests handed on to a home replica.
    package var forwards: UInt64 = 0
    /// Replicas asked because another was slow.
    package var hedges: UInt64 = 0
    /// Writes that a fallback was asked to hold.
    package var standIns: UInt64 = 0
    /// Hints made here, as a copy or as a mark; one that is renewed is not made again.
    package var hintsKept: UInt64 = 0
    /// Hints that their homes have acknowledged, and that were forgotten here.
    package var hintsDelivered: UInt64 = 0
    /// Replicas, this one included, that a read found to be behind and repaired.
    package var repairs: UInt64 = 0

    /// All zero.
    package init() {}
}

/// The replication protocol of one node.
package struct Replication {
    let local: NodeID
    let options: ReplicationOptions
    var replica: Replica
    var random: SeededRandom
    var topology: Topology?
    var peers = Peers()

    /// Everything in flight; its numbers are the `OperationID`s.
    var operations: SlidingTable<Operation>
    var hints: HintDelivery
    var timers = Heap<Timer>()
    var awaitingSync = Deque<SyncWaiter>()
    var hedges: HedgeBudget
    /// What has happened so far, but for hints: those the replica counts.
    var counts = ReplicationCounters()

    /// What is in flight under one number.
    enum Operation {
        case put(PutOperation)
        case get(GetOperation)
        case forward(ForwardOperation)
        /// A hint on its way home; `HintDelivery` knows which.
        case hint
    }

    /// Who is told once the log is durable up to a position; positions never fall.
    struct SyncWaiter {
        enum Party {
            /// The local part of a put that this node coordinates.
            case put(OperationID)
            /// A node that asked for a durable acknowledgement, and until when it cares.
            case peer(NodeID, OperationID, until: Instant)
        }
        var position: LogPosition
        var party: Party
    }

    /// A moment at which an operation looks again; stale ones find nothing and are dropped.
    struct Timer: Comparable {
        var at: Instant
        var operation: OperationID

        static func < (left: Timer, right: Timer) -> Bool {
            left.at == right.at ? left.operation < right.operation : left.at < right.at
        }
    }

    /// The replication of the node that issues `dots`, over what `engine` recovered.
    ///
    /// Its operations are numbered from `firstOperation`, far from those of the node's earlier
    /// lives: other nodes may still answer these, after a sync or a put that took them long.
    package init(
        options: ReplicationOptions, engine: StorageEngine, dots: DotSource, random: SeededRandom,
        firstOperation: OperationID
    ) {
        invariant(firstOperation != .unanswered, "operations begin at \(firstOperation)")
        local = dots.actor.node
        operations = SlidingTable(first: firstOperation.rawValue)
        self.options = options
        self.random = random
        replica = Replica(
            options: options, engine: engine, dots: dots,
            random: SeededRandom(seed: self.random.next()))
        hints = HintDelivery(options: options)
        hedges = HedgeBudget(share: options.hedgeShare)
    }

    /// The longest that a request is worked on, whatever its client or another node asks.
    package static let timeoutLimit = Duration.seconds(60)
    /// What a client is told whose request meets a node that stops.
    package static let stoppingText = "the node is stopping"

    // MARK: Events

    /// The source of this node's dots, to be made durable at a clean stop.
    package var dots: DotSource { replica.dots }

    /// What has happened so far.
    package var counters: ReplicationCounters {
        var counters = counts
        counters.hintsKept = replica.hintsMade
        counters.hintsDelivered = replica.hintsDelivered
        return counters
    }

    /// Hints kept for other nodes, and the bytes they take.
    package var pendingHints: (count: Int, bytes: Int) {
        (replica.hintCounts.values.reduce(0, +), replica.hintBytes)
    }

    /// Requests that this node coordinates or has forwarded and not yet finished.
    package var operationsInFlight: Int { operations.count - hints.sent.count }

    /// When `tick` is next due.
    package var nextWakeup: Instant {
        min(timers.min?.at ?? .never, hints.nextWakeup(owing: !replica.hintCounts.isEmpty))
    }

    /// The ring has changed.
    package mutating func topologyChanged(_ topology: Topology) {
        self.topology = topology
    }

    /// `node` can, or can no longer, be sent to. What was asked of a node that is gone is asked of
    /// another at once.
    package mutating func reachabilityChanged(
        _ node: NodeID, isReachable: Bool, at now: Moment, into effects: inout [ReplicationEffect]
    ) {
        guard peers.setReachable(node, isReachable) else { return }
        if isReachable {
            hints.wake(at: now.instant)
            return
        }
        for id in hints.forget(node) { operations.remove(id.rawValue) }
        for number in operations.numbers {
            let id = OperationID(rawValue: number)
            switch operations[number] {
            case .put(let put): writeAround(node, in: put, id, at: now, into: &effects)
            case .get(let get): readAround(node, in: get, id, at: now, into: &effects)
            case .forward(let forward):
                forwardAround(node, in: forward, id, at: now, into: &effects)
            case .hint, nil: continue
            }
        }
    }

    /// The node stops: no dot is issued from now on. A put that waits for another node to
    /// coordinate it could come back to this one, so it ends here; it may have been done all the
    /// same.
    package mutating func stopped(into effects: inout [ReplicationEffect]) {
        for number in operations.numbers {
            guard case .forward(let forward) = operations[number] else { continue }
            operations.remove(number)
            answer(forward.call.origin, .failed(.storage(Self.stoppingText)), into: &effects)
        }
    }

    /// A client of this node asks for something; an `answer` effect follows, now or later.
    package mutating func requestReceived(
        _ id: RequestID, _ request: ClientRequest, at now: Moment,
        into effects: inout [ReplicationEffect]
    ) {
        let timeout = request.operation.timeout ?? options.timeout
        begin(
            request, origin: .client(id), timeout: timeout, at: now, into: &effects)
    }

    /// A message about replication came from `sender`.
    package mutating func messageReceived(
        _ message: PeerMessage, from sender: NodeID, at now: Moment,
        into effects: inout [ReplicationEffect]
    ) {
        switch message {
        case .replicaPut(let put): holdVersion(put, for: sender, at: now, into: &effects)
        case .replicaGet(let get): showVersion(get, to: sender, into: &effects)
        case .replicaPutReply(let reply):
            putAnswered(reply, by: sender, at: now, into: &effects)
        case .replicaGetReply(let reply):
            getAnswered(reply, by: sender, at: now, into: &effects)
        case .forward(let forward):
            begin(
                forward.request, origin: .peer(sender, forward.operation),
                timeout: forward.patience, at: now, into: &effects)
        case .forwardReply(let reply): forwardAnswered(reply, by: sender, at: now, into: &effects)
        case .pushPull, .topology: invariant(false, "replication was handed \(message)")
        }
    }

    /// Notes whom to tell once `position` is durable, and forgets who at the front has given up: a
    /// log that stands still must not gather waiters without end.
    mutating func awaitSync(_ waiter: SyncWaiter, at now: Moment) {
        while let first = awaitingSync.first, !isAwaited(first, at: now) {
            awaitingSync.removeFirst()
        }
        awaitingSync.append(waiter)
    }

    private func isAwaited(_ waiter: SyncWaiter, at now: Moment) -> Bool {
        switch waiter.party {
        case .put(let id): operations[id.rawValue] != nil
        case .peer(_, _, let until): now.instant <= until
        }
    }

    /// The log has become durable further on.
    package mutating func logAdvanced(at now: Moment, into effects: inout [ReplicationEffect]) {
        while let waiter = awaitingSync.first, waiter.position <= replica.durable {
            awaitingSync.removeFirst()
            switch waiter.party {
            case .put(let id): noteLocalSync(id, at: now, into: &effects)
            case .peer(let node, let operation, let until):
                guard now.instant <= until else { continue }
                let reply = ReplicaPutReply(operation: operation, outcome: .stored)
                effects.append(.send(.replicaPutReply(reply), to: node))
            }
        }
    }

    /// Time has passed: hedges, deadlines, hints that are due.
    package mutating func tick(at now: Moment, into effects: inout [ReplicationEffect]) {
        while let timer = timers.min, timer.at <= now.instant {
            timers.removeMin()
            let id = timer.operation
            switch operations[id.rawValue] {
            case .put(let put): putTimerFired(put, id, at: now, into: &effects)
            case .get(let get): getTimerFired(get, id, at: now, into: &effects)
            case .forward(let forward): forwardTimerFired(forward, id, at: now, into: &effects)
            case .hint, nil: continue
            }
        }
        deliverHints(at: now, into: &effects)
    }

    // MARK: Beginning and ending

    /// Who is to be answered.
    enum Origin: Hashable {
        case client(RequestID)
        case peer(NodeID, OperationID)
    }

    private mutating func begin(
        _ request: ClientRequest, origin: Origin, timeout: Duration, at now: Moment,
        into effects: inout [ReplicationEffect]
    ) {
        counts.requests += 1
        hedges.requestBegan()
        do throws(RequestError) {
            guard let topology else { throw .noTopology }
            guard operationsInFlight < options.requestLimit else { throw .overloaded }
            try check(request)
            let call = Call(
                origin: origin, deadline: now.instant + min(timeout, Self.timeoutLimit),
                location: Location(
                    partition: topology.partition(ofKey: request.key), key: request.key))
            switch request.operation {
            case .get(let options):
                try beginGet(call, options, topology, at: now, into: &effects)
            case .put(let mutation, let options):
                let coordinates =
                    topology.isHome(local, of: call.location.partition) && !replica.refusesWrites
                if !coordinates, case .client = origin {
                    try beginForward(call, request, topology, at: now, into: &effects)
                } else {
                    try beginPut(call, mutation, options, topology, at: now, into: &effects)
                }
            }
        } catch {
            answer(origin, .failed(error), into: &effects)
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
        _ origin: Origin, _ answer: ClientAnswer, into effects: inout [ReplicationEffect]
    ) {
        if case .failed = answer { counts.failures += 1 }
        switch origin {
        case .client(let id): effects.append(.answer(id, answer))
        case .peer(let node, let operation):
            let reply = ForwardReply(operation: operation, answer: answer)
            effects.append(.send(.forwardReply(reply), to: node))
        }
    }

    mutating func begin(_ operation: Operation) -> OperationID {
        OperationID(rawValue: operations.append(operation))
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

    /// When to look again at an operation that asks `parts` now: when the slowest of them should
    /// have answered, and at the latest at its deadline.
    func hedgeTime(for parts: [Part], before deadline: Instant, at now: Moment) -> Instant {
        var delay = options.hedgeDelay.lowerBound
        for part in parts where part.node != local {
            delay = max(delay, peers.hedgeDelay(of: part.node, within: options.hedgeDelay))
        }
        return min(now.instant + delay, deadline)
    }
}

/// What every operation knows: whom to answer, until when, and where the key lies.
struct Call {
    var origin: Replication.Origin
    var deadline: Instant
    var location: Location
}

extension ClientOperation {
    fileprivate var timeout: Duration? {
        switch self {
        case .get(let options): options.timeout
        case .put(_, let options): options.timeout
        }
    }
}
