// The simulated world: nodes, network, clients and faults under one virtual clock, on one thread.
// Events come out of the queue one by one and go to whoever they are for; everything that follows
// is scheduled. The parts are in the files beside this one:
//
//     World+Nodes    a node's turn, its log, its crash and start
//     World+Shell    what a turn comes to
//     World+Network  links and datagrams between nodes
//     World+Clients  requests and answers          World+Faults  what goes wrong, and healing
//     World+Core     what is left does without the rest
//     World+Checks   the promises, held against the history
//     World+Removals, World+Watermarks  those of what is settled and goes
//     World+Words    what nodes tell each other
//     World+EndedWrites  who must have what was written
//     World+Availability  who had to answer, and when
//     World+NodeFaults  pauses, clocks, moves     World+LinkFaults  slow and clogged links
//     World+DiskFaults  slow, full, bad disks     World+LostDisks   nodes that start over
//     World+Overload    too much work      World+Seeds  where nodes look for others
//     World+Notes    what nodes tell their operators
internal import DequeModule
internal import MartletAntiEntropy
internal import MartletBase
internal import MartletMembership
internal import MartletNode
internal import MartletRing
internal import MartletStorage
internal import MartletVersions
internal import MartletWire

/// Everything that there is in one run.
struct World {
    let scenario: Scenario
    let schedule: Schedule
    let planted: PlantedFault?
    private(set) var now = Instant.start
    var queue = EventQueue()
    var log: EventLog
    /// What the log says it in.
    var words: Words
    /// Every shard of every node, the first of each first: what a node does once it does there.
    let shards: [SimulatedShard]
    /// The first shards, which stand for their nodes.
    let nodes: ArraySlice<SimulatedShard>
    /// Those of the nodes that have started once.
    var nodeIDs: [NodeID] = []
    var links: [Link]
    /// For each directed pair of nodes, how many faults keep packets from passing.
    var blocks: [Int]
    /// For each directed pair of nodes, what makes its packets late.
    var paths: [Path]
    /// For each directed pair of nodes, the datagrams sent: the ordinal of the next one's fate.
    var datagramsSent: [UInt64]
    var clients: [Client] = []
    var history: History
    var mirror: ReplicaMirror
    /// What was settled when each read under way began.
    var floors: [Int: ReadFloor] = [:]
    /// What clients have asked carts and counters to say.
    var tallies = TallyTruth()
    var topologyWatch = TopologyWatch()
    var watermarks: WatermarkWatch
    var said: WordWatch
    var troubles: TroubleWatch
    /// After how long an answer is slow.
    let slowBound: Duration
    var work = WorkMeter()
    /// Writes that may not have ended, in the order in which they were issued.
    var begunWrites = Deque<BegunWrite>()
    /// The keys of each partition, once the ring is known.
    var keysByPartition: [UInt16: [Int]] = [:]
    var occurrences = Occurrences()
    var statistics = Statistics()
    var staleness: StalenessMeter
    /// What the run's page is drawn from, when one is wanted; nothing in the run depends on it.
    var trace: Trace?
    /// The first broken promise; the run ends with it.
    var violation: Violation?
    /// Whether clients make requests and faults begin.
    var isRestless = false
    /// What a planted fault remembers of an object, to bring it back.
    var remembered: (node: Int, key: StorageKey, object: Object)?
    /// How far a planted fault of several steps has come.
    var plantStep = 0
    /// Who has to do without the others; nil but for the phase in which somebody must.
    var core: Core?
    /// What came of the last request to create the cluster.
    var creation: CreationOutcome?
    /// The factors of the bursts under way, added up; 0 where there is none.
    var overload = 0
    /// How many processes are stopped.
    var pausedCount = 0
    /// The instant at which the workload and the faults began.
    var restlessSince = Instant.start
    /// When every fault was over; nil until then.
    var healedAt: Instant?
    var datagramCluster: UInt64 { Self.clusterHash }

