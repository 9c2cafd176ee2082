// Nodes in virtual time, joined by links that take a millisecond and lose nothing. Every message
// goes through the bytes of its frame, which are counted.
internal import MartletBase
internal import MartletLocal
internal import MartletMembership
internal import MartletNode
internal import MartletReplication
internal import MartletRing
internal import MartletStorage
internal import MartletVersions
internal import MartletWire

/// The nodes, and what is between them.
struct ExchangeStand {
    private struct Flight {
        enum Cargo {
            case frame(Bytes, from: NodeID)
            case datagram(Datagram, from: Endpoint)
        }

        var at: Instant
        var to: Int
        var cargo: Cargo
    }

    private(set) var nodes: [ExchangeNode] = []
    let topology: Topology
    private(set) var now = Instant.start
    /// What was sent so far.
    var traffic = ExchangeTraffic()
    /// Writes that clients were told to have been done.
    private(set) var written = 0
    private var requests: UInt64 = 0
    private var flights: [Flight] = []
    /// What went wrong in the turn under way.
    private var failure: LocalFailure?
    private var arrived = 0

    private static let latency = Duration.milliseconds(1)
    /// Frames that have arrived before their places are given back.
    private static let arrivedLimit = 10_000

    /// `count` nodes, each a home of every partition, first in every `count`th.
    init(_ count: Int, keepsTrees: Bool = true) throws(LocalFailure) {
        for number in 0..<count {
            nodes.append(try ExchangeNode(number, keepsTrees: keepsTrees))
        }
        nodes.sort { $0.id < $1.id }
        let partitions = PartitionCount.standard
        var random = SeededRandom(seed: 7)
        do {
            topology = try Topology(
                epoch: 1, clusterName: "bench", clusterID: 7, secret: .drawn(by: &random),
                replicaCount: count, partitionCount: partitions,
                members: nodes.enumerated().map {
                    RingMember(id: $1.id, name: "n\($0)", zone: "", weight: 1)
                },
                homeIndexes: (0..<partitions.value).flatMap { partition in
                    (0..<count).map { UInt16((partition + $0) % count) }
                })
        } catch {
            throw LocalFailure("no ring of \(count) nodes: \(error)")
        }
        for node in nodes.indices {
            for other in nodes where other.id != nodes[node].id {
                var decoder = FrameDecoder()
                decoder.trustPeer()
                nodes[node].links[other.id] = decoder
            }
        }
        for node in nodes.indices {
            try handle(.started, at: node)
            try handle(.messageReceived(.topology(topology), from: Peer(nodes[node].id)), at: node)
            for other in nodes where other.id != nodes[node].id {
                try handle(.linkOpened(Peer(other.id)), at: node)
            }
        }
    }

    /// Every partition, by number.
    var partitions: Range<UInt16> { 0..<UInt16(topology.partitionCount.value) }

    /// Whether all nodes have the same root of every partition.
    var isEven: Bool {
        partitions.allSatisfy { partition in
            let first = nodes[0].engine.tree(of: partition)?.root
            return first != nil
                && nodes.allSatisfy { $0.engine.tree(of: partition)?.root == first }
        }
    }

    /// A client asks a node.
    mutating func ask(_ request: ClientRequest, at node: Int) throws(LocalFailure) {
        requests += 1
        try handle(.requestReceived(RequestID(rawValue: requests), request), at: node)
    }

    /// Writes to a node's storage, as if it had always been there.
    mutating func fill(_ node: Int, _ batch: WriteBatch) throws(LocalFailure) {
        while true {
            do throws(WriteRefusal) {
                try nodes[node].engine.write(batch)
                break
            } catch {
                guard error == .pendingLimit || error == .behind(nil) else {
                    throw LocalFailure("\(error)")
                }
            }
            try settle(node)
        }
        try settle(node)
    }

    private mutating func settle(_ node: Int) throws(LocalFailure) {
        for event in nodes[node].storage.answers() { try handle(event, at: node) }
    }

    // MARK: Time

    /// Time passes, with everything that happens in it.
    mutating func pass(_ duration: Duration) throws(LocalFailure) {
        let end = now + duration
        while true {
            var (wakeup, sleeper) = (Instant.never, 0)
            for node in nodes.indices {
                let next = max(nodes[node].work.wakeup, now)
                if next < wakeup { (wakeup, sleeper) = (next, node) }
            }
            // All take as long, so the first that was sent is the first to arrive.
            if arrived < flights.count, flights[arrived].at <= min(wakeup, end) {
                try arrive()
            } else if wakeup <= end {
                now = wakeup
                try handle(.ticked, at: sleeper)
                // A tick that leaves its wakeup where it was is due again a moment later.
                if nodes[sleeper].work.wakeup <= now { now = now + .microseconds(100) }
            } else {
                break
            }
        }
        now = max(now, end)
    }

    private mutating func arrive() throws(LocalFailure) {
        let flight = flights[arrived]
        arrived += 1
        if arrived == Self.arrivedLimit {
            flights.removeFirst(arrived)
            arrived = 0
        }
        now = max(now, flight.at)
        switch flight.cargo {
        case .datagram(let datagram, let endpoint):
            try handle(.datagramReceived(datagram, from: endpoint), at: flight.to)
        case .frame(let bytes, let sender):
            let message = try message(in: bytes, from: sender, to: flight.to)
            try handle(.messageReceived(message, from: Peer(sender)), at: flight.to)
        }
    }

    private mutating func message(
        in frame: Bytes, from sender: NodeID, to node: Int
    ) throws(LocalFailure) -> PeerMessage {
        nodes[node].links[sender]?.append(frame)
        let frame: Frame?
        do { frame = try nodes[node].links[sender]?.next() } catch {
            throw LocalFailure("a frame does not read back: \(error)")
        }
        guard case .message(let message)? = frame else {
            throw LocalFailure("a frame does not read back as a message")
        }
        return message
    }

    private mutating func handle(_ event: NodeEvent, at node: Int) throws(LocalFailure) {
        let elapsed = UInt64(now.since(.start).milliseconds)
        let wall = WallTime(milliseconds: ExchangeLoad.wallStart.milliseconds + elapsed)
        nodes[node].turn(event, at: Moment(instant: now, wall: wall))
        var work = nodes[node].work
        work.carryOut(at: node, by: &self)
        if let failure { throw failure }
        for event in nodes[node].storage.answers(to: work.storage) {
            try handle(event, at: node)
        }
    }
}

extension ExchangeStand: NodeStand {
    mutating func send(_ message: PeerMessage, to peer: Peer, from node: Int) {
        guard let to = nodes.firstIndex(where: { $0.id == peer.node }) else { return }
        var writer = ByteWriter()
        guard Frame.message(message).encode(into: &writer) else {
            failure = LocalFailure("a message is above the limit of a frame")
            return
        }
        traffic.count(message, bytes: writer.count)
        flights.append(
            Flight(
                at: now + Self.latency, to: to,
                cargo: .frame(writer.take(), from: nodes[node].id)))
    }

    /// Membership's: not counted.
    mutating func send(_ datagram: Datagram, to endpoint: Endpoint, from node: Int) {
        guard let to = nodes.firstIndex(where: { $0.endpoint == endpoint }) else { return }
        flights.append(
            Flight(
                at: now + Self.latency, to: to,
                cargo: .datagram(datagram, from: nodes[node].endpoint)))
    }

    mutating func complete(_ request: RequestID, _ answer: ClientAnswer, at node: Int) {
        if case .written = answer { written += 1 }
    }
}
