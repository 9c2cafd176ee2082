// Anti-entropy, one node's part: replicas find and mend every difference, and learn up to where
// nothing can differ any more. Dynamo, section 4.7; Merkle, "A digital signature" (1987).
//
//     promises ─► floor of a partition ─┐
//     roots of all homes equal ─────────┴─► watermark ─► tombstones go
//            │ differ
//            └► nodes ─► leaves ─► the same leaves again ─► keys named ─► objects pushed, both ways
//
// Rounds and proofs are in `+Comparing`, the way down a tree in `+Descending`, leaves in `+Leaves`,
// promises in `+Promising`, what follows from a watermark in `+Removing`, the care of the trees in
// `+Trees`, what begins with an empty disk in `+StartingOver`. Why a removed value cannot come back
// is argued in the documentation of this module.
public import MartletBase
public import MartletRing
public import MartletStorage
public import MartletVersions
public import MartletWire

internal import DequeModule

/// What anti-entropy asks of the node around it.
public enum AntiEntropyEffect: Equatable, Sendable {
    /// Send a message to a node.
    case send(ExchangeMessage, to: NodeID)
    /// Send a home what is held here of a key.
    case push(Bytes, Partition, to: NodeID)
    /// Remove the last trace of a key, if it is settled and has held no value since.
    case remove(Bytes, Partition, absentSince: WallTime)
    /// Judge what comes for the partition by this watermark from now on.
    case settle(Partition, upTo: HybridTimestamp)
    /// Issue no timestamp up to this any more, and take no hint as old.
    case promise(HybridTimestamp)
    /// A timestamp that another node has told.
    case observe(HybridTimestamp)
}

/// The anti-entropy protocol of one node.
public struct AntiEntropy {
    let local: NodeID
    let options: AntiEntropyOptions
    let engine: StorageEngine
    var random: SeededRandom
    var topology: Topology?
    /// The partitions that this node is a home of, ascending.
    var owned: [UInt16] = []
    /// Nodes that can be sent to, sorted.
    var reachable: [NodeID] = []

    var times: SettledTimes
    var promises = Promises()
    /// The promise that waits to be synced, and where the log holds it.
    var pendingPromise: (floor: HybridTimestamp, position: LogPosition)?
    /// What this node has bound itself to, in this life or an earlier one.
    var floor: HybridTimestamp

    /// Whether the node's clock is confirmed enough to bind the node to a time. Told by the node
    /// around it.
    public var mayPromise = true
    /// Whether it is confirmed enough to tell that something has expired.
    public var mayRemove = true
    /// By how much the clock in the middle of all may be behind that by which the node goes: an
    /// object stays that much longer after its expiry.
    public var clockMargin = Duration.zero

    /// The number of the last comparison. Those of a life begin where they are drawn: a reply to
    /// one of an earlier life, about trees that a crash may have taken back, must not pass for one
    /// to this life's.
    var round: UInt64
    var cuts: [UInt64: Cut] = [:]
    var proofs: [UInt16: Proof] = [:]
    /// Where the regular comparisons go on in `owned`.
    var cursor = 0
    /// Partitions that an operator wants compared now.
    var urgent = Deque<UInt16>()
    /// Replies that wait until what they say is synced; positions never fall.
    var replies = Deque<HeldReply>()

    var descents: [Descent] = []
    var leafWork = Deque<LeafWork>()
    var reading: LeafReading?
    /// Leaves that were read, to be told to other homes.
    var unnamed: [UnnamedLeaf] = []
    var sweeps = Deque<UInt16>()
    var sweep: Sweep?
    var building: TreeCare?
    var verified = 0

    var nextPromise = Instant.never
    var nextComparison = Instant.never
    var nextSweep = Instant.never
    var nextCare = Instant.never
    var nextVerification = Instant.never
    /// What has happened so far.
    public internal(set) var counters = AntiEntropyCounters()

    /// The anti-entropy of the node `local`, over what `engine` recovered.
    public init(
        local: NodeID, options: AntiEntropyOptions, engine: StorageEngine, random: SeededRandom
    ) {
        self.local = local
        self.options = options
        self.engine = engine
        self.random = random
        round = self.random.next() >> 16
        times = SettledTimes(count: 0, from: engine)
        floor = HybridTimestamp(bits: 0)
        if case .found(let bytes) = engine.get(Self.floorKey) {
            floor = SettledTimes.decode(bytes)
        }
    }

    static let floorKey = StorageKey.state("floor")

    // MARK: Events

    /// The node can send from now on.
    public mutating func start(at now: Moment, into effects: inout [AntiEntropyEffect]) {
        effects.append(.promise(floor))
        nextPromise = now.instant + random.duration(in: Duration.zero...options.promiseInterval)
        nextComparison = now.instant + comparisonPause()
        nextSweep = now.instant + Self.sweepPause
        nextCare = now.instant + Self.sweepPause
        nextVerification = now.instant
    }

