// A node without its IO: composes membership, replication and storage, and owns nothing else. The
// server and the simulator drive this very value: events and the time go in, work comes out.
//
//     handle(event) … handle(event) ─► endTurn ─► Work ─► the shell does it ─► events
//
// A turn is a batch: what is done once for all of its events is done as it ends.
internal import MartletAntiEntropy
public import MartletBase
public import MartletMembership
public import MartletReplication
public import MartletRing
public import MartletStorage
public import MartletVersions
public import MartletWire

/// One node's protocols, composed.
public struct NodeCore {
    /// Who this node is.
    public let identity: NodeIdentity
    /// Whether this life began on an empty disk, in the place of the node that lost one.
    public let startsOver: Bool
    /// Whether it may start before the log holds who it now is: the storage remembers it, and a
    /// node whose disk is full must be able to start. It names no write as a home until then.
    public let mayStartUnsynced: Bool
    /// The ring, once the node knows it.
    public internal(set) var topology: Topology?
    /// The node's storage, to be looked at: what it asks for is in the work of each turn.
    public let engine: StorageEngine

    var membership: Membership
    /// How the wall clock compares with the others'.
    public internal(set) var clocks: ClockWatch
    /// What the wall clock itself shows, in the present event.
    var shownWall = WallTime(milliseconds: 0)
    var notedStanding = ClockStanding.alone
    var replication: Replication
    var antiEntropy: AntiEntropy
    var random: SeededRandom
    /// Nodes to which a link is open, sorted.
    var links: [NodeID] = []
    /// Where each link was last asked to lead, sorted by node.
    var endpoints: [(node: NodeID, endpoint: Endpoint)] = []
    var isStopping = false
    var readiness = Readiness()
    var noticedRefusal: WriteRefusal?
    /// The actor that this node is to become, once that is durable; nil while it is to stay.
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

    // Reused from event to event, so that handling one allocates nothing for its effects.
    var membershipEffects: [Membership.Effect] = []
    var antiEntropyEffects: [AntiEntropyEffect] = []
    /// The rare branches that were taken around the protocols.
    var marks = Marks<NodeMark>()

    /// The node that `open` has found, or made.
    init(
        _ configuration: NodeConfiguration, identity: NodeIdentity, dots: DotSource,
        startsOver: Bool, isKnown: Bool, topology: Topology?, engine: StorageEngine, seed: UInt64
    ) throws(StorageError) {
        self.identity = identity
        self.startsOver = startsOver
        mayStartUnsynced = isKnown
        self.engine = engine
        self.topology = topology
        random = SeededRandom(seed: seed, stream: "node")
        openedAt = engine.appended
        scrubRate = configuration.scrubBytesPerSecond
        let local = Member(
            id: identity.id, name: configuration.name, zone: configuration.zone,
            weight: configuration.weight, peerEndpoint: configuration.peerEndpoint,
            clientEndpoint: configuration.clientEndpoint, incarnation: 1, state: .alive)
        membership = Membership(
            local: local, seeds: configuration.seeds, options: configuration.membership,
            random: SeededRandom(seed: seed, stream: "membership"))
        clocks = ClockWatch(limit: configuration.replication.maximumClockSkew)
        replication = try Replication(
            local: identity.id, options: configuration.replication, engine: engine, dots: dots,
            random: SeededRandom(seed: seed, stream: "replication"),
            firstOperation: Self.firstOperation(seed: seed))
        antiEntropy = AntiEntropy(
            local: identity.id, options: configuration.antiEntropy, engine: engine,
            random: SeededRandom(seed: seed, stream: "anti-entropy"))
    }

    /// Where the numbers of this life's operations begin: drawn from 48 bits, so that those which
    /// an earlier life left unanswered are met again by no chance that matters.
    private static func firstOperation(seed: UInt64) -> OperationID {
        var random = SeededRandom(seed: seed, stream: "operations")
        return OperationID(rawValue: random.next() >> 16 | 1)
    }

    // MARK: Views

