// The stage of the transcripts: one node's replication over a disk in memory, in a ring whose every
// key has the homes 1, 2, 3, …, with time that moves only when told to.
import MartletBase
import MartletReplication
import MartletRing
import MartletStorage
import MartletVersions
import MartletWire
import Testing

/// One node on the stage, and all others as far as it can tell.
struct Stage {
    let engine: StorageEngine
    let log: LogWriter
    let disk: MemoryDisk
    private let worker: StorageWorker
    private let files: OpenFiles
    private(set) var topology: Topology
    let local: NodeID
    var replication: Replication
    var now = Moment(instant: Instant(nanoseconds: 0), wall: Stage.wallStart)
    /// What the last event made it send.
    private(set) var sent: [PeerMessage] = []

    static let wallStart = WallTime(milliseconds: 1_700_000_000_000)
    static let key = Bytes(text: "k")

    /// Node `local` of `nodes`, of which the first `replicas` are the homes of every key; all
    /// others can be reached, but for `away`.
    init(
        local: UInt64 = 1, nodes: Int = 3, replicas: Int = 3, away: [UInt64] = [],
        storage: StorageOptions = .roomy, _ adjust: (inout ReplicationOptions) -> Void = { _ in }
    ) throws {
        var options = ReplicationOptions()
        options.readAllChance = 0
        adjust(&options)
        disk = MemoryDisk()
        let opened = try StorageEngine.open(disk: disk, options: storage)
        engine = opened.engine
        log = opened.log
        worker = opened.worker
        files = opened.files
        self.local = NodeID(rawValue: local)
        topology = try Topology.onePartition(nodes: nodes, replicas: replicas)
        replication = try Replication(
            local: self.local, options: options, engine: engine,
            dots: DotSource(actor: .of(local)), random: SeededRandom(seed: 1),
            firstOperation: OperationID(rawValue: 1))
        var outbox = Outbox()
        replication.topologyChanged(topology, at: now, into: &outbox)
        for node in topology.members where node.id != self.local {
            if !away.contains(node.id.rawValue) { reach(node.id.rawValue) }
        }
    }

    /// The nodes that stand in for homes, in order.
    var fallbacks: [UInt64] {
        topology.preferenceOrder(of: Partition(index: 0)).dropFirst(topology.homesPerPartition)
            .map(\.rawValue)
    }

    // MARK: Events

    @discardableResult
    mutating func put(
        _ value: String, as request: UInt64 = 1, key: Bytes = Stage.key, seen: Context? = nil,
        _ adjust: (inout WriteOptions) -> Void = { _ in }
    ) -> [String] {
        var options = WriteOptions()
        adjust(&options)
        let mutation = Mutation(
            content: .value(Bytes(text: value)),
            causality: seen.map(Causality.seen) ?? .coordinator)
        return ask(.put(mutation, options), as: request, key: key)
    }

    @discardableResult
    mutating func get(
        as request: UInt64 = 1, key: Bytes = Stage.key,
        _ adjust: (inout ReadOptions) -> Void = { _ in }
    ) -> [String] {
        var options = ReadOptions()
        adjust(&options)
        return ask(.get(options), as: request, key: key)
    }

    mutating func ask(
        _ operation: ClientOperation, as request: UInt64, key: Bytes = Stage.key
    ) -> [String] {
        let asked = ClientRequest(key: key, operation: operation)
        return run { replication, now, effects in
            replication.requestReceived(
                RequestID(rawValue: request), asked, at: now, into: &effects)
        }
    }

    mutating func receive(_ message: ReplicationMessage, from node: UInt64) -> [String] {
        run { replication, now, effects in
            replication.messageReceived(
                message, from: Peer(NodeID(rawValue: node)), at: now, into: &effects)
        }
    }

    /// `node` acknowledges the write of operation `operation`.
    @discardableResult
    mutating func acknowledge(_ operation: UInt64, by node: UInt64) -> [String] {
        receive(
            .putReplies([
                ReplicaPutReply(operation: OperationID(rawValue: operation), outcome: .stored)
            ]),
            from: node)
    }

    mutating func refuse(
        _ operation: UInt64, by node: UInt64, _ error: RequestError = .storage("full")
    ) -> [String] {
        receive(
            .putReplies([
                ReplicaPutReply(
                    operation: OperationID(rawValue: operation), outcome: .refused(error))
            ]),
            from: node)
    }

    mutating func show(
        _ operation: UInt64, by node: UInt64, _ outcome: ReplicaGetReply.Outcome
    ) -> [String] {
        receive(
            .getReply(
                ReplicaGetReply(operation: OperationID(rawValue: operation), outcome: outcome)),
            from: node)
    }

