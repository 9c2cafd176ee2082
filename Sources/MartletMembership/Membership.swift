// Who is in the cluster, and who of them answers: SWIM (Das, Gupta and Motivala, DSN 2002) as a
// value. Events and the time go in, effects come out; no IO, no clock. It marks members and never
// changes the topology. Probing is in `Membership+Probing`, what is believed in
// `Membership+Beliefs`, seeds and full exchanges in `Membership+Joining`.
public import MartletBase
public import MartletWire

/// One node's view of the cluster.
///
///              probe not answered               suspicion timeout
///     alive ──────────────────────▶ suspect ──────────────────────▶ unreachable
///       ▲                              │                                 │
///       └──────── higher incarnation, raised by the member alone ◀───────┘
///
/// It differs from the paper in this: unreachable is not final, since a partition must heal by
/// itself, so members are never forgotten and are reached out to for ever; every datagram carries
/// its sender's own record, and what its receiver is believed to be where that is not alive, so
/// that a node learns at first contact what to deny; full exchanges repair what gossip missed.
///
/// Anybody can send datagrams, so what they say is bounded. A node that the topology does not name
/// is a member once a link to it was opened, and not before. A relayed claim raises an incarnation
/// by a step at most; what a member says of itself over its own link counts whatever was believed,
/// so that nothing made up outlasts the next word of the member.
///
/// The caller hands in events in the order in which they happen, calls `ticked` at `nextWakeup`
/// or soon after, and carries out all effects. Costs per event are at most linear in the members.
public struct Membership: Sendable {
    /// What happened.
    public enum Event: Hashable, Sendable {
        /// The node can send from now on. Comes first, once.
        case started
        /// `nextWakeup` has come.
        case ticked
        /// A datagram of this cluster came from that address.
        case datagramReceived(Datagram, from: Endpoint)
        /// A full exchange came over the link to that member.
        case pushPullReceived(PushPull, from: NodeID)
        /// The link to that member broke or could not be made: no verdict, but a reason to probe
        /// it now rather than when its turn comes.
        case linkFailed(NodeID)
        /// A link to that node is open: it is who it says, and hears this node's own word.
        case linkOpened(NodeID)
        /// The topology names these nodes: room is kept for them whatever strangers turn up.
        case topologyNamed([NodeID])
    }

    /// What to do, or what to know.
    public enum Effect: Hashable, Sendable {
        /// Send this once; it may be lost.
        case sendDatagram(Datagram, to: Endpoint)
        /// Send this over the link to that member; it may be lost.
        case sendPushPull(PushPull, to: NodeID)
        /// Somebody has told of this node: link to it, and it becomes a member.
        case meet(Member)
        /// No link was made to this node in time: dial it no more.
        case forget(NodeID)
        /// A member joined, or its state, endpoint or description changed. Never the local node.
        case memberChanged(Member)
        /// That member's topology has another epoch than ours: at most once in a protocol period
        /// for each member.
        case epochSeen(NodeID, UInt64)
        /// A member answered what it was asked at that instant, and its wall clock showed this.
        case clockRead(NodeID, WallTime, askedAt: Instant)
        /// Two nodes claim one identity or one name; the text is for operators. At most once in
        /// a conflict interval for each identity.
        case conflict(String)
        /// Another node says that the ring has given this one's name to that node.
        case nameTaken(by: NodeID)
    }

    /// The most probes open at a time.
    public static let probeLimit = 64
    /// The most pings for others open at a time; beyond it requests are ignored.
    public static let relayLimit = 64
    /// The most seeds, and the most unreachable members, tried at a time.
    public static let outreachLimit = 8
    /// The most by which a relayed claim may raise an incarnation. A member raises its own by one
    /// for each time that it is suspected, so that more was missed only by who was away for long;
    /// then the member's own word over its link makes up for it.
    public static let incarnationStep: UInt64 = 1_024

    /// The epoch of this node's topology, told to others; 0 when there is none.
    public var epoch: UInt64 = 0
    /// Under which names the topology knows its nodes.
    public var ringNames: [(id: NodeID, name: String)] = []
    /// This node's own record, with its present incarnation.
    public internal(set) var local: Member
    /// The rare branches that were taken.
    public internal(set) var marks = Marks<MembershipMark>()

    let options: MembershipOptions
    var random: SeededRandom
    var table = MemberTable()
    var candidates = CandidateTable()
    /// Nodes to which a link is open, sorted.
    var linked: [NodeID] = []
    var rotation = ProbeRotation()
    var gossip = GossipQueue()
    var probes: [Probe] = []
    var relays: [Relay] = []
    /// Exactly the suspect members, by deadline.
    var suspicions: [Suspicion] = []
    /// The ids that the topology names, sorted, without the local one.
    var named: [NodeID] = []

    var seeds: [Endpoint]
    var nextSeedIndex = 0
    var lastReachedOut: NodeID?
    var hasExchanged = false
    var identity = IdentityWatch()

    var nextPeriod = Instant.never
    var nextOutreach = Instant.never
    var nextPushPull = Instant.never

    /// A node that knows itself and where to look for others. `local` must be without defect and
    /// is alive; `options` within their ranges. Seeds may be none, and may name this node.
    public init(
        local: Member, seeds: [Endpoint], options: MembershipOptions, random: SeededRandom
    ) {
        invariant(local.defect == nil, "local member with invalid \(local.defect ?? "")")
        invariant(options.defect == nil, "option \(options.defect ?? "") out of range")
        self.local = local.claimed(.alive)
        self.options = options
        self.random = random
        var distinct: [Endpoint] = []
        for seed in seeds where seed != local.peerEndpoint && !distinct.contains(seed) {
            distinct.append(seed)
        }
        self.seeds = distinct
    }