    /// The ring is known, or has changed.
    public mutating func topologyChanged(
        _ newer: Topology, at now: Moment, into effects: inout [AntiEntropyEffect]
    ) {
        topology = newer
        let count = newer.partitionCount.value
        times = SettledTimes(count: count, from: engine)
        owned = (0..<UInt16(count)).filter {
            newer.homes(of: Partition(index: $0)).contains(local)
        }
        // Anywhere, so that two homes do not look at the same partition of a third at one time.
        cursor = owned.isEmpty ? 0 : random.below(owned.count)
        proofs = [:]
        cuts = [:]
        descents = []
        recallDoubts()
        recallLoss()
        for partition in owned { tellSettled(partition, into: &effects) }
        sweeps = Deque(owned)
        nextComparison = min(nextComparison, now.instant + comparisonPause())
    }

    /// `node` can, or can no longer, be sent to.
    public mutating func reachabilityChanged(_ node: NodeID, isReachable: Bool) {
        let index = reachable.partitionIndex { $0 < node }
        let was = index < reachable.count && reachable[index] == node
        if isReachable, !was { reachable.insert(node, at: index) }
        if !isReachable, was { reachable.remove(at: index) }
    }

    /// A message of anti-entropy came from `sender`.
    public mutating func messageReceived(
        _ message: ExchangeMessage, from sender: NodeID, at now: Moment,
        into effects: inout [AntiEntropyEffect]
    ) {
        switch message {
        case .promise(let promise): take(promise, of: sender, into: &effects)
        case .roots(let roots): compare(roots, of: sender, at: now, into: &effects)
        case .settled(let settled): adopt(settled, of: sender, into: &effects)
        case .rootsReply(let reply): compared(reply, by: sender, at: now, into: &effects)
        case .nodes(let nodes): compare(nodes, of: sender, at: now, into: &effects)
        case .nodesReply(let reply): descend(reply, of: sender, at: now, into: &effects)
        case .question(let question): answer(question, of: sender, into: &effects)
        case .leaf(let leaf):
            queue(
                leaf, of: sender, aim: .compare(leaf.digests, leaf.window), at: now,
                into: &effects)
        case .wants(let wants):
            queue(
                wants, of: sender, aim: .serve(wants.digests, wants.window), at: now,
                into: &effects)
        }
    }

    /// When `tick` is next due.
    ///
    /// Mutating, though it changes nothing: what is as large as this is copied to be read, and a
    /// node asks after every event.
    public var nextWakeup: Instant {
        mutating get {
            let confirmation = descents.map(\.next).min() ?? .never
            return min(
                min(nextPromise, nextComparison, nextCare, confirmation),
                isSweeping || !leafWork.isEmpty ? nextSweep : .never)
        }
    }

    /// Time has passed.
    public mutating func tick(at now: Moment, into effects: inout [AntiEntropyEffect]) {
        if now.instant >= nextPromise { makePromise(at: now, into: &effects) }
        if now.instant >= nextComparison { compareNext(at: now, into: &effects) }
        confirmDescents(at: now, into: &effects)
        careForTrees(at: now)
        sweepOn(at: now, into: &effects)
        logAdvanced(at: now, into: &effects)
    }

    /// The log may be synced further on.
    public mutating func logAdvanced(at now: Moment, into effects: inout [AntiEntropyEffect]) {
        while let reply = replies.first, reply.position <= engine.synced {
            replies.removeFirst()
            send(.rootsReply(reply.message), to: reply.node, into: &effects)
        }
        concludeProofs(at: now, into: &effects)
    }

    /// A read of anti-entropy's is complete.
    public mutating func readCompleted(
        _ read: CompletedRead, at now: Moment, into effects: inout [AntiEntropyEffect]
    ) {
        switch read.ticket.owner {
        case .leaves: leafRead(read, at: now, into: &effects)
        case .sweep: sweepRead(read, at: now, into: &effects)
        case .trees: treeRead(read, at: now)
        case .replication, .inspection:
            invariant(false, "anti-entropy was handed a read of \(read.ticket.owner)")
        }
    }

    /// Traps when the parts belie each other; between events. O(partitions); for tests and
    /// simulation.
    public func checkInvariants() {
        invariant(zip(owned, owned.dropFirst()).allSatisfy { $0 < $1 }, "partitions unsorted")
        invariant(zip(reachable, reachable.dropFirst()).allSatisfy { $0 < $1 }, "peers unsorted")
        invariant(cursor >= 0 && cursor <= max(0, owned.count - 1), "cursor at \(cursor)")
        invariant(descents.count <= Self.descentLimit, "\(descents.count) descents")
        invariant(leafWork.count <= Self.workLimit, "\(leafWork.count) leaves wait")
        invariant(replies.count <= Self.replyLimit, "\(replies.count) replies wait")
        for (reply, next) in zip(replies, replies.dropFirst()) {
            invariant(reply.position <= next.position, "replies out of order")
        }
    }

    mutating func send(
        _ message: ExchangeMessage, to node: NodeID, into effects: inout [AntiEntropyEffect]
    ) {
        counters.bytesSent += UInt64(message.byteEstimate)
        effects.append(.send(message, to: node))
    }

    func isReachable(_ node: NodeID) -> Bool {
        let index = reachable.partitionIndex { $0 < node }
        return index < reachable.count && reachable[index] == node
    }

    /// The other homes of a partition, in the order of preference; nil where this node is none.
    func otherHomes(of partition: UInt16) -> [NodeID]? {
        guard let topology, Int(partition) < topology.partitionCount.value else { return nil }
        let homes = topology.homes(of: Partition(index: partition))
        return homes.contains(local) ? homes.filter { $0 != local } : nil
    }
}
