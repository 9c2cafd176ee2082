// Replication, one node's part: it coordinates its clients' requests, holds what it is a home or a
// fallback for, and brings hints home. Dynamo, sections 4.5 and 4.6.
//
//     request ─► put / get ─► local replica + messages to others ─► tally met ─► answer
//                 │ not a home                 │ away or slow
//                 └► forward to one            └► stand-in with a hint, or a mark that it is owed
//
// States and transitions of each operation are in `Replication+Put`, `+Get` and `+Forward`; what
// other nodes ask of this replica is in `Replication+Replica`. All that touches what is stored of a
// key goes through `Replication+KeyTasks`, where it waits if the key must first be read.
public import MartletBase
public import MartletRing
public import MartletStorage
public import MartletVersions
public import MartletWire

internal import DequeModule
internal import HeapModule

/// Pairs an answer with the request that a client of this node made; chosen by the shell.
public struct RequestID: Hashable, Comparable, Sendable {
    /// Unique among the requests in flight at one node.
    public var rawValue: UInt64

    /// The request with this number.
    public init(rawValue: UInt64) {
        self.rawValue = rawValue
    }

    /// By number.
    public static func < (left: RequestID, right: RequestID) -> Bool {
        left.rawValue < right.rawValue
    }
}

/// The replication protocol of one shard of a node.
public struct Replication {
    let local: NodeID
    let shard: Shard
    let options: ReplicationOptions
    var replica: Replica
    var random: SeededRandom
    var topology: Topology?
    /// Whether the node's wall clock is confirmed by others': else others name the writes, as long
    /// as there are any. Told by the node around it.
    public var trustsClock = true
    var peers = Peers()
    /// Partitions of which nothing is taken, as what is held of them is about to be dropped. Told
    /// by the node around it; few, and mostly none.
    public var closed: [Partition] = []
    /// What was taken over, and nobody has been told yet.
    var outcomes: [TakeoverOutcome] = []

    /// Everything in flight; its numbers are the `OperationID`s.
    var operations: SlidingTable<Operation>
    var hints: HintDelivery
    var pushes: PushDelivery
    var parcels = HeldParcels()
    /// Steps whose key is being read.
    var waiting = KeyQueue<KeyTask>()
    var timers = Heap<Timer>()
    var awaitingSync = Deque<SyncWaiter>()
    /// What other nodes are told of their puts as the turn ends; few nodes in one turn.
    private var putReplies: [(peer: Peer, replies: [ReplicaPutReply])] = []
    /// When the rest of them is told for whom the log has advanced.
    var tellsOnAt = Instant.never
    var hedges: HedgeBudget
    /// Bytes of values that reads in flight hold.
    var readByteCount = 0
    /// What has happened so far, but for hints: those the replica counts.
    var counts = ReplicationCounters()

    /// What is in flight under one number.
    enum Operation {
        case put(PutOperation)
        case get(GetOperation)
        case forward(ForwardOperation)
        /// A put whose key is being read; the task that waits for it names it by its number.
        indirect case waiting(PutRequest)
        /// A hint on its way home; `HintDelivery` knows which.
        case hint
        /// What another home lacks, on its way there; `PushDelivery` knows what.
        case push
    }

    /// Who is told once the log is synced up to a position; positions never fall.
    struct SyncWaiter {
        enum Party {
            /// The local part of a put that this node coordinates.
            case put(OperationID)
            /// A peer that asked for a durable acknowledgement, and until when it cares.
            case peer(Peer, OperationID, until: Instant)
        }
        var position: LogPosition
        var party: Party
        /// Whether only the disk will do, in every sync mode.
        var needsDisk = false
    }

    /// A moment at which an operation looks again; one of an operation that has ended is dropped.
    struct Timer: Comparable {
        var at: Instant
        var operation: OperationID

        static func < (left: Timer, right: Timer) -> Bool {
            left.at == right.at ? left.operation < right.operation : left.at < right.at
        }
    }

    /// The replication of a shard of the node `local`, which issues `dots`, over what `engine`
    /// recovered.
    ///
    /// Its operations are numbered from `firstOperation`, far from those of the node's earlier
    /// lives: other nodes may still answer these, after a sync or a put that took them long.
    /// Reads the hints that are kept, from the disk where need be.
    public init(
        local: NodeID, shard: Shard = .only, options: ReplicationOptions, engine: StorageEngine,
        dots: DotSource, random: SeededRandom, firstOperation: OperationID
    ) throws(StorageError) {
        invariant(firstOperation != .unanswered, "operations begin at \(firstOperation)")
        self.local = local
        self.shard = shard
        operations = SlidingTable(first: firstOperation.rawValue)
        self.options = options
        self.random = random
        replica = try Replica(
            local: local, options: options, engine: engine, dots: dots,
            random: SeededRandom(seed: self.random.next()))
        hints = HintDelivery(options: options)
        pushes = PushDelivery(options: options)
        hedges = HedgeBudget(share: options.hedgeShare)
    }

