// The stage of whole clusters: nodes over disks in memory, joined by a network in memory, in
// virtual time. Every message takes a millisecond unless it is lost or its link is cut.
import MartletBase
import MartletMembership
import MartletReplication
import MartletRing
import MartletStorage
import MartletVersions
import MartletWire
import Testing

@testable import MartletNode

/// Some nodes, numbered from 0 in the order of their ids, and all that is between them.
struct Cluster {
    static let wallStart = WallTime(milliseconds: 1_700_000_000_000)
    static let latency = Duration.milliseconds(1)

    var nodes: [ClusterNode] = []
    let topology: Topology
    var now = Instant.start
    /// Every message between nodes that was sent, in order.
    var sent: [Sent] = []
    /// Which messages the network loses.
    var loses: (Sent) -> Bool = { _ in false }
    var inFlight: [Event] = []
    var eventCount = 0
    var requests: UInt64 = 0
    var lastAnswer: ClientAnswer?

    struct Sent {
        var from: Int
        var to: Int
        var message: PeerMessage
    }

    struct Event {
        enum What {
            case message(PeerMessage, from: NodeID)
            case datagram(Datagram, from: Endpoint)
        }
        var at: Instant
        var number: Int
        var node: Int
        var what: What
    }

    /// `count` nodes, of which partition i has the homes i, i + 1, … modulo `count`.
    init(
        _ count: Int = 4, replicas: Int = 3, partitions: Int = 4,
        _ adjust: (inout NodeConfiguration) -> Void = { _ in }
    ) throws {
        var configuration = NodeConfiguration(
            clusterName: "stage", name: "", zone: "", peerEndpoint: Self.endpoint(of: 0),
            clientEndpoint: Self.endpoint(of: 0), seeds: [Self.endpoint(of: 0)])
        configuration.replication.readAllChance = 0
        // What is tested here is no matter of who is alive: few probes, for the sake of hours.
        configuration.membership.protocolPeriod = .seconds(5)
        configuration.membership.outreachInterval = .seconds(5)
        adjust(&configuration)
        let peers = try (0..<count).map { number in
            configuration.name = "n\(number)"
            return try ClusterNode(
                MemoryDisk(), configuration, seed: UInt64(number + 1), wall: Self.wallStart)
        }
        nodes = peers.sorted { $0.id < $1.id }
        var random = SeededRandom(seed: 7)
        topology = try Topology(
            epoch: 1, clusterName: "stage", clusterID: 7, secret: .drawn(by: &random),
            replicaCount: replicas, partitionCount: #require(PartitionCount(partitions)),
            members: nodes.map {
                RingMember(id: $0.id, name: $0.configuration.name, zone: "", weight: 1)
            },
            homeIndexes: (0..<partitions).flatMap { partition in
                (0..<replicas).map { UInt16((partition + $0) % count) }
            })
        for number in nodes.indices { meet(number) }
    }

    private static func endpoint(of number: Int) -> Endpoint {
        Endpoint(host: "10.0.0.\(number)", port: 7_401)
    }

    // MARK: Nodes

    func moment(_ number: Int) -> Moment {
        let elapsed = UInt64(now.since(.start).milliseconds)
        let wall = Int64(Self.wallStart.milliseconds + elapsed) + nodes[number].clockOffset
        return Moment(instant: now, wall: WallTime(milliseconds: UInt64(wall)))
    }

    /// The node begins, and has links to all others that are up.
    private mutating func meet(_ number: Int) {
        handle(.started, at: number)
        handle(.messageReceived(.topology(topology), from: Peer(nodes[number].id)), at: number)
        for other in nodes.indices where other != number && nodes[other].isUp {
            handle(.linkOpened(Peer(nodes[other].id)), at: number)
            handle(.linkOpened(Peer(nodes[number].id)), at: other)
        }
    }

    /// The process dies; what it had synced stays.
    mutating func crash(_ number: Int) {
        var random = SeededRandom(seed: 1)
        nodes[number].disk.crash(.everything, random: &random)
        nodes[number].disk.unlock()
        nodes[number].isUp = false
        for other in nodes.indices where other != number && nodes[other].isUp {
            handle(.linkClosed(Peer(nodes[number].id)), at: other)
        }
    }

    /// A node that is down has lost its disk, and starts in its own place on an empty one.
    mutating func startOver(_ number: Int) throws {
        nodes[number].configuration.inPlaceOf = nodes[number].id
        try start(number, over: MemoryDisk())
    }