    /// Everyone known, this node included, by id.
    public var members: [Member] { membership.members }
    /// Whether it has found its peers, or found out which are away, since it started.
    public var isReady: Bool { readiness.isReady }
    /// Counts of what replication has done.
    public var counters: ReplicationCounters { replication.counters }
    /// Hints kept for other nodes.
    public var pendingHints: (count: Int, bytes: Int) { replication.pendingHints }
    /// Requests coordinated here and not yet finished.
    public var operationsInFlight: Int { replication.operationsInFlight }
    /// Whether reads in flight hold so much that no client should have several.
    public var isFullOfReads: Bool { replication.isFullOfReads }
    /// Whether the last event has left something for `ticked` to go on with at once.
    public var isUnfinished: Bool { replication.hasMoreToTell }
    /// Under which actor this node writes, and its last counter.
    public var dots: DotSource { replication.dots }
    /// Whether `node` can be sent to: a link is open and it is not believed unreachable.
    public func isReachable(_ node: NodeID) -> Bool {
        if node == identity.id { return true }
        return links.contains(node) && membership.state(of: node) != .unreachable
    }

    // MARK: Events

    /// Takes in one event of a turn and appends to `work` what it leads to at once. `shown` is what
    /// the node's clocks show; the instant never goes back.
    public mutating func handle(
        _ event: NodeEvent, at shown: Moment, into work: inout Work
    ) {
        let now = compareClocks(shown, into: &work)
        switch event {
        case .started: start(at: now, into: &work)
        case .ticked:
            tell(.ticked, at: now, into: &work)
            replication.tick(at: now, into: &work.outbox)
            antiEntropy.tick(at: now, into: &antiEntropyEffects)
            scrub(at: now.instant)
            measureSpace(at: now.instant)
        case .requestReceived(let id, let request):
            if isStopping {
                work.outbox.answer(id, .failed(.storage(Replication.stoppingText)))
            } else {
                replication.requestReceived(id, request, at: now, into: &work.outbox)
            }
        case .messageReceived(let message, let sender):
            receive(message, from: sender, at: now, into: &work)
        case .datagramReceived(let datagram, let endpoint):
            tell(.datagramReceived(datagram, from: endpoint), at: now, into: &work)
        case .linkOpened(let node):
            linkChanged(node, isOpen: true, at: now, into: &work)
            tell(.linkOpened(node), at: now, into: &work)
        case .linkClosed(let node):
            readiness.linkFailed(node)
            linkChanged(node, isOpen: false, at: now, into: &work)
            tell(.linkFailed(node), at: now, into: &work)
        case .logAnswered(let outcome):
            engine.logAnswered(outcome)
            replication.logAdvanced(at: now, into: &work.outbox)
            antiEntropy.logAdvanced(at: now, into: &antiEntropyEffects)
            noteRefusal(into: &work)
        case .readsAnswered(let answers):
            engine.readsAnswered(answers)
        case .jobAnswered(let outcome):
            engine.jobAnswered(outcome)
            noteRefusal(into: &work)
            noteSpace(into: &work)
        case .operatorAsked(let id, let request):
            answer(request, under: id, at: now, into: &work)
        case .stopping: stop(at: now, into: &work)
        }
        drainAntiEntropy(at: now, into: &work)
    }

    /// Traps when the parts belie each other; between events. O(what they hold in memory, without
    /// the storage's records); for tests and simulation.
    public func checkInvariants() {
        membership.checkInvariants()
        replication.checkInvariants()
        antiEntropy.checkInvariants()
        engine.checkCounters()
        invariant(zip(links, links.dropFirst()).allSatisfy { $0 < $1 }, "links unsorted")
        for (one, next) in zip(endpoints, endpoints.dropFirst()) {
            invariant(one.node < next.node, "endpoints unsorted at \(next.node)")
        }
    }