    /// The longest that a request is worked on, whatever its client or another node asks.
    public static let timeoutLimit = Duration.seconds(60)
    /// Those whom one event tells that the log has advanced, and timers that one fires, at most:
    /// the rest follows in events of its own, so that others come between.
    public static let eventLimit = 256
    /// What a client is told whose request meets a node that stops.
    public static let stoppingText = "the node is stopping"

    // MARK: Events

    /// The source of this node's dots, to be made durable at a clean stop.
    public var dots: DotSource { replica.dots }

    /// What has happened so far.
    public var counters: ReplicationCounters {
        var counters = counts
        counters.marks.formUnion(replica.marks)
        counters.hintsKept = replica.hints.made
        counters.hintsDelivered = replica.hints.delivered
        return counters
    }

    /// Hints kept for other nodes, and the bytes they take.
    public var pendingHints: (count: Int, bytes: Int) {
        (replica.hints.perHome.values.reduce(0, +), replica.hints.bytes)
    }

    /// Whether reads in flight hold so much that no client should have several: with twice as much
    /// further ones are refused.
    public var isFullOfReads: Bool { readByteCount >= options.readByteLimit / 2 }

    /// Whether there are more to be told that the log has advanced than one event tells: `tick`
    /// goes on with them.
    public var hasMoreToTell: Bool { tellsOnAt != .never }

    /// Requests that this node coordinates or has forwarded and not yet finished.
    public var operationsInFlight: Int { operations.count - hints.sent.count - pushes.sent.count }

    /// When `tick` is next due. Amortised O(log n) in the timers that are set: those of operations
    /// that have ended are dropped here.
    public var nextWakeup: Instant {
        mutating get {
            // Most operations end long before their timers: nobody is woken for these.
            while let timer = timers.min, !operations.contains(timer.operation.rawValue) {
                timers.removeMin()
            }
            return min(
                timers.min?.at ?? .never, hints.nextWakeup(owing: !replica.hints.perHome.isEmpty),
                pushes.nextWakeup, tellsOnAt)
        }
    }

    /// `node`, of so many shards, can, or can no longer, be sent to. What was asked of a node that
    /// is gone is asked of another at once.
    public mutating func reachabilityChanged(
        _ node: NodeID, of shardCount: Int = 1, isReachable: Bool, at now: Moment,
        into outbox: inout Outbox
    ) {
        guard peers.setReachable(node, of: shardCount, isReachable) else { return }
        if isReachable {
            hints.wake(at: now.instant)
            return
        }
        for id in hints.forget(node) { operations.remove(id.rawValue) }
        for id in pushes.forget(node) { operations.remove(id.rawValue) }
        for number in operations.numbers {
            let id = OperationID(rawValue: number)
            switch operations[number] {
            case .put(let put): writeAround(node, in: put, id, at: now, into: &outbox)
            case .get(let get): readAround(node, in: get, id, at: now, into: &outbox)
            // The home may still begin it: nobody else does before that time is over.
            case .forward, .waiting, .hint, .push, nil: continue
            }
        }
    }

    /// The node stops: no dot is issued from now on. A put that waits for its key to be read ends
    /// here. So does one that waits for another node to coordinate it, since it could come back to
    /// this one; its client is not answered, for that node may still begin it.
    public mutating func stopped(at now: Moment, into outbox: inout Outbox) {
        for number in operations.numbers {
            switch operations[number] {
            case .forward:
                counts.marks.occurred(.stoppedWithPuts)
                operations.remove(number)
            case .waiting(let put):
                counts.marks.occurred(.stoppedWithPuts)
                operations.remove(number)
                answerFailed(put, .storage(Self.stoppingText), at: now, into: &outbox)
            case .put, .get, .hint, .push, nil: continue
            }
        }
    }

    /// Data that this node had stored was lost, in so many ranges. Until `actorRenewed` it names
    /// no write as a home: clients' writes are handed on to other homes, and where none can be
    /// reached they get names that were never used before.
    public mutating func damageFound(rangeCount: Int) {
        counts.damagedRanges += UInt64(rangeCount)
        replica.damageFound()
    }

