// A node without its IO, or as much of one as lives on one loop: a shard, and beside the first
// shard the control core. The server and the simulator drive this very value: events and the time
// go in, work comes out.
//
//     handle(event) … handle(event) ─► endTurn ─► Work ─► the shell does it ─► events
//
// A turn is a batch: what is done once for all of its events is done as it ends.
internal import MartletAntiEntropy
public import MartletBase
internal import MartletMembership
internal import MartletReplication
internal import MartletRing
internal import MartletStorage
internal import MartletVersions
internal import MartletWire

/// One node's protocols, composed.
public struct NodeCore {
    /// Who this node is.
    public let identity: NodeIdentity
    /// What the node has decided, and believes of others.
    public internal(set) var view: ControlView
    /// Nil beside another shard than the first.
    var control: ControlCore?
    var shard: ShardCore
    /// What the other shards have been told of the view.
    private var told: UInt64 = 0

    /// The node that `open` has found, or made.
    init(
        _ configuration: NodeConfiguration, identity: NodeIdentity, _ shard: Shard,
        dots: DotSource, startsOver: Bool, isKnown: Bool, topology: Topology?,
        ballots: BallotState, engine: StorageEngine, seed: UInt64
    ) throws(StorageError) {
        self.identity = identity
        view = ControlView(
            topology: topology,
            clocks: ClockWatch(limit: configuration.replication.maximumClockSkew))
        if shard.index == 0 {
            control = ControlCore(
                configuration, identity: identity, engine: engine, ballots: ballots, seed: seed)
        }
        self.shard = try ShardCore(
            configuration, node: identity.id, shard: shard, dots: dots, startsOver: startsOver,
            isKnown: isKnown, engine: engine, seed: seed)
    }

    // MARK: Events

    /// Takes in one event of a turn and appends to `work` what it leads to at once. `shown` is what
    /// the node's clocks show; the instant never goes back.
    public mutating func handle(
        _ event: NodeEvent, at shown: Moment, into work: inout Work
    ) {
        let now = compareClocks(shown, into: &work)
        switch event {
        case .started:
            shard.start(view, at: now, into: &work)
            control?.start(&view, at: now, into: &work)
        case .ticked:
            control?.tick(&view, at: now, into: &work)
            shard.take(view, at: now, into: &work)
            shard.tick(at: now, into: &work)
        case .requestReceived(let id, let request):
            shard.requestReceived(id, request, at: now, into: &work)
        case .messageReceived(let message, let sender):
            receive(message, from: sender, at: now, into: &work)
        case .datagramReceived(let datagram, let endpoint):
            control?.tell(
                .datagramReceived(datagram, from: endpoint), &view, at: now, into: &work)
        case .linkOpened(let peer):
            shard.linkOpened(peer, view, at: now, into: &work)
            control?.linkOpened(peer, &view, at: now, into: &work)
        case .linkClosed(let peer):
            shard.linkClosed(peer, view, at: now, into: &work)
            control?.linkClosed(peer, &view, at: now, into: &work)
        case .logAnswered(let outcome):
            shard.logAnswered(outcome, at: now, into: &work)
            control?.logAdvanced(&view, at: now, into: &work)
        case .readsAnswered(let answers): shard.engine.readsAnswered(answers)
        case .jobAnswered(let outcome): shard.jobAnswered(outcome, into: &work)
        case .operatorAsked(let id, let request):
            answer(request, under: id, at: now, into: &work)
        case .viewChanged(let newer):
            invariant(control == nil, "the control core was told what it has decided")
            view.take(newer)
        case .tidingCame(let tiding):
            invariant(control != nil, "shard \(shard.shard) has no control core")
            take(tiding, at: now, into: &work)
        case .stopping: shard.stop(at: now, into: &work)
        }
        if let refusal = control?.takeRefusal() { shard.noticedRefusal = refusal }
        shard.take(view, at: now, into: &work)
        shard.drain(at: now, into: &work)
        if let report = shard.takeReport() {
            let tiding = ControlTiding.moved(report, shard: shard.shard.index)
            if control == nil {
                work.tidings.append(tiding)
            } else {
                take(tiding, at: now, into: &work)
                shard.take(view, at: now, into: &work)
            }
        }
    }