    /// Ends a turn of one event or more: does what is done once for all of them, and appends to
    /// `work` what the storage asks for and when the node is to be woken.
    public mutating func endTurn(at shown: Moment, into work: inout Work) {
        let now = moment(shown)
        takeReads(at: now, into: &work)
        careForDamage(at: now, into: &work)
        drainAntiEntropy(at: now, into: &work)
        replication.endTurn(into: &work.outbox)
        if !readiness.isReady { becomeReady(at: now.instant, into: &work) }
        engine.ask(into: &work.storage)
        work.wakeup = min(
            membership.nextWakeup, replication.nextWakeup, antiEntropy.nextWakeup, nextScrub,
            nextMeasure, readiness.deadline, engine.hasCompletedReads ? now.instant : .never)
    }

    /// A whole turn of one event; `work` is what it comes to, and nothing else.
    public mutating func turn(_ event: NodeEvent, at shown: Moment, into work: inout Work) {
        work.removeAll()
        handle(event, at: shown, into: &work)
        endTurn(at: shown, into: &work)
    }

    /// Hands the reads that are complete to those who asked for them.
    private mutating func takeReads(at now: Moment, into work: inout Work) {
        for read in engine.takeCompleted() {
            switch read.ticket.owner {
            case .replication: replication.readCompleted(read, at: now, into: &work.outbox)
            case .leaves, .sweep, .trees:
                antiEntropy.readCompleted(read, at: now, into: &antiEntropyEffects)
            case .inspection: lookUpRead(read, into: &work)
            }
        }
    }

    private mutating func start(at now: Moment, into work: inout Work) {
        if engine.synced < openedAt {
            invariant(
                mayStartUnsynced, "started at \(engine.synced), the actor stands at \(openedAt)")
            renewal = ActorRenewal(dots: dots, position: openedAt)
            replication.actorAwaited()
            marks.occurred(.startedUnsynced)
        }
        noteRefusal(into: &work)
        noteSpace(into: &work)
        if let topology {
            membership.epoch = topology.epoch
            membership.ringNames = topology.members.map { ($0.id, $0.name) }
            replication.topologyChanged(topology)
            antiEntropy.topologyChanged(topology, at: now, into: &antiEntropyEffects)
            tell(.topologyNamed(topology.members.map(\.id)), at: now, into: &work)
        }
        // Time for two rounds of pings to whoever may be there.
        readiness.start(until: now.instant + membership.protocolPeriod * 2)
        tell(.started, at: now, into: &work)
        antiEntropy.start(at: now, into: &antiEntropyEffects)
        scrub(at: now.instant)
        measureSpace(at: now.instant)
    }

    /// Lets clients in once every other node of the ring is reachable, or known to be away, or
    /// there was time enough. Before there is a ring clients have nothing to wait for, but the node
    /// that starts over has one to learn.
    private mutating func becomeReady(at now: Instant, into work: inout Work) {
        guard readiness.deadline != .never else { return }
        if now < readiness.deadline {
            guard topology != nil || !startsOver else { return }
            for member in topology?.members ?? [] where !isReachable(member.id) {
                let state = membership.state(of: member.id) ?? .alive
                guard state != .alive || readiness.isAway(member.id) else { return }
            }
        }
        marks.occurred(.readyByDeadline, if: now >= readiness.deadline)
        readiness.conclude()
        work.isReady = true
    }

    private mutating func receive(
        _ message: PeerMessage, from sender: NodeID, at now: Moment,
        into work: inout Work
    ) {
        switch message {
        case .pushPull(let exchange):
            tell(.pushPullReceived(exchange, from: sender), at: now, into: &work)
        case .topology(let topology):
            consider(topology, from: sender, at: now, into: &work)
        case .replication(.removed) where !believesRemovals(of: sender):
            marks.occurred(.removalDisbelieved)
        case .replication(let message):
            if isStopping { return }
            replication.messageReceived(message, from: sender, at: now, into: &work.outbox)
        case .exchange(let message):
            if isStopping { return }
            antiEntropy.messageReceived(
                message, from: sender, at: now, into: &antiEntropyEffects)
        }
    }

