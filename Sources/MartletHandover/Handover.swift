// Hand-over, one shard's part: partitions that this node is to become a home of are filled from
// those that are homes of them; what it is no home of any more is handed back, and dropped.
//
//     a move names this node ─► cleared of what is old ─► filled from a majority ─► told
//     another is to be filled ─► its pulls are answered
//     no home of it any more ─► offered to all homes ─► taken by each ─► dropped
//     another is no home of it any more ─► pulled from it ─► synced ─► it is told
//
// Each part is a value with its own state: `Filling`, `Serving`, `Offering`, `Taking`. None holds
// another. Who is to be filled asks for each chunk, and sources keep nothing. Why nothing is lost
// on the way is argued in the documentation of this module.
public import MartletBase
public import MartletRing
public import MartletStorage
public import MartletWire

/// The hand-over of one shard of a node.
public struct Handover {
    var here: Standpoint
    var filling = Filling()
    var serving = Serving()
    var offering = Offering()
    var taking = Taking()
    /// The last number that was given to a pull.
    private var numbers: UInt64
    /// Before that nothing is asked for: enough has come for now.
    private var pacedUntil = Instant.start
    private var nextLook = Instant.never
    /// When `tick` is next due.
    public private(set) var nextWakeup = Instant.never

    /// The hand-over of a shard of the node `local`, over what `engine` recovered.
    public init(
        local: NodeID, shard: Shard = .only, options: HandoverOptions, engine: StorageEngine,
        random: SeededRandom
    ) {
        here = Standpoint(local: local, shard: shard, options: options, engine: engine)
        // An answer to what another life has asked is not taken for one to what this one asks.
        var random = random
        numbers = random.next() >> 16
    }

    // MARK: What is so

    /// Bytes of chunks that are asked for in a second, at most; 0 for no limit.
    public var bytesPerSecond: Int {
        get { here.options.bytesPerSecond }
        set { here.options.bytesPerSecond = newValue }
    }

    /// The moves of the present ring that this node is filled for, and since which epoch each is,
    /// ascending by partition. O(moves).
    public var filled: [(partition: Partition, since: UInt64)] {
        filling.fills.filter(\.isTold).map { (Partition(index: $0.partition), $0.since) }
    }

    /// Whether nothing may be stored of `partition` yet, by whoever it comes: what is held of it is
    /// of an earlier time, and is about to be dropped. O(log fills).
    public func isClearing(_ partition: Partition) -> Bool {
        filling.fill(of: partition.index)?.stage == .clearing
    }

    /// The partitions of which something is left over here that some home may lack: nobody is a
    /// home here, or only about to be one. Ascending; O(partitions).
    public var leftovers: [UInt16] {
        guard let topology = here.topology else { return [] }
        return here.served.filter { partition in
            let view = topology.view(of: Partition(index: partition))
            guard !view.includes(here.local) || filling.isClearing(partition) else { return false }
            return here.engine.tree(of: partition)?.count != 0
        }
    }

    /// What has happened so far.
    public var counters: HandoverCounters {
        var sum = filling.counters
        for part in [serving.counters, offering.counters, taking.counters] { sum.add(part) }
        return sum
    }

    // MARK: Events

    /// The node can send from now on.
    public mutating func start(at now: Moment, into effects: inout [HandoverEffect]) {
        nextLook = now.instant
        goOn(at: now, into: &effects)
    }

    /// The ring is known, or has changed.
    public mutating func topologyChanged(
        _ newer: Topology, at now: Moment, into effects: inout [HandoverEffect]
    ) {
        here.topology = newer
        filling.topologyChanged(here)
        let filling = filling
        taking.topologyChanged(here) { filling.isClearing($0) }
        look(at: now)
        goOn(at: now, into: &effects)
    }

    /// `node`, of so many shards, can, or can no longer, be sent to.
    public mutating func reachabilityChanged(
        _ node: NodeID, of shardCount: Int = 1, isReachable: Bool, at now: Moment,
        into effects: inout [HandoverEffect]
    ) {
        here.reachabilityChanged(node, of: shardCount, isReachable: isReachable)
        if isReachable {
            filling.sourceReturned(node)
            offering.homeReturned(node)
        }
        goOn(at: now, into: &effects)
    }

    /// The storage has lost data in `partitions`: what was filled of them is filled again.
    public mutating func damageFound(
        in partitions: [UInt16], at now: Moment, into effects: inout [HandoverEffect]
    ) {
        filling.damageFound(in: partitions, here, into: &effects)
        taking.damageFound(in: partitions)
        goOn(at: now, into: &effects)
    }

