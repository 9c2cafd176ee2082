// Opening a node: the storage of each of its shards, and what they remember.
internal import Logging
internal import MartletBase
internal import MartletNode
internal import MartletStorage

/// One shard of a node that is about to start.
struct OpenedShard {
    /// What remembers it.
    let storage: OpenedStorage
    /// The shard.
    let core: NodeCore

    /// Opens all shards of the node that `configuration` describes, the first one first, and makes
    /// durable who they are now. `share` is what each gets of the node's budgets. Where the disk is
    /// full that comes later, with the space.
    static func openAll(
        _ count: Int, of configuration: ServerConfiguration, share: ServerConfiguration,
        log: Logger
    ) throws(ServerError) -> [OpenedShard] {
        let directory = DataDirectory(path: configuration.dataDirectory)
        var storages: [OpenedStorage] = []
        // From the last to the first, so that the number of directories is told by the last.
        for path in directory.paths(ofShards: count).reversed() {
            storages.insert(try openStorage(at: path, share, log: log), at: 0)
        }
        var entropy = SystemRandomNumberGenerator()
        let cores: [NodeCore]
        do {
            cores = try NodeCore.open(
                share.node, engines: storages.map(\.engine), seed: entropy.next(),
                at: SystemClock.now)
        } catch {
            throw .node(directory: directory.path, error)
        }
        let shards = zip(storages, cores).map { OpenedShard(storage: $0, core: $1) }
        // What the first holds says that the others are there.
        for shard in shards.reversed() { try shard.sync(in: directory.path, log: log) }
        return shards
    }

    private static func openStorage(
        at directory: String, _ configuration: ServerConfiguration, log: Logger
    ) throws(ServerError) -> OpenedStorage {
        let disk: PosixDisk
        do { disk = try PosixDisk(path: directory) } catch {
            throw .disk(directory: directory, error)
        }
        var options = configuration.storage
        options.digest = .object
        var entropy = SystemRandomNumberGenerator()
        options.hashSeed = entropy.next()
        do {
            let storage = try StorageEngine.open(disk: disk, options: options)
            log.info("\(text(of: storage.report))")
            return storage
        } catch {
            let owner = StorageEngine.owner(on: disk).flatMap { try? NodeIdentity(decoding: $0) }
            throw .storage(directory: directory, error, owner: owner)
        }
    }

    private static func text(of report: RecoveryReport) -> String {
        let torn = report.tornBytes > 0 ? "; cut off \(report.tornBytes) bytes torn by a crash" : ""
        return "read \(report.batches) batches (\(report.bytes) bytes) back from "
            + "\(report.segments) files of the log, and opened \(report.tables) tables\(torn)"
    }

    private func sync(in directory: String, log: Logger) throws(ServerError) {
        var outcome = storage.log.commit(storage.engine.takeChunks())
        if case .written = outcome { outcome = storage.log.sync() }
        if case .synced = outcome { outcome = storage.log.note(owner: core.identity.encoded()) }
        switch outcome {
        case .written, .synced: storage.engine.logAnswered(outcome)
        case .full(let error) where core.mayStartUnsynced:
            storage.engine.logAnswered(outcome)
            log.error("the disk is full (\(error)): the node starts, and takes no writes")
        case .full(let error), .failed(let error): throw .log(directory: directory, error)
        }
    }
}
