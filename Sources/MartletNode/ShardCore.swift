// The data of one shard of a node: composes replication, anti-entropy and storage of its
// partitions, and owns nothing else. What the node has decided comes as a `ControlView`; shards of
// one node share nothing but that.
internal import MartletAntiEntropy
internal import MartletBase
internal import MartletHandover
internal import MartletMembership
internal import MartletReplication
internal import MartletRing
internal import MartletStorage
internal import MartletVersions
internal import MartletWire

/// The protocols of one shard, composed.
struct ShardCore {
    /// The node that it is of.
    let node: NodeID
    let shard: Shard
    let startsOver: Bool
    let mayStartUnsynced: Bool
    let engine: StorageEngine
    var replication: Replication
    var antiEntropy: AntiEntropy
    var handover: Handover
    /// The ring, as it was last told.
    private(set) var topology: Topology?
    /// Whether no crash takes the node back to an older ring.
    private(set) var isRingSafe = false
    /// Whether the node is a member that leaves.
    private(set) var isLeaving = false
    /// Whether its storage remembers that ring.
    private var isRingKept = true
    /// Which decisions of the control core it goes by.
    private var decisions: UInt64 = 0
    private var links: ShardLinks
    /// Nodes to which links are open and that are known and not believed unreachable, sorted.
    private var reachable: [NodeID] = []
    private(set) var isStopping = false
    private(set) var readiness = Readiness()
    /// How long clients wait for word of the other nodes.
    private let readinessLimit: Duration
    var noticedRefusal: WriteRefusal?
    /// The actor that this shard is to become, once that is durable; nil while it is to stay.
    var renewal: ActorRenewal?
    /// Looks at keys that are under way.
    var lookups: [KeyLookup] = []
    private let openedAt: LogPosition
    /// Bytes of tables a second that are read back to check them.
    let scrubRate: Int
    /// When the next table is due for that.
    var nextScrub = Instant.never
    /// When the room on the disk is measured next.
    var nextMeasure = Instant.never
    /// Whether the note that clients' values are refused for want of it is the last one.
    var isShortOfSpace = false
    /// Reused from event to event, so that handling one allocates nothing for its effects.
    var effects: [AntiEntropyEffect] = []
    var handoverEffects: [HandoverEffect] = []
    /// What the control core was told last of how far this shard has come.
    var toldReport = MoveReport()
    /// Whether it may have come further since: the ring has changed, or a partition was filled. One
    /// that leaves may with any event.
    var mayHaveReport = false
    /// The rare branches that were taken around the protocols.
    var marks = Marks<NodeMark>()

    init(
        _ configuration: NodeConfiguration, node: NodeID, shard: Shard, dots: DotSource,
        startsOver: Bool, isKnown: Bool, engine: StorageEngine, seed: UInt64
    ) throws(StorageError) {
        self.node = node
        self.shard = shard
        links = ShardLinks(of: shard)
        self.startsOver = startsOver
        mayStartUnsynced = isKnown
        self.engine = engine
        openedAt = engine.appended
        scrubRate = configuration.scrubBytesPerSecond
        // Time for two rounds of pings to whoever may be there.
        readinessLimit = configuration.membership.protocolPeriod * 2
        replication = try Replication(
            local: node, shard: shard, options: configuration.replication, engine: engine,
            dots: dots, random: SeededRandom(seed: seed, stream: "replication"),
            firstOperation: Self.firstOperation(seed: seed))
        antiEntropy = AntiEntropy(
            local: node, shard: shard, options: configuration.antiEntropy, engine: engine,
            random: SeededRandom(seed: seed, stream: "anti-entropy"))
        handover = Handover(
            local: node, shard: shard, options: configuration.handover, engine: engine,
            random: SeededRandom(seed: seed, stream: "handover"))
    }

    /// Where the numbers of this life's operations begin: drawn from 48 bits, so that those which
    /// an earlier life left unanswered are met again by no chance that matters.
    private static func firstOperation(seed: UInt64) -> OperationID {
        var random = SeededRandom(seed: seed, stream: "operations")
        return OperationID(rawValue: random.next() >> 16 | 1)
    }

    /// Whether the node was a member of the ring and is none any more.
    var hasLeft: Bool { topology?.departed.contains(node) ?? false }

    /// What clients of one that has left are told.
    static let leftText =
        "the node has left the cluster: ask another; to join again it starts with an empty data "
        + "directory"

    /// Whether `node` can be sent to: its links are open and it is not believed unreachable.
    func isReachable(_ node: NodeID) -> Bool {
        if node == self.node { return true }
        let index = reachable.partitionIndex { $0 < node }
        return index < reachable.count && reachable[index] == node
    }

    // MARK: Events