    /// A message of hand-over came from `sender`.
    public mutating func messageReceived(
        _ message: HandoverMessage, from sender: Peer, at now: Moment,
        into effects: inout [HandoverEffect]
    ) {
        switch message {
        case .pull(let pull):
            return serving.pullReceived(pull, from: sender, here, into: &effects)
        case .chunk(let chunk): chunkReceived(chunk, from: sender.node, at: now, into: &effects)
        case .refused(let refusal):
            filling.refused(refusal, from: sender.node, here, at: now.instant)
            taking.refused(refusal, from: sender.node, here, at: now.instant)
        case .leftover(let leftover):
            let filling = filling
            taking.leftoverReceived(leftover, from: sender, here) { filling.isClearing($0) }
        case .taken(let taken): offering.takenReceived(taken, from: sender.node)
        }
        goOn(at: now, into: &effects)
    }

    private mutating func chunkReceived(
        _ chunk: HandoverChunk, from source: NodeID, at now: Moment,
        into effects: inout [HandoverEffect]
    ) {
        let bytes =
            filling.chunkReceived(chunk, from: source, here, at: now.instant, into: &effects)
            ?? taking.chunkReceived(chunk, from: source, here, at: now.instant, into: &effects)
        let rate = here.options.bytesPerSecond
        guard let bytes, rate > 0 else { return }
        let pause = Duration.nanoseconds(Int64(Double(bytes) / Double(rate) * 1e9))
        pacedUntil = max(pacedUntil, now.instant) + pause
    }

    /// What `HandoverEffect.merge` asked for under `number` is in the log, or some of it is not.
    public mutating func merged(
        _ number: UInt64, isComplete: Bool, at now: Moment, into effects: inout [HandoverEffect]
    ) {
        if !filling.merged(number, isComplete: isComplete, here, at: now.instant) {
            taking.merged(number, isComplete: isComplete, here, at: now.instant)
        }
        goOn(at: now, into: &effects)
    }

    /// What `HandoverEffect.drop` asked for is in the log.
    public mutating func dropped(at now: Moment, into effects: inout [HandoverEffect]) {
        look(at: now)
        goOn(at: now, into: &effects)
    }

    /// A read of hand-over's is complete.
    public mutating func readCompleted(
        _ read: CompletedRead, at now: Moment, into effects: inout [HandoverEffect]
    ) {
        if serving.readCompleted(read, here, into: &effects) { return }
        if !filling.readCompleted(read) { taking.readCompleted(read) }
        goOn(at: now, into: &effects)
    }

    /// The log may be synced further on.
    public mutating func logAdvanced(at now: Moment, into effects: inout [HandoverEffect]) {
        if filling.awaitsSync || taking.awaitsSync { goOn(at: now, into: &effects) }
    }

    /// Time has passed.
    public mutating func tick(at now: Moment, into effects: inout [HandoverEffect]) {
        guard now.instant >= nextWakeup else { return }
        if now.instant >= nextLook { look(at: now) }
        goOn(at: now, into: &effects)
    }

    // MARK: Going on

    private mutating func look(at now: Moment) {
        let filling = filling
        offering.look(here) { filling.isClearing($0) }
        if nextLook != .never { nextLook = now.instant + here.options.offerInterval }
    }

    /// Does all that can be done now; nothing before the start.
    private mutating func goOn(at now: Moment, into effects: inout [HandoverEffect]) {
        guard nextLook != .never, here.topology != nil else { return }
        filling.settle(here, at: now.instant, into: &effects)
        taking.settle(here, at: now.instant, into: &effects)
        offering.settle(here, at: now.instant, into: &effects)
        if pacedUntil <= now.instant { ask(at: now.instant, into: &effects) }
        nextWakeup = min(
            min(nextLook, filling.nextWakeup(here, at: now.instant), offering.nextWakeup),
            min(
                taking.nextWakeup(at: now.instant),
                pacedUntil > now.instant ? pacedUntil : .never))
    }

    private mutating func ask(at now: Instant, into effects: inout [HandoverEffect]) {
        var load: [NodeID: Int] = [:]
        let fills = filling.countLoad(&load)
        let takes = taking.countLoad(&load)
        filling.ask(here, &load, under: fills, &numbers, at: now, into: &effects)
        taking.ask(here, under: takes, &numbers, at: now, into: &effects)
    }

    /// Traps when the parts belie themselves; between events. O(what is under way); for tests and
    /// simulation.
    public func checkInvariants() {
        filling.checkInvariants()
        serving.checkInvariants()
        offering.checkInvariants(here)
        taking.checkInvariants()
    }
}

extension Filling {
    func isClearing(_ partition: UInt16) -> Bool { fill(of: partition)?.stage == .clearing }
}