    static let clusterName = "simulated"
    private static let clusterHash = Datagram.clusterHash(of: clusterName)
    private static let peerPortBase: UInt16 = 7_000
    /// From one address of a node to its next: no two nodes share a port, ever.
    static let addressStep: UInt16 = 64

    init(
        _ scenario: Scenario, schedule: Schedule, planted: PlantedFault?,
        logging: ((LoggedLine) -> Void)?, about key: Bytes? = nil
    ) throws(StorageError) {
        self.scenario = scenario
        self.schedule = schedule
        slowBound = Self.slowBound(schedule)
        self.planted = planted
        log = EventLog(
            logging: logging, names: Names.shards(schedule.shardCounts), ofOneKey: key != nil)
        let nodeCount = scenario.nodeCount
        let shards = try Self.shards(scenario, schedule)
        self.shards = shards
        nodes = shards.prefix(nodeCount)
        let count = shards.count
        links = (0..<count).flatMap { from in (0..<count).map { Link(from: from, to: $0) } }
        blocks = [Int](repeating: 0, count: links.count)
        paths = [Path](repeating: Path(), count: links.count)
        datagramsSent = [UInt64](repeating: 0, count: links.count)
        history = History(scenario.workload)
        words = Words(
            names: Names(keys: history.keys, shardCounts: schedule.shardCounts),
            about: key.map { Focus(key: $0, partitionCount: scenario.partitionCount) })
        history.pauses = schedule.pauses
        mirror = ReplicaMirror(shardCount: count)
        watermarks = WatermarkWatch(shardCount: count, keyCount: history.keys.count)
        said = WordWatch(shardCount: count)
        staleness = StalenessMeter(keyCount: history.keys.count)
        troubles = TroubleWatch(nodeCount: nodeCount)
    }

    /// The shards of all nodes: the first of each, then the second of each that has two …
    private static func shards(
        _ scenario: Scenario, _ schedule: Schedule
    ) throws(StorageError) -> [SimulatedShard] {
        let places = Names.places(schedule.shardCounts)
        let processes = (0..<scenario.nodeCount).map { index in
            SimulatedProcess(
                index: index, shards: places.indices.filter { places[$0].node == index },
                configuration: configuration(index, scenario, schedule),
                clock: schedule.clocks[index], age: schedule.ages[index])
        }
        var shards: [SimulatedShard] = []
        for (node, shard) in places {
            let process = processes[node]
            shards.append(
                try SimulatedShard(
                    Shard(index: shard, of: process.shards.count), of: process, schedule.storage))
        }
        return shards
    }

    private static func configuration(
        _ index: Int, _ scenario: Scenario, _ schedule: Schedule
    ) -> NodeConfiguration {
        var configuration = NodeConfiguration(
            clusterName: clusterName, name: Names.node(index),
            zone: "z\(index % scenario.zoneCount + 1)", peerEndpoint: peerEndpoint(index),
            clientEndpoint: Endpoint(host: "10.0.0.1", port: 6_000 + UInt16(index)),
            seeds: (0..<min(seedCount, scenario.nodeCount)).map(peerEndpoint))
        configuration.replication = schedule.replication
        configuration.antiEntropy = schedule.antiEntropy
        configuration.membership = schedule.membership
        configuration.handover = schedule.handover
        return configuration
    }

    static func peerEndpoint(_ index: Int) -> Endpoint {
        Endpoint(host: "10.0.0.1", port: peerPortBase + UInt16(index))
    }

    func peerEndpoint(of shard: Int) -> Endpoint {
        shards[shard].process.configuration.peerEndpoint
    }

    /// Whose address that is, or was.
    func nodeIndex(at endpoint: Endpoint) -> Int {
        Int((endpoint.port - Self.peerPortBase) % Self.addressStep)
    }

    /// Inlined: to be asked, the world would be copied.
    @inline(__always)
    func nodeIndex(of id: NodeID) -> Int {
        guard let index = nodes.firstIndex(where: { $0.id == id }) else {
            fatalError("\(id) is no node of this world")
        }
        return index
    }

