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

    init(
        _ disk: MemoryDisk, cluster: String = "stage", name: String = "n1", seed: UInt64 = 1,
        wall: WallTime = Stage.wallStart, sync: SyncMode = .everyWrite,
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
        core = try NodeCore.open(configuration, engine: opened.engine, seed: seed, at: now)
        commit()
        if !log.isHoldingBack { opened.engine.logAnswered(log.sync()) }
        if starts { _ = handle(.started) }
    }

    mutating func handle(_ event: NodeEvent) -> [NodeEffect] {
        var effects: [NodeEffect] = []
        core.handle(event, at: now, into: &effects)
        return effects
    }

    /// Commits all that gathered, and returns what comes of it as lines.
    @discardableResult
    mutating func commit() -> [String] {
        handle(.logAnswered(log.commit(core.engine.takeChunks()))).compactMap(line)
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
        for job in core.engine.takeJobs() { worker.submit(job) }
        var lines: [String] = []
        while let outcome = worker.step() {
            lines += handle(.jobAnswered(outcome)).compactMap(line)
        }
        return lines
    }

    /// The storage's background work is done; what comes of it as lines.
    mutating func work() -> [String] {
        var lines: [String] = []
        while core.engine.hasBackgroundWork {
            for job in core.engine.takeJobs() { worker.submit(job) }
            guard let outcome = worker.step() else { continue }
            lines += handle(.jobAnswered(outcome)).compactMap(line)
        }
        return lines
    }

    /// The disk brings the blocks that were asked for, and all that they lead to.
    mutating func bringBlocks() -> [String] {
        var lines: [String] = []
        while true {
            let reads = core.engine.takeReads()
            if reads.isEmpty { return lines }
            lines += handle(.readsAnswered(reads.map { $0.run(files) })).compactMap(line)
        }
    }

    @discardableResult
    mutating func put(_ value: String, as request: UInt64 = 1) -> [String] {
        let mutation = Mutation(content: .value(Bytes(text: value)), causality: .coordinator)
        let asked = ClientRequest(
            key: Stage.key, operation: .put(mutation, WriteOptions()))
        let effects = handle(.requestReceived(RequestID(rawValue: request), asked))
        return effects.compactMap(line) + commit()
    }

    /// Reads with links to two homes open; returns what was asked of whom.
    mutating func get() -> [(OperationID, NodeID)] {
        _ = handle(.linkOpened(NodeID(rawValue: 1)))
        _ = handle(.linkOpened(NodeID(rawValue: 2)))
        let request = ClientRequest(key: Stage.key, operation: .get(ReadOptions()))
        return handle(.requestReceived(RequestID(rawValue: 1), request)).compactMap { effect in
            guard case .send(.replicaGet(let get), let node) = effect else { return nil }
            return (get.operation, node)
        }
    }

    mutating func create(memberCount: Int) -> CreationOutcome? {
        var entropy = SeededRandom(seed: 1)
        let request = CreationRequest(
            memberCount: memberCount, secret: .drawn(by: &entropy))
        let effects = handle(.creationRequested(RequestID(rawValue: 1), request))
        commit()
        for case .created(_, let outcome) in effects { return outcome }
        return nil
    }

    mutating func createAlone() throws {
        guard case .created = create(memberCount: 1) else {
            Issue.record("the cluster was not created")
            return
        }
    }

    mutating func offer(_ topology: Topology) -> [String] {
        let message = NodeEvent.messageReceived(.topology(topology), from: NodeID(rawValue: 2))
        let lines = handle(message).compactMap(line)
        return lines + commit()
    }

    /// Leaves the disk as a process that exits after its last commit does.
    func close() {
        _ = log.commit(core.engine.takeChunks())
        _ = log.close()
        disk.unlock()
    }

    /// The process dies, and the machine with it.
    func crash() {
        var random = SeededRandom(seed: 1)
        disk.crash(.everything, random: &random)
        disk.unlock()
    }

    /// What matters here of an effect.
    private func line(_ effect: NodeEffect) -> String? {
        switch effect {
        case .answer(let id, let answer): describe(.answer(id, answer))
        case .note(.topologyAdopted(let epoch)): "adopted \(epoch)"
        case .note(.conflict(let text)): "conflict: \(text)"
        case .note(.storageDamaged): "damaged"
        case .note(.storageRefuses(let refusal)):
            refusal == nil ? "storage accepts" : "storage refuses"
        case .note(.valuesRefused(let refusal)):
            refusal == nil ? "values are taken" : "values are refused"
        case .note(.nameTaken(let owner)): "name taken by \(owner.rawValue)"
        default: nil
        }
    }
}