    /// A node that is down starts, over another disk if one is given.
    mutating func start(_ number: Int, over disk: MemoryDisk? = nil) throws {
        let old = nodes[number]
        requests += 1
        var next = try ClusterNode(
            disk ?? old.disk, old.configuration, seed: 1_000 + requests,
            wall: moment(number).wall)
        next.clockOffset = old.clockOffset
        nodes[number] = next
        meet(number)
    }

    /// The link between two nodes is cut, or is there again.
    mutating func link(_ first: Int, _ second: Int, isOpen: Bool) {
        for (here, there) in [(first, second), (second, first)] {
            let id = nodes[there].id
            handle(isOpen ? .linkOpened(Peer(id)) : .linkClosed(Peer(id)), at: here)
        }
    }

    // MARK: Time

    mutating func handle(_ event: NodeEvent, at number: Int) {
        guard nodes[number].isUp else { return }
        var work = Work()
        nodes[number].core.turn(event, at: moment(number), into: &work)
        nodes[number].wakeup = work.wakeup
        work.carryOut(at: number, by: &self)
        for event in nodes[number].storage.answers(to: work.storage) { handle(event, at: number) }
    }

    private mutating func post(_ what: Event.What, to node: Int) {
        eventCount += 1
        inFlight.append(
            Event(at: now + Self.latency, number: eventCount, node: node, what: what))
    }

    /// Time passes, with everything that happens in it.
    mutating func pass(_ duration: Duration) {
        let end = now + duration
        while true {
            let wakeups = nodes.indices.filter { nodes[$0].isUp }
                .map { (at: max(nodes[$0].wakeup, now), node: $0) }
            let wakeup = wakeups.min { ($0.at, $0.node) < ($1.at, $1.node) }
            // All take as long, so the first that was posted is the first to arrive.
            if let event = inFlight.first, event.at <= (wakeup?.at ?? .never), event.at <= end {
                inFlight.removeFirst()
                now = max(now, event.at)
                arrive(event)
            } else if let wakeup, wakeup.at <= end {
                now = wakeup.at
                handle(.ticked, at: wakeup.node)
                // A tick that leaves its wakeup where it was is due again a moment later.
                if nodes[wakeup.node].wakeup <= now { now = now + .microseconds(100) }
            } else {
                break
            }
        }
        now = max(now, end)
    }

    private mutating func arrive(_ event: Event) {
        switch event.what {
        case .message(let message, let from):
            handle(.messageReceived(message, from: Peer(from)), at: event.node)
        case .datagram(let datagram, let from):
            handle(.datagramReceived(datagram, from: from), at: event.node)
        }
    }
}

extension Cluster: NodeStand {
    mutating func send(_ message: PeerMessage, to peer: Peer, from number: Int) {
        guard let to = nodes.firstIndex(where: { $0.id == peer.node }) else { return }
        let record = Sent(from: number, to: to, message: message)
        sent.append(record)
        if !loses(record) { post(.message(message, from: nodes[number].id), to: to) }
    }

    mutating func send(_ datagram: Datagram, to endpoint: Endpoint, from number: Int) {
        let to = nodes.firstIndex { $0.configuration.peerEndpoint == endpoint }
        let from = nodes[number].configuration.peerEndpoint
        if let to { post(.datagram(datagram, from: from), to: to) }
    }

    mutating func complete(_ request: RequestID, _ answer: ClientAnswer, at number: Int) {
        lastAnswer = answer
    }
}

/// One node with its log and its background work, driven inline as a shell would.
struct ClusterNode {
    var core: NodeCore
    var configuration: NodeConfiguration
    let storage: OpenedStorage
    let disk: MemoryDisk
    var isUp = true
    /// When it wants to be woken.
    var wakeup = Instant.never
    /// How far its wall clock is ahead, in milliseconds.
    var clockOffset: Int64 = 0

    var id: NodeID { core.identity.id }
    var engine: StorageEngine { core.engine }

    init(
        _ disk: MemoryDisk, _ configuration: NodeConfiguration, seed: UInt64, wall: WallTime
    ) throws {
        self.disk = disk
        var configuration = configuration
        let host = configuration.name.dropFirst()
        configuration.peerEndpoint = Endpoint(host: "10.0.0.\(host)", port: 7_401)
        self.configuration = configuration
        var options = StorageOptions()
        options.prewriteBytes = 0
        options.digest = .object
        storage = try StorageEngine.open(disk: disk, options: options)
        core = try NodeCore.open(
            configuration, engine: storage.engine, seed: seed,
            at: Moment(instant: .start, wall: wall))
        for case .logAnswered(let outcome) in storage.answers() { engine.logAnswered(outcome) }
        engine.logAnswered(storage.log.sync())
    }
}