    /// The actor under which the node writes is not durable yet. Until `actorRenewed` it names no
    /// write as a home, as after damage.
    public mutating func actorAwaited() { replica.actorAwaited() }

    /// The node writes under the actor of `dots` from now on, which is durable.
    public mutating func actorRenewed(_ dots: DotSource) {
        replica.actorRenewed(dots)
    }

    /// A client of this node asks for something; its answer follows, now or later.
    public mutating func requestReceived(
        _ id: RequestID, _ request: ClientRequest, at now: Moment,
        into outbox: inout Outbox
    ) {
        let timeout = request.operation.timeout ?? options.timeout
        begin(
            request, origin: .client(id), timeout: timeout, at: now, into: &outbox)
    }

    /// A message about replication came from `sender`.
    public mutating func messageReceived(
        _ message: ReplicationMessage, from sender: Peer, at now: Moment,
        into outbox: inout Outbox
    ) {
        switch message {
        case .put(let put): holdVersion(put, for: sender, at: now, into: &outbox)
        case .get(let get): showVersion(get, to: sender, at: now, into: &outbox)
        case .putReplies(let replies):
            for reply in replies { putAnswered(reply, by: sender.node, at: now, into: &outbox) }
        case .getReply(let reply): getAnswered(reply, by: sender.node, at: now, into: &outbox)
        case .forward(let forward):
            begin(
                forward.request, origin: .peer(sender, forward.operation),
                timeout: forward.patience, startBy: forward.startBy, date: forward.date,
                at: now, into: &outbox)
        case .forwardReply(let reply):
            forwardAnswered(reply, by: sender.node, at: now, into: &outbox)
        case .parcel(let parcel): accept(parcel, of: sender, at: now, into: &outbox)
        case .removed(let removed): discard(removed, from: sender.node, at: now, into: &outbox)
        }
    }

    /// The turn ends: what became of other nodes' puts is told, to each in one message.
    public mutating func endTurn(into outbox: inout Outbox) {
        for (peer, replies) in putReplies { outbox.send(.putReplies(replies), to: peer) }
        putReplies.removeAll(keepingCapacity: true)
    }

    /// Has `peer` told as the turn ends what became of its put or parcel.
    mutating func reply(
        _ outcome: ReplicaPutReply.Outcome, to operation: OperationID, of peer: Peer
    ) {
        if operation == .unanswered { return }
        let reply = ReplicaPutReply(operation: operation, outcome: outcome)
        if let index = putReplies.firstIndex(where: { $0.peer == peer }) {
            putReplies[index].replies.append(reply)
        } else {
            putReplies.append((peer, [reply]))
        }
    }

    /// Notes whom to tell once `position` is synced, and forgets who at the front has given up: a
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

    /// The log is written or synced further on.
    public mutating func logAdvanced(at now: Moment, into outbox: inout Outbox) {
        var needingDisk: [SyncWaiter] = []
        var told = 0
        tellsOnAt = .never
        while let waiter = awaitingSync.first, waiter.position <= replica.durable {
            guard told < Self.eventLimit else {
                tellsOnAt = now.instant
                break
            }
            awaitingSync.removeFirst()
            if waiter.needsDisk, waiter.position > replica.synced {
                if isAwaited(waiter, at: now) { needingDisk.append(waiter) }
                continue
            }
            told += 1
            switch waiter.party {
            case .put(let id): noteLocalSync(id, at: now, into: &outbox)
            case .peer(let peer, let operation, let until):
                guard now.instant <= until else { continue }
                reply(.stored, to: operation, of: peer)
            }
        }
        if !needingDisk.isEmpty { awaitingSync.prepend(contentsOf: needingDisk) }
    }

    /// Time has passed: hedges, deadlines, hints that are due.
    public mutating func tick(at now: Moment, into outbox: inout Outbox) {
        if tellsOnAt <= now.instant { logAdvanced(at: now, into: &outbox) }
        var fired = 0
        while let timer = timers.min, timer.at <= now.instant, fired < Self.eventLimit {
            timers.removeMin()
            fired += 1
            let id = timer.operation
            switch operations[id.rawValue] {
            case .put(let put): putTimerFired(put, id, at: now, into: &outbox)
            case .get(let get): getTimerFired(get, id, at: now, into: &outbox)
            case .forward(let forward): forwardTimerFired(forward, id, at: now, into: &outbox)
            case .waiting(let put): waitingTimerFired(put, id, at: now, into: &outbox)
            case .hint, .push, nil: continue
            }
        }
        deliverHints(at: now, into: &outbox)
        deliverPushes(at: now, into: &outbox)
    }
}
