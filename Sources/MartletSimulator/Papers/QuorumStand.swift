// A stand to time requests on: the real node cores over their real engines, links that take what a
// distribution says, and nothing else that takes time. There are no faults and no checkers here;
// for those there is `World`.
//
// The cluster is one node larger than a key has replicas, and every node is a home. The last home
// of a key coordinates its requests and counts as the client's side: it asks the others alone when
// it reads, and a write is acknowledged when W of the others have acknowledged it.
internal import MartletBase
internal import MartletNode
internal import MartletReplication
internal import MartletRing
internal import MartletStorage
internal import MartletWire

/// Nodes and links under one virtual clock.
struct QuorumStand {
    private(set) var now = Instant.start
    private let nodes: [SimulatedShard]
    private var links: QuorumLinks
    private var agenda = Agenda()
    private var answers: [(id: RequestID, answer: ClientAnswer)] = []
    private var rung: [Int] = []
    private var outcome: CreationOutcome?

    private static let peerPortBase: UInt16 = 7_000
    private static let partitionCount = PartitionCount(exponent: 4) ?? .standard
    private static let assemblyBound = Duration.seconds(60)
    /// Nothing that is timed waits for a timer or for the disk, so both may be leisurely.
    private static let timerGrain = Duration.milliseconds(1)
    private static let syncTime = Duration.milliseconds(10)
    /// Small tables, so that a long run does not fill the memory.
    private static let flushBytes = 4 << 20

    /// `replicaCount` replicas and one node more, with their ring.
    init(_ latency: QuorumLatency, replicaCount: Int, seed: UInt64) throws(StorageError) {
        let count = replicaCount + 1
        links = QuorumLinks(latency, nodeCount: count, seed: StableHash.mix(seed ^ 1))
        var nodes: [SimulatedShard] = []
        for index in 0..<count {
            let process = SimulatedProcess(
                index: index, shards: [index], configuration: Self.configuration(index),
                clock: WallClock())
            nodes.append(try SimulatedShard(.only, of: process, Self.storageOptions))
        }
        self.nodes = nodes
        for node in nodes {
            do {
                try SimulatedShard.start(
                    [node], of: node.process, at: now,
                    seed: StableHash.mix(seed ^ StableHash.mix(UInt64(node.index) + 2)))
            } catch { fatalError("a new node does not start: \(error)") }
        }
        assemble()
    }

    private static func configuration(_ index: Int) -> NodeConfiguration {
        var configuration = NodeConfiguration(
            clusterName: "stand", name: "n\(index + 1)", zone: "",
            peerEndpoint: Endpoint(host: "10.0.0.1", port: peerPortBase + UInt16(index)),
            clientEndpoint: Endpoint(host: "10.0.0.1", port: 6_000 + UInt16(index)),
            seeds: [Endpoint(host: "10.0.0.1", port: peerPortBase)])
        // The product's own settings: reads ask every replica at once, as the paper's do, so that
        // there is nobody left to hedge with; and slow requests are waited for.
        configuration.replication.readAllChance = 1
        configuration.replication.timeout = Replication.timeoutLimit
        configuration.replication.requestLimit = .max
        return configuration
    }

    private static var storageOptions: StorageOptions {
        var options = StorageOptions()
        options.flushBytes = flushBytes
        options.memtableLimitBytes = flushBytes * 16
        options.segmentBytes = flushBytes
        options.compressLog = false
        return options
    }

    private mutating func assemble() {
        for index in nodes.indices { turn(index, .started) }
        let end = now + Self.assemblyBound
        while now < end {
            run(until: now + .milliseconds(500))
            if nodes.allSatisfy({ $0.core?.topology != nil }) { return }
            guard outcome == nil,
                nodes.allSatisfy({ $0.core?.members.count == nodes.count })
            else { continue }
            var random = SeededRandom(seed: 1, stream: "secret")
            let request = CreationRequest(
                memberCount: nodes.count, secret: .drawn(by: &random), replicaCount: nodes.count,
                partitionCount: Self.partitionCount)
            turn(0, .operatorAsked(RequestID(rawValue: .max), .create(request)))
        }
        fatalError("no ring on every node within \(Self.assemblyBound): \(outcome as Any)")
    }

    // MARK: Requests

    /// The node that coordinates what is asked of `key`: the last of its homes, which reads of one
    /// home fewer leave out.
    func coordinator(of key: Bytes) -> Int {
        guard let topology = nodes[0].core?.topology,
            let last = topology.homes(of: topology.partition(ofKey: key)).last,
            let node = nodes.firstIndex(where: { $0.id == last })
        else { fatalError("the ring of the stand names no home") }
        return node
    }

    /// Hands a request in; its answer comes out of `advance`.
    mutating func request(_ id: RequestID, _ request: ClientRequest, at node: Int) {
        turn(node, .requestReceived(id, request))
    }

    /// Has `advance` ring `alarm` after `delay`.
    mutating func ring(_ alarm: Int, after delay: Duration) {
        schedule(.alarm(alarm), after: delay)
    }

