// What a node decides once, whatever number of shards it has: who is a member and answers, which
// ring it belongs to, what it tells others of both. It runs on the loop of the first shard, whose
// storage keeps its records, and writes down what it decides in a `ControlView`, by which all
// shards go.
internal import MartletBase
internal import MartletConsensus
internal import MartletMembership
internal import MartletReplication
internal import MartletRing
internal import MartletStorage
internal import MartletWire

/// The membership and the ring of one node.
struct ControlCore {
    let identity: NodeIdentity
    /// Keeps the node's own records; that of the first shard.
    let engine: StorageEngine
    var membership: Membership
    /// Decides, with the other members, which ring comes next.
    var chain: EpochChain
    /// What the chain asks for, in order; empty between events.
    var chainEffects: [EpochChain.Effect] = []
    /// What the disk must have before it goes out; positions never fall.
    var votes: [HeldVote] = []
    /// The proposal of this node that is not concluded.
    var proposal: OpenProposal?
    /// How many this node has made.
    var proposals: UInt64 = 0
    /// Where the log has the ring that the node goes by.
    var ringPosition = LogPosition.start
    /// What operators have staged here.
    var staged: [StagedChange] = []
    var completion = MoveCompletion()
    /// Which disk the ring has to name for the node to vote.
    let disk: UInt64
    /// Whether a ring has named it so in this life.
    var isEnlisted = false
    /// Draws a new cluster's identity.
    var random: SeededRandom
    /// What the wall clock itself shows, in the present event.
    var shownWall = WallTime(milliseconds: 0)
    /// Where each link was last asked to lead, sorted by node.
    private var endpoints: [(node: NodeID, endpoint: Endpoint)] = []
    /// The first shards of other nodes, as they were last linked to.
    private var firsts: [NodeID: Peer] = [:]
    private var notedStanding = ClockStanding.alone
    /// Why the storage did not keep a ring in the present event.
    var refusal: WriteRefusal?
    /// Reused from event to event, so that handling one allocates nothing for them.
    var effects: [Membership.Effect] = []
    /// The rare branches that were taken here.
    var marks = Marks<NodeMark>()

    init(
        _ configuration: NodeConfiguration, identity: NodeIdentity, engine: StorageEngine,
        ballots: BallotState, seed: UInt64
    ) {
        self.identity = identity
        self.engine = engine
        disk = ballots.disk
        chain = EpochChain(
            local: identity.id, name: ballots.name,
            random: SeededRandom(seed: seed, stream: "epochs"), record: ballots.record)
        random = SeededRandom(seed: seed, stream: "node")
        let local = Member(
            id: identity.id, name: configuration.name, zone: configuration.zone,
            weight: configuration.weight, peerEndpoint: configuration.peerEndpoint,
            clientEndpoint: configuration.clientEndpoint, incarnation: 1, state: .alive)
        membership = Membership(
            local: local, seeds: configuration.seeds, options: configuration.membership,
            random: SeededRandom(seed: seed, stream: "membership"))
    }

    /// The refusal of the present event, which is told once; nil where nothing was refused.
    mutating func takeRefusal() -> WriteRefusal? {
        guard refusal != nil else { return nil }
        defer { refusal = nil }
        return refusal
    }

    /// The node takes part from now on.
    mutating func start(_ view: inout ControlView, at now: Moment, into work: inout Work) {
        if let topology = view.topology {
            view.keptEpoch = topology.epoch
            ringKnown(topology, &view, at: now, into: &work)
            drainChain(&view, at: now, into: &work)
        }
        tell(.started, &view, at: now, into: &work)
    }

    /// Has membership go by the ring.
    mutating func ringKnown(
        _ topology: Topology, _ view: inout ControlView, at now: Moment, into work: inout Work
    ) {
        membership.epoch = topology.epoch
        membership.ringNames = topology.members.map { ($0.id, $0.name) }
        if topology.departed.contains(identity.id) { work.note(.hasLeft) }
        let named = topology.member(identity.id)?.disk
        if isEnlisted || disk == 0, let named, named != disk {
            work.note(
                .conflict(
                    "another node goes on in the place of this one, with an empty disk: stop one "
                        + "of the two"))
        }
        isEnlisted = isEnlisted || named == disk
        chain.ringChanged(topology, mayVote: named == disk, into: &chainEffects)
        forgetReports(topology, at: now)
        tell(.topologyNamed(topology.members.map(\.id)), &view, at: now, into: &work)
    }

