// Anti-entropy, one node's part: replicas find and mend every difference, and learn up to where
// nothing can differ any more. Dynamo, section 4.7; Merkle, "A digital signature" (1987).
//
//     promises ─► floor of a partition ─┐
//     roots of all homes equal ─────────┴─► watermark ─► tombstones go
//            │ differ
//            └► nodes ─► leaves ─► the same leaves again ─► keys named ─► objects pushed, both ways
//
// Each part is a value with its own state: `Promises`, `Comparison` (roots and proofs), `Descents`
// (the way down a tree), `LeafReading`, `Sweeping` (what may go), `TreeKeeping`. None holds
// another: what one finds out for another it returns, and that is handed on here. What several go
// by is passed to them: where the node stands (`Standpoint`), what is settled (`SettledTimes`),
// chance.
// Why a removed value cannot come back is argued in the documentation of this module.
public import MartletBase
public import MartletRing
public import MartletStorage
public import MartletVersions
public import MartletWire

/// The anti-entropy protocol of one shard of a node.
public struct AntiEntropy {
    var here: Standpoint
    /// One stream for all parts.
    var random: SeededRandom
    var times = SettledTimes()
    var promises: Promises
    var comparison: Comparison
    var descents = Descents()
    var leaves = LeafReading()
    var sweeping = Sweeping()
    var trees = TreeKeeping()

    /// Partitions compared at a time.
    public static let batchLimit = Comparison.batchLimit

    /// The anti-entropy of a shard of the node `local`, over what `engine` recovered.
    public init(
        local: NodeID, shard: Shard = .only, options: AntiEntropyOptions, engine: StorageEngine,
        random: SeededRandom
    ) {
        here = Standpoint(local: local, shard: shard, options: options, engine: engine)
        self.random = random
        promises = Promises(from: engine)
        comparison = Comparison(after: self.random.next() >> 16)
    }

    /// What has happened so far.
    public var counters: AntiEntropyCounters {
        var sum = AntiEntropyCounters()
        for part in [promises.counters, comparison.counters, descents.counters, leaves.counters] {
            sum.add(part)
        }
        sum.marks.formUnion(times.marks)
        sum.marks.formUnion(sweeping.marks)
        return sum
    }

    // MARK: Events

    /// The node can send from now on.
    public mutating func start(at now: Moment, into effects: inout [AntiEntropyEffect]) {
        promises.start(here.options, at: now, using: &random, into: &effects)
        comparison.start(here, at: now, using: &random)
        leaves.start(at: now)
        sweeping.start(at: now)
        trees.start(at: now)
    }

    /// The ring is known, or has changed.
    public mutating func topologyChanged(
        _ newer: Topology, at now: Moment, into effects: inout [AntiEntropyEffect]
    ) {
        here.topologyChanged(newer)
        comparison.topologyChanged(here, at: now, using: &random)
        descents.topologyChanged(here)
        times.topologyChanged(here)
        for partition in here.changed { times.tell(partition, into: &effects) }
        sweeping.topologyChanged(here)
    }

    /// `node`, of so many shards, can, or can no longer, be sent to.
    public mutating func reachabilityChanged(
        _ node: NodeID, of shardCount: Int = 1, isReachable: Bool
    ) {
        if shardCount != here.shardCount(of: node) { promises.forget(node) }
        here.reachabilityChanged(node, of: shardCount, isReachable: isReachable)
    }

    /// Of how many shards `node` is; 1 where it was never reached.
    public func shardCount(of node: NodeID) -> Int { here.shardCount(of: node) }

    /// The node's clock was held against others'. Before that it is trusted.
    public mutating func clockCompared(_ trust: ClockTrust) { here.clock = trust }

    /// The storage has lost data in `partitions`: until each was found equal to all other homes,
    /// what is absent here says nothing.
    public mutating func damageFound(
        in partitions: [UInt16], into effects: inout [AntiEntropyEffect]
    ) {
        comparison.forget(times.damageFound(in: partitions, here, into: &effects))
    }

    /// Has `partitions`, or all, compared with every other home without waiting for their turn.
    /// How many those are.
    public mutating func repair(_ partitions: [UInt16]?, at now: Moment) -> Int {
        comparison.hurry(partitions, here, at: now)
    }

    /// A message of anti-entropy came from `sender`.
    public mutating func messageReceived(
        _ message: ExchangeMessage, from sender: Peer, at now: Moment,
        into effects: inout [AntiEntropyEffect]
    ) {
        switch message {
        case .promise(let promise): promises.received(promise, from: sender, into: &effects)
        case .roots(let roots):
            sweeping.settled(
                comparison.rootsReceived(
                    roots, from: sender, here, &times, at: now, into: &effects))
        case .settled(let settled):
            sweeping.settled(
                comparison.settledReceived(settled, from: sender, here, &times, into: &effects))
        case .rootsReply(let reply):
            replyReceived(reply, from: sender, at: now, into: &effects)
        case .nodes(let nodes) where nodes.stage == .descent:
            descents.nodesReceived(nodes, from: sender, here, into: &effects)
        case .nodes(let nodes):
            leaves.nodesReceived(nodes, from: sender, here, using: &random, into: &effects)
        case .nodesReply(let reply):
            descents.replyReceived(
                reply, from: sender, here, at: now, using: &random, into: &effects)
        case .question(let question):
            descents.questionReceived(question, from: sender, here, using: &random, into: &effects)
        case .leaf(let leaf):
            leaves.leafReceived(leaf, from: sender, here, using: &random, into: &effects)
        case .wants(let wants):
            leaves.wantsReceived(wants, from: sender, here, using: &random, into: &effects)
        }
    }