    mutating func start(_ view: ControlView, at now: Moment, into work: inout Work) {
        if engine.synced < openedAt {
            invariant(
                mayStartUnsynced, "started at \(engine.synced), the actor stands at \(openedAt)")
            renewal = ActorRenewal(dots: replication.dots, position: openedAt)
            replication.actorAwaited()
            marks.occurred(.startedUnsynced)
        }
        noteRefusal(into: &work)
        noteSpace(into: &work)
        take(view, at: now, into: &work)
        readiness.start(until: now.instant + readinessLimit)
        antiEntropy.start(at: now, into: &effects)
        handover.start(at: now, into: &handoverEffects)
        scrub(at: now.instant)
        measureSpace(at: now.instant)
    }

    mutating func tick(at now: Moment, into work: inout Work) {
        keepRing()
        replication.tick(at: now, into: &work.outbox)
        antiEntropy.tick(at: now, into: &effects)
        handover.tick(at: now, into: &handoverEffects)
        scrub(at: now.instant)
        measureSpace(at: now.instant)
    }

    mutating func requestReceived(
        _ id: RequestID, _ request: ClientRequest, at now: Moment, into work: inout Work
    ) {
        if isStopping {
            work.outbox.answer(id, .failed(.storage(Replication.stoppingText)))
        } else if hasLeft {
            work.outbox.answer(id, .failed(.storage(Self.leftText)))
        } else {
            replication.requestReceived(id, request, at: now, into: &work.outbox)
        }
    }

    mutating func received(
        _ message: ReplicationMessage, from sender: Peer, _ view: ControlView, at now: Moment,
        into work: inout Work
    ) {
        if isStopping { return }
        // A node whose clock is wrong may take for expired what is not.
        if case .removed = message, view.clocks.isOdd(sender.node) {
            return marks.occurred(.removalDisbelieved)
        }
        if case .removed(let removed) = message, let topology {
            antiEntropy.removalHeard(
                upTo: removed.watermark, in: topology.partition(ofKey: removed.key),
                from: sender.node, into: &effects)
            drainAntiEntropy(at: now, into: &work)
        }
        replication.messageReceived(message, from: sender, at: now, into: &work.outbox)
    }

    mutating func received(_ message: ExchangeMessage, from sender: Peer, at now: Moment) {
        if isStopping { return }
        antiEntropy.messageReceived(message, from: sender, at: now, into: &effects)
    }

    mutating func linkOpened(
        _ peer: Peer, _ view: ControlView, at now: Moment, into work: inout Work
    ) {
        if let former = links.shardCount(of: peer.node), former != peer.shard.count {
            marks.occurred(.peerDividedAnew)
            links.closeAll(to: peer.node)
            reachabilityChanged(view, at: now, into: &work)
        }
        links.open(peer)
        reachabilityChanged(view, at: now, into: &work)
    }

    mutating func linkClosed(
        _ peer: Peer, _ view: ControlView, at now: Moment, into work: inout Work
    ) {
        readiness.linkFailed(peer.node)
        links.close(peer)
        reachabilityChanged(view, at: now, into: &work)
    }

    /// Goes by what the control core has decided since it was last told.
    mutating func take(_ view: ControlView, at now: Moment, into work: inout Work) {
        guard view.decisions != decisions else { return }
        decisions = view.decisions
        isRingSafe = view.keptEpoch == view.topology?.epoch
        if let newer = view.topology, newer.epoch != topology?.epoch {
            topology = newer
            isRingKept = shard.index == 0
            keepRing()
            replication.topologyChanged(newer, at: now, into: &work.outbox)
            antiEntropy.topologyChanged(newer, at: now, into: &effects)
            handover.topologyChanged(newer, at: now, into: &handoverEffects)
            closePartitions()
            isLeaving = newer.member(node)?.isLeaving ?? false
            mayHaveReport = true
        }
        reachabilityChanged(view, at: now, into: &work)
    }

    /// Has the storage of another shard than the first, which the control core writes to, remember
    /// the ring too: before anything that is stored because of it, or as soon as it takes writes,
    /// so that a storage that remembers none has never held anything.
    private mutating func keepRing() {
        guard !isRingKept, let topology else { return }
        var batch = WriteBatch()
        batch.put(topology)
        let stored = try? engine.loadTopology()
        isRingKept = stored?.epoch == topology.epoch || (try? engine.write(batch)) != nil
    }