    private mutating func linkChanged(
        _ node: NodeID, isOpen: Bool, at now: Moment, into work: inout Work
    ) {
        let index = links.partitionIndex { $0 < node }
        let was = index < links.count && links[index] == node
        if isOpen, !was { links.insert(node, at: index) }
        if !isOpen, was { links.remove(at: index) }
        reachabilityChanged(node, at: now, into: &work)
    }

    mutating func reachabilityChanged(_ node: NodeID, at now: Moment, into work: inout Work) {
        // Strangers take no place among the peers.
        guard membership.state(of: node) != nil || topology?.member(node) != nil else { return }
        let isReachable = isReachable(node)
        replication.reachabilityChanged(
            node, isReachable: isReachable, at: now, into: &work.outbox)
        antiEntropy.reachabilityChanged(node, isReachable: isReachable)
    }

    /// Hands an event to membership and acts on what comes of it.
    mutating func tell(
        _ event: Membership.Event, at now: Moment, into work: inout Work
    ) {
        membership.handle(event, at: now.instant, into: &membershipEffects)
        drainMembership(at: now, into: &work)
    }

    /// Acts on what came of membership.
    mutating func drainMembership(at now: Moment, into work: inout Work) {
        for effect in membershipEffects {
            switch effect {
            case .sendDatagram(let datagram, let endpoint):
                var datagram = datagram
                datagram.wall = shownWall
                work.posts.append(Work.Post(datagram: datagram, endpoint: endpoint))
            case .sendPushPull(let exchange, let node):
                work.outbox.send(.pushPull(exchange), to: node)
            case .meet(let member): connect(to: member, into: &work)
            case .forget(let node): disconnect(from: node, into: &work)
            case .memberChanged(let member):
                if member.state == .forgotten {
                    disconnect(from: member.id, into: &work)
                } else {
                    connect(to: member, into: &work)
                }
                work.note(.memberChanged(member))
                reachabilityChanged(member.id, at: now, into: &work)
            case .epochSeen(let node, let epoch): offerTopology(to: node, at: epoch, into: &work)
            case .clockRead(let node, let wall, let askedAt):
                if topology?.members.contains(where: { $0.id == node }) ?? true {
                    clocks.take(wall, of: node, askedAt: askedAt, at: now.instant)
                }
            case .conflict(let text): work.note(.conflict(text))
            case .nameTaken(let owner):
                // A node of the ring knows better.
                if topology == nil { work.note(.nameTaken(by: owner)) }
            }
        }
        membershipEffects.removeAll(keepingCapacity: true)
    }

    private mutating func connect(to member: Member, into work: inout Work) {
        let index = endpoints.partitionIndex { $0.node < member.id }
        if index < endpoints.count, endpoints[index].node == member.id {
            if endpoints[index].endpoint == member.peerEndpoint { return }
            endpoints[index].endpoint = member.peerEndpoint
        } else {
            endpoints.insert((member.id, member.peerEndpoint), at: index)
        }
        work.linkChanges.append(.keep(member.id, member.peerEndpoint))
    }

    private mutating func disconnect(from node: NodeID, into work: inout Work) {
        endpoints.removeAll { $0.node == node }
        work.linkChanges.append(.drop(node))
    }

    private mutating func noteRefusal(into work: inout Work) {
        guard engine.refusal != noticedRefusal else { return }
        noticedRefusal = engine.refusal
        work.note(.storageRefuses(engine.refusal))
    }

    /// Leaves the mark that lets the next start go on under the same actor. A storage that refuses
    /// it leaves an unclean stop, which costs a new incarnation and nothing else; so does an actor
    /// that must not be gone on with.
    private mutating func stop(at now: Moment, into work: inout Work) {
        guard !isStopping else { return }
        isStopping = true
        replication.stopped(at: now, into: &work.outbox)
        if renewal != nil { return }
        var batch = WriteBatch()
        batch.put(ActorRecord(dots, of: identity.id, counter: dots.counter))
        do throws(WriteRefusal) { try engine.write(batch) } catch {
            marks.occurred(.stopRefused)
            noticedRefusal = error
        }
    }
}