    private mutating func replyReceived(
        _ reply: TreeRootsReply, from sender: Peer, at now: Moment,
        into effects: inout [AntiEntropyEffect]
    ) {
        let differing = comparison.replyReceived(
            reply, from: sender, here, &times, at: now, into: &effects)
        guard let differing else { return }
        descents.begin(
            differing, with: sender, here, at: now, using: &random, into: &effects)
        sweeping.settled(comparison.conclude(here, &times, into: &effects))
    }

    /// When `tick` is next due.
    ///
    /// Mutating, though it changes nothing: what is as large as this is copied to be read, and a
    /// node asks after every event.
    public var nextWakeup: Instant {
        mutating get {
            min(
                min(promises.next, comparison.next, descents.next),
                min(leaves.nextWakeup, sweeping.nextWakeup(here.clock), trees.next))
        }
    }

    /// Time has passed.
    public mutating func tick(at now: Moment, into effects: inout [AntiEntropyEffect]) {
        promises.tick(here, at: now, using: &random, into: &effects)
        comparison.tick(here, times, promises, at: now, using: &random, into: &effects)
        descents.tick(here, at: now, using: &random, into: &effects)
        treeMade(trees.tick(here, at: now), at: now)
        leaves.tick(here, at: now, using: &random, into: &effects)
        sweeping.tick(here, times, at: now, into: &effects)
        logAdvanced(at: now, into: &effects)
    }

    /// The log may be synced further on.
    public mutating func logAdvanced(at now: Moment, into effects: inout [AntiEntropyEffect]) {
        guard comparison.awaitsSync else { return }
        sweeping.settled(comparison.logAdvanced(here, &times, into: &effects))
    }

    /// A read of anti-entropy's is complete.
    public mutating func readCompleted(
        _ read: CompletedRead, at now: Moment, into effects: inout [AntiEntropyEffect]
    ) {
        switch read.ticket.owner {
        case .leaves: leaves.readCompleted(read, here, using: &random, into: &effects)
        case .sweep: sweeping.readCompleted(read, here, times, at: now, into: &effects)
        case .trees: treeMade(trees.readCompleted(read, at: now), at: now)
        case .replication, .inspection, .handover:
            invariant(false, "anti-entropy was handed a read of \(read.ticket.owner)")
        }
    }

    /// What the partition has lost it is to have back soon.
    private mutating func treeMade(_ partition: UInt16?, at now: Moment) {
        guard let partition, times.isDoubted(partition) else { return }
        _ = comparison.hurry([partition], here, at: now)
    }

    // MARK: Promises and watermarks

    /// Whether what the node has bound itself to is synced and nobody has heard of it yet.
    public var hasPromiseToTell: Bool { promises.hasOneToTell(synced: here.engine.synced) }

    /// Tells all others what the node has bound itself to, and in which partitions it keeps hints
    /// at this moment.
    public mutating func tellPromise(
        hinted: [UInt16], into effects: inout [AntiEntropyEffect]
    ) {
        promises.tell(hinted: hinted, here, into: &effects)
    }

    /// Up to where `partition` is settled, as far as this node knows.
    public func watermark(of partition: Partition) -> HybridTimestamp {
        here.topology == nil ? HybridTimestamp(bits: 0) : times.watermark(partition.index)
    }

    /// Whether nothing is judged in `partition` since data was lost; true while no ring is known.
    public func isInDoubt(of partition: Partition) -> Bool {
        here.topology == nil || times.isDoubted(partition.index)
    }

    /// Has `batch` hold what is in doubt, where it is known what the node is a home of.
    public func putDoubts(in batch: inout WriteBatch) { times.putDoubts(here, in: &batch) }

    /// Another home says that versions are removed for good, up to `watermark`: this one, which
    /// drops them, judges by that too, or it would take them back from a third that has not heard
    /// of it. As with a proof, it believes that of a home to which it was equal, and not in doubt.
    public mutating func removalHeard(
        upTo watermark: HybridTimestamp, in partition: Partition, from node: NodeID,
        into effects: inout [AntiEntropyEffect]
    ) {
        let index = partition.index
        guard here.shares(index, with: node), times.hasEqualled(index, at: node),
            !times.isDoubted(index)
        else { return }
        if times.adopt(watermark, of: index, in: here.engine, into: &effects) {
            sweeping.settled([index])
        }
    }

    /// Whether the node has lost data of `partition` and was not found equal to all since.
    public func isInDoubt(of partition: UInt16) -> Bool {
        here.owns(partition) && times.isDoubted(partition)
    }

    /// Up to where the node may judge `partition`: the beginning of time where it is no home that
    /// holds all of it, or has lost data.
    public func trustedWatermark(of partition: UInt16) -> HybridTimestamp {
        here.owns(partition) ? times.trusted(partition) : HybridTimestamp(bits: 0)
    }

    /// A home that holds all of `partition`, which moves to this node, knows it to be settled up to
    /// `watermark`. Every home of before held whatever is as old, and nothing is proven during a
    /// move: so this node holds it too once it is filled, and goes by the watermark then.
    public mutating func learn(_ watermark: HybridTimestamp, of partition: UInt16) {
        times.learn(watermark, of: partition, here)
    }

    /// Has `batch` forget up to where `partition` is settled, with all that is held of it.
    public func putForgotten(_ partition: Partition, in batch: inout WriteBatch) {
        SettledTimes.putForgotten(partition.index, in: &batch)
    }

    /// Traps when the parts belie themselves; between events. O(partitions + what is under way);
    /// for tests and simulation.
    public func checkInvariants() {
        here.checkInvariants()
        times.checkInvariants(here)
        promises.checkInvariants(here)
        comparison.checkInvariants(here)
        descents.checkInvariants()
        leaves.checkInvariants()
        sweeping.checkInvariants(here)
        trees.checkInvariants()
    }
}