    /// The shard of node `id` that serves `partition`. Inlined, as `nodeIndex` is.
    @inline(__always)
    func shardIndex(of id: NodeID, for partition: UInt16) -> Int {
        shardIndex(at: nodeIndex(of: id), for: partition)
    }

    /// The shard of a node that serves `partition`.
    @inline(__always)
    func shardIndex(at node: Int, for partition: UInt16) -> Int {
        nodes[node].process.shard(serving: Partition(index: partition), of: partitionCount)
    }

    /// Q, of every ring of this world.
    var partitionCount: PartitionCount {
        guard let count = PartitionCount(scenario.partitionCount) else {
            fatalError("a ring of \(scenario.partitionCount) partitions")
        }
        return count
    }

    /// The node that a shard is of.
    @inline(__always)
    func node(of shard: Int) -> Int { shards[shard].process.index }

    /// All shards of a node.
    func shards(of node: Int) -> [SimulatedShard] {
        nodes[node].process.shards.map { shards[$0] }
    }

    /// The link from one shard to another.
    @inline(__always)
    func linkIndex(_ from: Int, _ to: Int) -> Int { from * shards.count + to }

    /// The links from all shards of a node to all of another, of each pair.
    func linkIndices(_ pairs: [(from: Int, to: Int)]) -> [Int] {
        pairs.flatMap { pair in
            shards(of: pair.from).flatMap { from in
                shards(of: pair.to).map { linkIndex(from.index, $0.index) }
            }
        }
    }

    // MARK: Time

    /// Lets everything happen up to `end`, or until a promise is broken.
    mutating func run(until end: Instant) {
        while violation == nil, queue.next <= end, let (at, event) = queue.take() {
            now = at
            if !isHeldBack(event) { happen(event) }
            if let trace { trace.observe(self) }
        }
        // With a broken promise time stands still: nothing came after it.
        if violation == nil { now = max(now, end) }
    }

    /// Runs in steps of `step` until `condition` holds; false when it does not within `bound`.
    mutating func run(
        within bound: Duration, step: Duration = .milliseconds(100),
        until condition: (borrowing World) -> Bool
    ) -> Bool {
        let end = now + bound
        while violation == nil {
            if condition(self) { return true }
            if now >= end { return false }
            run(until: min(now + step, end))
        }
        return false
    }

    mutating func happen(_ event: WorldEvent) {
        switch event {
        case .nodeWakes(let node, let life): nodeWakes(node, life: life)
        case .logSynced(let node, let life): logSynced(node, life: life)
        case .intervalSynced(let node, let life): intervalSynced(node, life: life)
        case .blocksRead(let node, let life, let reads): blocksRead(node, life: life, reads)
        case .workerSteps(let node, let life): workerSteps(node, life: life)
        case .logRetries(let node, let life): logRetries(node, life: life)
        case .jobRested(let node, let life): jobRested(node, life: life)
        case .nodeStarts(let node, let life): nodeStarts(node, life: life)
        case .viewTold(let shard, let life): viewTold(to: shard, life: life)
        case .tidingTold(let shard, let life, let tiding):
            tidingTold(to: shard, life: life, tiding)
        case .frameArrives(let link, let connection, let bytes):
            frameArrives(link, connection, bytes)
        case .datagramArrives(let from, let to, let bytes): datagramArrives(from, to, bytes)
        case .linkDials(let link, let connection): linkDials(link, connection)
        case .linkOpens(let link, let connection): linkOpens(link, connection)
        case .linkRefused(let link, let connection): linkRefused(link, connection)
        case .linkBreaks(let link, let connection): linkBreaks(link, connection)
        case .linkTimesOut(let link, let connection): linkTimesOut(link, connection)
        case .faultBegins(let fault): faultBegins(fault)
        case .faultEnds(let fault): faultEnds(fault)
        case .clientActs(let client): clientActs(client)
        case .clientDisconnected(let client, let operation):
            clientDisconnected(client, operation: operation)
        case .answerDue(let operation): answerDue(operation: operation)
        case .plantActs: plantActs()
        }
    }
}
