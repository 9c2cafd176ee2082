// The stage of whole nodes: a `NodeCore` over a disk in memory, with everything that a shell does.
import MartletBase
import MartletNode
import MartletReplication
import MartletRing
import MartletStorage
import MartletVersions
import MartletWire
import Testing

/// One node with its log and its background work, driven inline as a shell would.
struct Host {
    var core: NodeCore
    let log: LogWriter
    let worker: StorageWorker
    let files: OpenFiles
    let disk: MemoryDisk
    var now = Moment(instant: .start, wall: Stage.wallStart)
    /// When it wants to be woken, as of its last turn.
    private(set) var wakeup = Instant.never
    /// What its storage has asked for and was not done yet.
    private var asked = StorageWork()

    init(
        _ disk: MemoryDisk, cluster: String = "stage", name: String = "n1", seed: UInt64 = 1,
        wall: WallTime = Stage.wallStart, sync: SyncMode = .everyWrite, scrubbing rate: Int? = nil,
        storage: StorageOptions = .roomy, inPlaceOf: NodeID? = nil, starts: Bool = true
    ) throws {
        self.disk = disk
        now.wall = wall
        var storage = storage
        storage.sync = sync
        let opened = try StorageEngine.open(disk: disk, options: storage)
        log = opened.log
        worker = opened.worker
        files = opened.files
        let endpoint = Endpoint(host: "127.0.0.1", port: 7_401)
        var configuration = NodeConfiguration(
            clusterName: cluster, name: name, zone: "", peerEndpoint: endpoint,
            clientEndpoint: Endpoint(host: "127.0.0.1", port: 7_400), seeds: [endpoint])
        configuration.inPlaceOf = inPlaceOf
        if let rate { configuration.scrubBytesPerSecond = rate }
        core = try NodeCore.open(configuration, engine: opened.engine, seed: seed, at: now)
        commit()
        if !log.isHoldingBack { opened.engine.logAnswered(log.sync()) }
        if starts { _ = handle(.started) }
    }

    /// A turn of one event.
    mutating func handle(_ event: NodeEvent) -> Work {
        var work = Work()
        work.storage = asked
        core.handle(event, at: now, into: &work)
        core.endTurn(at: now, into: &work)
        core.checkInvariants()
        asked = work.storage
        wakeup = work.wakeup
        return work
    }

    /// Commits all that gathered, and returns what comes of it as lines.
    @discardableResult
    mutating func commit() -> [String] {
        core.engine.ask(into: &asked)
        let outcome = log.commit(asked.chunks)
        asked.chunks = []
        return lines(handle(.logAnswered(outcome)))
    }

    /// The background work that was asked for and not begun yet.
    mutating func takeJobs() -> [StorageJob] {
        core.engine.ask(into: &asked)
        defer { asked.jobs = [] }
        return asked.jobs
    }

    /// One step of the background work; nil where there is none left.
    private mutating func step() -> JobOutcome? {
        for job in takeJobs() { worker.submit(job) }
        return worker.step()
    }

    /// All that is stored leaves memory.
    mutating func fill() throws {
        var filler = WriteBatch()
        filler.put(
            .object(partition: 9, key: Bytes(text: "filler")), Bytes(repeating: 1, count: 2_048))
        for _ in 0..<2 { try core.engine.write(filler) }
        commit()
        _ = work()
    }

    /// What the node has asked of its disk beside that is done; what comes of it as lines.
    mutating func measure() -> [String] {
        now.instant = now.instant + .seconds(1)
        _ = handle(.ticked)
        var told: [String] = []
        while let outcome = step() { told += lines(handle(.jobAnswered(outcome))) }
        return told
    }

    /// The storage's background work is done; what comes of it as lines.
    mutating func work() -> [String] {
        var told: [String] = []
        while core.engine.hasBackgroundWork || !asked.jobs.isEmpty || !worker.isIdle {
            if let outcome = step() { told += lines(handle(.jobAnswered(outcome))) }
        }
        return told
    }

    /// The disk brings the blocks that were asked for, and all that they lead to.
    mutating func bringBlocks() -> [String] {
        var told: [String] = []
        while true {
            core.engine.ask(into: &asked)
            let reads = asked.reads
            asked.reads = []
            if reads.isEmpty { return told }
            told += lines(handle(.readsAnswered(reads.map { $0.run(files) })))
        }
    }

    @discardableResult
    mutating func put(_ value: String, as request: UInt64 = 1) -> [String] {
        let mutation = Mutation(content: .value(Bytes(text: value)), causality: .coordinator)
        let asked = ClientRequest(
            key: Stage.key, operation: .put(mutation, WriteOptions()))
        return lines(handle(.requestReceived(RequestID(rawValue: request), asked))) + commit()
    }

    /// Reads with links to two homes open; returns what was asked of whom.
    mutating func get() -> [(OperationID, NodeID)] {
        _ = handle(.linkOpened(Peer(NodeID(rawValue: 1))))
        _ = handle(.linkOpened(Peer(NodeID(rawValue: 2))))
        let request = ClientRequest(key: Stage.key, operation: .get(ReadOptions()))
        let work = handle(.requestReceived(RequestID(rawValue: 1), request))
        return work.outbox.letters.compactMap { letter in
            guard case .replication(.get(let get)) = letter.message else { return nil }
            return (get.operation, letter.peer.node)
        }
    }

    mutating func create(memberCount: Int) -> CreationOutcome? {
        var entropy = SeededRandom(seed: 1)
        let request = CreationRequest(
            memberCount: memberCount, secret: .drawn(by: &entropy))
        let work = handle(.operatorAsked(RequestID(rawValue: 1), .create(request)))
        commit()
        for case .created(let outcome) in work.replies.map(\.reply) { return outcome }
        return nil
    }

    mutating func createAlone() throws {
        guard case .created = create(memberCount: 1) else {
            Issue.record("the cluster was not created")
            return
        }
    }

    mutating func offer(_ topology: Topology) -> [String] {
        let message = NodeEvent.messageReceived(
            .topology(topology), from: Peer(NodeID(rawValue: 2)))
        return lines(handle(message)) + commit()
    }

    /// Leaves the disk as a process that exits after its last commit does.
    mutating func close() {
        core.engine.ask(into: &asked)
        _ = log.commit(asked.chunks)
        _ = log.close()
        disk.unlock()
    }

    /// The process dies, and the machine with it.
    func crash() {
        var random = SeededRandom(seed: 1)
        disk.crash(.everything, random: &random)
        disk.unlock()
    }

    /// What matters here of a turn's work.
    private func lines(_ work: Work) -> [String] {
        work.notes.compactMap(line) + work.outbox.answers.map(describe)
    }

    private func line(_ note: NodeNote) -> String? {
        switch note {
        case .topologyAdopted(let epoch): "adopted \(epoch)"
        case .conflict(let text): "conflict: \(text)"
        case .storageDamaged: "damaged"
        case .storageRefuses(let refusal): refusal == nil ? "storage accepts" : "storage refuses"
        case .valuesRefused(let refusal):
            refusal == nil ? "values are taken" : "values are refused"
        case .nameTaken(let owner): "name taken by \(owner.rawValue)"
        case .hasLeft: "has left"
        case .memberChanged, .clockStands: nil
        }
    }
}