    /// Tells the protocols of each node that can be sent to, or can no longer. Strangers take no
    /// place among the peers.
    private mutating func reachabilityChanged(
        _ view: ControlView, at now: Moment, into work: inout Work
    ) {
        let present = links.complete.filter { node in
            view.state(of: node).map { $0 != .unreachable }
                ?? (view.topology?.member(node) != nil)
        }
        if present == reachable { return }
        let back = present.filter { !isReachable($0) }
        let former = reachable
        reachable = present
        let gone = former.filter { !isReachable($0) }
        for node in gone + back {
            let isReachable = isReachable(node)
            let count = links.shardCount(of: node) ?? antiEntropy.shardCount(of: node)
            replication.reachabilityChanged(
                node, of: count, isReachable: isReachable, at: now, into: &work.outbox)
            antiEntropy.reachabilityChanged(node, of: count, isReachable: isReachable)
            handover.reachabilityChanged(
                node, of: count, isReachable: isReachable, at: now, into: &handoverEffects)
        }
    }

    mutating func logAnswered(_ outcome: LogOutcome, at now: Moment, into work: inout Work) {
        engine.logAnswered(outcome)
        replication.logAdvanced(at: now, into: &work.outbox)
        antiEntropy.logAdvanced(at: now, into: &effects)
        handover.logAdvanced(at: now, into: &handoverEffects)
        noteRefusal(into: &work)
    }

    mutating func jobAnswered(_ outcome: JobOutcome, into work: inout Work) {
        engine.jobAnswered(outcome)
        noteRefusal(into: &work)
        noteSpace(into: &work)
    }

    private mutating func noteRefusal(into work: inout Work) {
        guard engine.refusal != noticedRefusal else { return }
        noticedRefusal = engine.refusal
        work.note(.storageRefuses(engine.refusal))
    }

    /// Leaves the mark that lets the next start go on under the same actor. A storage that refuses
    /// it leaves an unclean stop, which costs a new incarnation and nothing else; so does an actor
    /// that must not be gone on with.
    mutating func stop(at now: Moment, into work: inout Work) {
        guard !isStopping else { return }
        isStopping = true
        replication.stopped(at: now, into: &work.outbox)
        if renewal != nil { return }
        var batch = WriteBatch()
        batch.put(ActorRecord(replication.dots, of: node, counter: replication.dots.counter))
        do throws(WriteRefusal) { try engine.write(batch) } catch {
            marks.occurred(.stopRefused)
            noticedRefusal = error
        }
    }

    // MARK: The end of a turn

    /// Does what is done once for all events of a turn. When it is to be woken.
    mutating func endTurn(_ view: ControlView, at now: Moment, into work: inout Work) -> Instant {
        takeReads(at: now, into: &work)
        careForDamage(at: now, into: &work)
        drain(at: now, into: &work)
        replication.endTurn(into: &work.outbox)
        if !readiness.isReady { becomeReady(view, at: now.instant, into: &work) }
        engine.ask(into: &work.storage)
        return min(
            min(
                min(replication.nextWakeup, antiEntropy.nextWakeup),
                min(handover.nextWakeup, nextScrub)),
            min(
                nextMeasure, readiness.deadline, engine.hasCompletedReads ? now.instant : .never))
    }

    /// Acts on what has come of the protocols, one for another.
    mutating func drain(at now: Moment, into work: inout Work) {
        drainHandover(at: now, into: &work)
        drainAntiEntropy(at: now, into: &work)
    }

    /// Hands the reads that are complete to those who asked for them.
    private mutating func takeReads(at now: Moment, into work: inout Work) {
        for read in engine.takeCompleted() {
            switch read.ticket.owner {
            case .replication: replication.readCompleted(read, at: now, into: &work.outbox)
            case .leaves, .sweep, .trees:
                antiEntropy.readCompleted(read, at: now, into: &effects)
            case .inspection: lookUpRead(read, at: now.wall, into: &work)
            case .handover: handover.readCompleted(read, at: now, into: &handoverEffects)
            }
        }
    }

    /// Lets clients in once every other node of the ring is reachable, or known to be away, or
    /// there was time enough. Before there is a ring clients have nothing to wait for, but the node
    /// that starts over has one to learn.
    private mutating func becomeReady(
        _ view: ControlView, at now: Instant, into work: inout Work
    ) {
        guard readiness.deadline != .never else { return }
        if now < readiness.deadline {
            guard topology != nil || !startsOver else { return }
            for member in topology?.members ?? [] where !isReachable(member.id) {
                let state = view.state(of: member.id) ?? .alive
                guard state != .alive || readiness.isAway(member.id) else { return }
            }
        }
        marks.occurred(.readyByDeadline, if: now >= readiness.deadline)
        readiness.conclude()
        work.isReady = true
    }

    /// Traps when the parts belie each other; between events.
    func checkInvariants() {
        replication.checkInvariants()
        antiEntropy.checkInvariants()
        handover.checkInvariants()
        invariant(handoverEffects.isEmpty, "\(handoverEffects.count) effects of hand-over are left")
        engine.checkCounters()
        links.checkInvariants()
        let linked = links.complete
        invariant(reachable.allSatisfy(linked.contains), "\(reachable) beyond links \(linked)")
    }
}