    /// Ends a turn of one event or more: does what is done once for all of them, and appends to
    /// `work` what the storage asks for and when the node is to be woken.
    public mutating func endTurn(at shown: Moment, into work: inout Work) {
        work.wakeup = min(
            shard.endTurn(view, at: moment(shown), into: &work),
            control?.nextWakeup ?? .never)
        if let control, shard.shard.count > 1, view.version != told {
            told = view.version
            view.members = control.membership.members
            work.view = view
        }
    }

    /// A whole turn of one event; `work` is what it comes to, and nothing else.
    public mutating func turn(_ event: NodeEvent, at shown: Moment, into work: inout Work) {
        work.removeAll()
        handle(event, at: shown, into: &work)
        endTurn(at: shown, into: &work)
    }

    private mutating func receive(
        _ message: PeerMessage, from sender: Peer, at now: Moment, into work: inout Work
    ) {
        switch message {
        case .pushPull, .topology, .decree, .moved:
            if control == nil {
                work.tidings.append(.message(message, from: sender))
            } else {
                receiveAsControl(message, from: sender, at: now, into: &work)
            }
        case .topologyWanted(let epoch):
            if let topology = view.topology, topology.epoch > epoch {
                work.outbox.send(.topology(topology), to: sender)
            }
        case .replication(let message):
            shard.received(message, from: sender, view, at: now, into: &work)
        case .exchange(let message): shard.received(message, from: sender, at: now)
        case .handover(let message):
            shard.received(message, from: sender, at: now, into: &work)
        }
    }

    /// What another shard of this node has brought, or this one.
    private mutating func take(
        _ tiding: ControlTiding, at now: Moment, into work: inout Work
    ) {
        switch tiding {
        case .message(let message, let sender):
            receiveAsControl(message, from: sender, at: now, into: &work)
        case .moved(let report, let index):
            control?.moved(
                report, by: index, of: shard.shard.count, &view, at: now, into: &work)
        }
    }

    private mutating func receiveAsControl(
        _ message: PeerMessage, from sender: Peer, at now: Moment, into work: inout Work
    ) {
        switch message {
        case .pushPull(let exchange):
            control?.tell(
                .pushPullReceived(exchange, from: sender.node), &view, at: now, into: &work)
        case .topology(let topology):
            control?.consider(topology, from: sender.node, &view, at: now, into: &work)
        case .decree(let message):
            control?.decreeReceived(message, from: sender.node, &view, at: now, into: &work)
        case .moved(let report):
            control?.reportReceived(report, from: sender.node, &view, at: now, into: &work)
        case .topologyWanted, .replication, .exchange, .handover: return
        }
    }

    /// Does what an operator asks for; a look at a key may be answered by a later turn.
    private mutating func answer(
        _ request: OperatorRequest, under id: RequestID, at now: Moment, into work: inout Work
    ) {
        switch request {
        case .create(let request):
            invariant(control != nil, "shard \(shard.shard) was asked to create the cluster")
            if let outcome = control?.create(request, &view, at: now, into: &work) {
                work.reply(.created(outcome), to: id)
            }
        case .forget(let member):
            invariant(control != nil, "shard \(shard.shard) was asked to forget \(member)")
            let refusal = control?.forget(member, &view, at: now, into: &work)
            work.reply(.forgotten(refusal: refusal ?? nil), to: id)
        case .ring(let request):
            invariant(control != nil, "shard \(shard.shard) was asked to change the ring")
            control?.asked(request, under: id, &view, at: now, into: &work)
        case .compare(let partitions):
            work.reply(.comparing(shard.antiEntropy.repair(partitions, at: now)), to: id)
        case .lookUp(let key): shard.lookUp(key, under: id, at: now.wall, into: &work)
        }
    }

    /// Traps when the parts belie each other; between events. O(what they hold in memory, without
    /// the storage's records); for tests and simulation.
    public func checkInvariants() {
        control?.checkInvariants()
        shard.checkInvariants()
    }
}