    /// The ring changes to `epoch`: the homes of every key are `homes`, and where some were
    /// `former` the partition moves.
    mutating func change(
        to epoch: UInt64, homes: [UInt64], from former: [UInt64] = [], without gone: [UInt64] = []
    ) throws -> [String] {
        let ids = former.map { NodeID(rawValue: $0) }
        let members = topology.members.filter { !gone.contains($0.id.rawValue) }
        topology = try Topology(
            epoch: epoch, clusterName: topology.clusterName, clusterID: topology.clusterID,
            secret: topology.secret, replicaCount: homes.count,
            partitionCount: topology.partitionCount, members: members,
            homeIndexes: homes.map { home in
                UInt16(try #require(members.firstIndex { $0.id.rawValue == home }))
            },
            moves: former.isEmpty
                ? [] : [PartitionMove(partition: Partition(index: 0), former: ids, since: epoch)])
        return run { [topology] in $0.topologyChanged(topology, at: $1, into: &$2) }
    }

    mutating func stop() -> [String] {
        run { replication, now, effects in replication.stopped(at: now, into: &effects) }
    }

    @discardableResult
    mutating func reach(_ node: UInt64) -> [String] { reachability(node, true) }

    @discardableResult
    mutating func lose(_ node: UInt64) -> [String] { reachability(node, false) }

    private mutating func reachability(_ node: UInt64, _ isReachable: Bool) -> [String] {
        run { replication, now, effects in
            replication.reachabilityChanged(
                NodeID(rawValue: node), isReachable: isReachable, at: now, into: &effects)
        }
    }

    /// The log syncs all that was written.
    @discardableResult
    mutating func sync() -> [String] {
        engine.logAnswered(log.commit(engine.takeChunks()))
        return advanceLog()
    }

    /// The log has answered.
    mutating func advanceLog() -> [String] {
        run { replication, now, effects in replication.logAdvanced(at: now, into: &effects) }
    }

    /// All that is stored leaves memory: what is asked for from now on must be read.
    mutating func cool() throws {
        var filler = WriteBatch()
        filler.put(
            .object(partition: 9, key: Bytes(text: "filler")), Bytes(repeating: 1, count: 2_048))
        for _ in 0..<2 {
            try engine.write(filler)
            sync()
        }
        work()
    }

    /// The storage's background work is done.
    func work() {
        while engine.hasBackgroundWork {
            for job in engine.takeJobs() { worker.submit(job) }
            if let outcome = worker.step() { engine.jobAnswered(outcome) }
        }
    }

    /// The disk takes so many bytes more, nil for no limit, and the engine has looked.
    func leave(_ bytes: Int?) {
        disk.capacityBytes = bytes.map { disk.usedBytes + $0 }
        engine.measure()
        for job in engine.takeJobs() { worker.submit(job) }
        while let outcome = worker.step() { engine.jobAnswered(outcome) }
    }

    /// No block of any table reads back any more.
    func damageTables() throws {
        for name in try disk.list() where name.hasSuffix(".mtab") {
            disk.makeUnreadable(name, 0..<(1 << 20))
        }
    }

    /// The disk brings the blocks that were asked for, and all that they lead to.
    @discardableResult
    mutating func bringBlocks() -> [String] {
        var lines: [String] = []
        while true {
            let reads = engine.takeReads()
            if reads.isEmpty { return lines }
            engine.readsAnswered(reads.map { $0.run(files) })
            lines += takeReads()
        }
    }

    /// Goes on with the reads that are complete.
    private mutating func takeReads() -> [String] {
        run { [engine] replication, now, outbox in
            for read in engine.takeCompleted() {
                replication.readCompleted(read, at: now, into: &outbox)
            }
        }
    }

    /// Time passes, with a tick whenever one is due.
    @discardableResult
    mutating func pass(_ duration: Duration) -> [String] {
        let end = now.instant + duration
        var lines: [String] = []
        while replication.nextWakeup <= end {
            advance(to: max(replication.nextWakeup, now.instant))
            let before = replication.nextWakeup
            lines += run { $0.tick(at: $1, into: &$2) } + takeReads()
            if replication.nextWakeup == before { break }
        }
        advance(to: end)
        return lines
    }

    private mutating func advance(to instant: Instant) {
        now.wall.milliseconds += instant.since(now.instant).milliseconds
        now.instant = instant
    }

    private mutating func run(
        _ step: (inout Replication, Moment, inout Outbox) -> Void
    ) -> [String] {
        var outbox = Outbox()
        step(&replication, now, &outbox)
        replication.endTurn(into: &outbox)
        replication.checkInvariants()
        sent = outbox.letters.map(\.message)
        return outbox.letters.map(describe) + outbox.answers.map(describe)
    }
}

extension StorageOptions {
    /// Storage that keeps everything in memory.
    static var roomy: StorageOptions {
        var options = StorageOptions()
        options.prewriteBytes = 0
        return options
    }

    /// Storage that keeps nothing in memory longer than it must.
    static var tiny: StorageOptions {
        var options = roomy
        options.flushBytes = 1 << 10
        options.memtableLimitBytes = 64 << 10
        options.blockCacheBytes = 0
        options.blockBytes = 256
        return options
    }
}

extension Topology {
    /// One partition, whose homes are the nodes 1 … `replicas` in this order.
    static func onePartition(
        nodes: Int, replicas: Int, epoch: UInt64 = 1, clusterID: UInt64 = 7,
        secretSeed: UInt64? = nil
    ) throws -> Topology {
        var random = SeededRandom(seed: secretSeed ?? clusterID)
        let secret = ClusterSecret.drawn(by: &random)
        return try Topology(
            epoch: epoch, clusterName: "stage", clusterID: clusterID, secret: secret,
            replicaCount: replicas,
            partitionCount: #require(PartitionCount(1)),
            members: (1...nodes).map {
                RingMember(id: NodeID(rawValue: UInt64($0)), name: "m\($0)", zone: "", weight: 1)
            },
            homeIndexes: (0..<min(replicas, nodes)).map { UInt16($0) })
    }
}

extension Actor {
    /// The first life of node `number`.
    static func of(_ number: UInt64) -> Actor {
        Actor(node: NodeID(rawValue: number), incarnation: 1)
    }
}

extension Object {
    /// An object of one value, written by node `node`.
    static func one(
        _ value: String, by node: UInt64, _ counter: UInt64 = 1, seen: Context = Context(),
        at wall: WallTime = Stage.wallStart
    ) -> Object {
        var object = Object()
        object.record(
            Sibling(
                dot: Dot(actor: .of(node), counter: counter), timestamp: HybridTimestamp(wall),
                content: .value(Bytes(text: value))),
            seen: seen)
        return object
    }
}