    /// Lets the next thing happen; hands out the answers and the alarms due, and forgets them.
    mutating func advance(
        answers answered: inout [(id: RequestID, answer: ClientAnswer)], alarms: inout [Int]
    ) {
        if answers.isEmpty, let (at, event) = agenda.take() {
            now = at
            happen(event)
        }
        swap(&answered, &answers)
        answers.removeAll(keepingCapacity: true)
        swap(&alarms, &rung)
        rung.removeAll(keepingCapacity: true)
    }

    // MARK: Time

    private mutating func schedule(_ event: Event, after delay: Duration) {
        agenda.add(event, at: now + delay)
    }

    private mutating func run(until end: Instant) {
        while let next = agenda.next, next <= end, let (at, event) = agenda.take() {
            now = at
            happen(event)
        }
        now = end
    }

    private mutating func happen(_ event: Event) {
        switch event {
        case .wakes(let index): wakes(index)
        case .logWritten(let index): logWritten(index)
        case .blocksRead(let index, let reads):
            let files = nodes[index].storage.files
            turn(index, .readsAnswered(reads.map { $0.run(files) }))
        case .workerSteps(let index): workerSteps(index)
        case .links(let index, let other):
            if let id = nodes[other].id { turn(index, .linkOpened(Peer(id))) }
        case .datagram(let datagram, let from, let to):
            turn(
                to,
                .datagramReceived(datagram, from: nodes[from].process.configuration.peerEndpoint))
        case .message(let message, let from, let to):
            if let id = nodes[from].id { turn(to, .messageReceived(message, from: Peer(id))) }
        case .alarm(let alarm): rung.append(alarm)
        }
    }

    // MARK: Nodes

    private mutating func turn(_ index: Int, _ event: NodeEvent) {
        let node = nodes[index]
        node.turn(event, at: now)
        let asked = node.work.storage
        node.gathered += asked.chunks
        writeLog(of: node)
        if !asked.reads.isEmpty { schedule(.blocksRead(index, asked.reads), after: .zero) }
        for job in asked.jobs { node.storage.worker.submit(job) }
        work(at: node)
        var done = node.work
        done.carryOut(at: node, by: &self)
        setTimer(of: node)
    }

    private func singly(_ message: PeerMessage) -> [PeerMessage] {
        guard case .replication(.putReplies(let replies)) = message else { return [message] }
        return replies.map { .replication(.putReplies([$0])) }
    }

    private mutating func setTimer(of node: SimulatedShard) {
        guard let due = node.nextWakeup, due < node.wakesAt else { return }
        node.wakesAt = max(due, now + Self.timerGrain)
        schedule(.wakes(node.index), after: node.wakesAt.since(now))
    }

    private mutating func wakes(_ index: Int) {
        let node = nodes[index]
        guard node.wakesAt == now else { return }
        node.wakesAt = .never
        turn(index, .ticked)
    }

    private mutating func writeLog(of node: SimulatedShard) {
        guard node.writing == nil, !node.gathered.isEmpty else { return }
        node.writing = node.storage.log.append(node.gathered)
        node.gathered.removeAll(keepingCapacity: true)
        schedule(.logWritten(node.index), after: Self.syncTime)
    }

    private mutating func logWritten(_ index: Int) {
        let node = nodes[index]
        node.writing = nil
        turn(index, .logAnswered(node.storage.log.sync()))
    }

    private mutating func work(at node: SimulatedShard) {
        guard !node.isWorking, !node.storage.worker.isIdle else { return }
        node.isWorking = true
        schedule(.workerSteps(node.index), after: .zero)
    }

    private mutating func workerSteps(_ index: Int) {
        let node = nodes[index]
        node.isWorking = false
        guard let outcome = node.storage.worker.step() else { return work(at: node) }
        turn(index, .jobAnswered(outcome))
        node.storage.log.release(upTo: node.engine.flushed)
    }
}

extension QuorumStand: NodeStand {
    mutating func send(_ message: PeerMessage, to peer: Peer, from node: SimulatedShard) {
        guard let to = nodes.firstIndex(where: { $0.id == peer.node }) else { return }
        for message in singly(message) {
            guard let delay = links.delay(of: message, from: node.index, to: to) else { continue }
            schedule(.message(message, from: node.index, to: to), after: delay)
        }
    }

    mutating func send(
        _ datagram: Datagram, to endpoint: Endpoint, from node: SimulatedShard
    ) {
        let to = Int(endpoint.port - Self.peerPortBase)
        schedule(.datagram(datagram, from: node.index, to: to), after: .zero)
    }

    mutating func carryOut(_ change: Work.LinkChange, at node: SimulatedShard) {
        guard case .keep(let id, _) = change,
            let to = nodes.firstIndex(where: { $0.id == id })
        else { return }
        schedule(.links(node.index, to: to), after: .zero)
    }

    mutating func complete(
        _ request: RequestID, _ reply: OperatorReply, at node: SimulatedShard
    ) {
        if case .created(let outcome) = reply { self.outcome = outcome }
    }

    mutating func complete(
        _ request: RequestID, _ answer: ClientAnswer, at node: SimulatedShard
    ) {
        answers.append((request, answer))
    }
}