    /// Takes in one event. `now` never goes back. Appends to `effects`, in the order of sending.
    public mutating func handle(
        _ event: Event, at now: Instant, into effects: inout [Effect]
    ) {
        forgiveOwnPause(at: now)
        switch event {
        case .started:
            start(at: now, into: &effects)
        case .ticked:
            tick(at: now, into: &effects)
        case .datagramReceived(let datagram, let endpoint):
            receive(datagram, from: endpoint, at: now, into: &effects)
        case .pushPullReceived(let exchange, let sender):
            receive(exchange, from: sender, at: now, into: &effects)
        case .linkOpened(let id):
            linkOpened(id, at: now, into: &effects)
        case .linkFailed(let id):
            let index = linked.partitionIndex { $0 < id }
            if index < linked.count, linked[index] == id { linked.remove(at: index) }
            probeNow(id, at: now, into: &effects)
        case .topologyNamed(let ids):
            named = ids.filter { $0 != local.id }.sorted()
            for id in candidates.ids where named.contains(id) {
                confirm(id, at: now, into: &effects)
            }
        }
    }

    /// When to handle `ticked` next; `never` before `started`.
    ///
    /// Mutating, though it changes nothing: what is as large as this is copied to be read, and a
    /// node asks after every event.
    public var nextWakeup: Instant {
        mutating get {
            var next = min(nextPeriod, nextOutreach, nextPushPull, candidates.nextDeadline)
            if let first = suspicions.first { next = min(next, first.deadline) }
            for probe in probes { next = min(next, probe.deadline) }
            return next
        }
    }

    /// Between two probes of this node.
    public var protocolPeriod: Duration { options.protocolPeriod }

    /// Everyone known and not forgotten, this node included, by id. O(n).
    public var members: [Member] { everyone.filter { $0.state != .forgotten } }

    /// Everyone known, forgotten or not.
    var everyone: [Member] {
        var all = table.beliefs.map(\.member)
        all.insert(local, at: all.firstIndex { $0.id > local.id } ?? all.count)
        return all
    }

    /// What is believed of a member; nil when it is not known. One that is forgotten is not to be
    /// reached. O(log n).
    public func state(of id: NodeID) -> MemberState? {
        if id == local.id { return .alive }
        return table[id].map { min($0.member.state, .unreachable) }
    }

    /// Traps when a promise between the parts is broken. O(n log n); for tests and simulation.
    public func checkInvariants() {
        table.checkInvariants()
        gossip.checkInvariants()
        invariant(table[local.id] == nil, "\(local.id) believes something of itself")
        invariant(candidates.ids.allSatisfy { table[$0] == nil }, "a member is a candidate")
        invariant(table.count < options.memberLimit, "\(table.count) others known")
        invariant(rotation.order.sorted() == table.beliefs.map(\.member.id), "rotation incomplete")
        invariant(gossip.entries.allSatisfy { table[$0.id] != nil }, "gossip of a stranger")
        let suspects = table.beliefs.map(\.member).filter { $0.state == .suspect }.map(\.id)
        invariant(suspicions.map(\.id).sorted() == suspects, "suspicions differ from suspects")
        for (left, right) in zip(suspicions, suspicions.dropFirst()) {
            invariant(left.deadline <= right.deadline, "suspicion order at \(right.id)")
        }
        invariant(probes.count <= Self.probeLimit, "\(probes.count) probes")
        invariant(relays.count <= Self.relayLimit, "\(relays.count) relays")
    }

    private mutating func start(at now: Instant, into effects: inout [Effect]) {
        invariant(nextPeriod == .never, "started twice")
        identity.settledAt = now + options.conflictInterval
        nextPeriod = now + drawDelay(below: options.protocolPeriod)
        nextPushPull = now + drawDelay(below: options.pushPullInterval)
        reachOut(at: now, into: &effects)
    }

    /// A delay in `0 ..< bound`, so that nodes started together do not act together.
    private mutating func drawDelay(below bound: Duration) -> Duration {
        .nanoseconds(random.below(Int(bound.nanoseconds)))
    }

    /// Does what is due, oldest questions first, so that no verdict precedes its own timeout.
    private mutating func tick(at now: Instant, into effects: inout [Effect]) {
        advanceProbes(at: now, into: &effects)
        endSuspicions(at: now, into: &effects)
        for id in candidates.removeExpired(at: now) { effects.append(.forget(id)) }
        if now >= nextPeriod {
            nextPeriod = now + options.protocolPeriod
            probeNext(at: now, into: &effects)
        }
        if now >= nextOutreach { reachOut(at: now, into: &effects) }
        if now >= nextPushPull { exchangeWithAnyone(at: now, into: &effects) }
    }

    /// A node that stood still (stopped, swapped out, starved) must not hold its own absence
    /// against others: what was pending is given the time that it missed.
    private mutating func forgiveOwnPause(at now: Instant) {
        let due = nextWakeup
        guard due != .never, now > due + options.protocolPeriod else { return }
        let missed = now.since(due)
        marks.occurred(.pauseForgiven)
        for index in probes.indices { probes[index].deadline = probes[index].deadline + missed }
        for index in suspicions.indices {
            suspicions[index].deadline = suspicions[index].deadline + missed
        }
        nextPeriod = nextPeriod + missed
        nextOutreach = nextOutreach + missed
        nextPushPull = nextPushPull + missed
    }
}