    /// When `tick` is next due.
    var nextWakeup: Instant {
        mutating get { min(membership.nextWakeup, min(chain.nextWakeup, completion.next)) }
    }

    /// Time has passed.
    mutating func tick(_ view: inout ControlView, at now: Moment, into work: inout Work) {
        tell(.ticked, &view, at: now, into: &work)
        chain.tick(at: now.instant, into: &chainEffects)
        drainChain(&view, at: now, into: &work)
        tickMoves(&view, at: now, into: &work)
    }

    /// Tells the operator when the clock begins or ceases to look wrong.
    mutating func note(_ standing: ClockStanding, into work: inout Work) {
        guard standing.isDoubtful != notedStanding.isDoubtful else { return }
        notedStanding = standing
        marks.occurred(.clockLeapt, if: standing == .leapt)
        if case .odd = standing { marks.occurred(.clockOdd) }
        work.note(.clockStands(standing))
    }

    // MARK: Links

    /// The link to a peer is open. Control cores hear of each other over those between first
    /// shards alone.
    mutating func linkOpened(
        _ peer: Peer, _ view: inout ControlView, at now: Moment, into work: inout Work
    ) {
        guard peer.shard.index == 0 else { return }
        firsts[peer.node] = peer
        tell(.linkOpened(peer.node), &view, at: now, into: &work)
    }

    /// The link to a peer broke, or could not be made.
    mutating func linkClosed(
        _ peer: Peer, _ view: inout ControlView, at now: Moment, into work: inout Work
    ) {
        guard peer.shard.index == 0 else { return }
        tell(.linkFailed(peer.node), &view, at: now, into: &work)
    }

    /// Sends a message to the control core of `node`; lost where there is no link to it.
    func send(_ message: PeerMessage, to node: NodeID, into work: inout Work) {
        work.outbox.send(message, to: firsts[node] ?? Peer(node))
    }

    // MARK: Membership

    /// Hands an event to membership and acts on what comes of it.
    mutating func tell(
        _ event: Membership.Event, _ view: inout ControlView, at now: Moment,
        into work: inout Work
    ) {
        membership.handle(event, at: now.instant, into: &effects)
        drain(&view, at: now, into: &work)
    }

    /// Acts on what came of membership.
    mutating func drain(_ view: inout ControlView, at now: Moment, into work: inout Work) {
        for effect in effects {
            switch effect {
            case .sendDatagram(let datagram, let endpoint):
                var datagram = datagram
                datagram.wall = shownWall
                work.posts.append(Work.Post(datagram: datagram, endpoint: endpoint))
            case .sendPushPull(let exchange, let node):
                send(.pushPull(exchange), to: node, into: &work)
            case .meet(let member): connect(to: member, into: &work)
            case .forget(let node): disconnect(from: node, into: &work)
            case .memberChanged(let member): changed(member, &view, into: &work)
            case .epochSeen(let node, let epoch):
                offer(view.topology, to: node, at: epoch, into: &work)
            case .clockRead(let node, let wall, let askedAt):
                if view.topology?.members.contains(where: { $0.id == node }) ?? true {
                    view.read(wall, of: node, askedAt: askedAt, at: now.instant)
                }
            case .conflict(let text): work.note(.conflict(text))
            case .nameTaken(let owner):
                // A node of the ring knows better.
                if view.topology == nil { work.note(.nameTaken(by: owner)) }
            }
        }
        effects.removeAll(keepingCapacity: true)
    }

    private mutating func changed(
        _ member: Member, _ view: inout ControlView, into work: inout Work
    ) {
        let isForgotten = member.state == .forgotten
        if isForgotten {
            disconnect(from: member.id, into: &work)
        } else {
            connect(to: member, into: &work)
        }
        view.believe(member.id, isForgotten ? nil : member.state)
        work.note(.memberChanged(member))
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
        firsts[node] = nil
        work.linkChanges.append(.drop(node))
    }

    func checkInvariants() {
        membership.checkInvariants()
        chain.checkInvariants()
        invariant(chainEffects.isEmpty, "\(chainEffects.count) effects of the chain are left")
        for (vote, later) in zip(votes, votes.dropFirst()) {
            invariant(vote.position <= later.position, "votes out of order")
        }
        for (one, next) in zip(endpoints, endpoints.dropFirst()) {
            invariant(one.node < next.node, "endpoints unsorted at \(next.node)")
        }
    }
}
