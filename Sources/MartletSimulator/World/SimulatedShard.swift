// One shard of a node: the real core over the real engine and log, and a disk that can lose power.
// It decides nothing; the world drives it.
internal import DequeModule
internal import MartletBase
internal import MartletNode
internal import MartletReplication
internal import MartletRing
internal import MartletStorage
internal import MartletVersions

/// A shard of a node of the simulated cluster; `core` is nil while the node is down.
final class SimulatedShard {
    /// Its number among all; that of a first shard is its node's.
    let index: Int
    let shard: Shard
    /// What it shares with the other shards of its node.
    let process: SimulatedProcess
    let options: StorageOptions
    var disk = MemoryDisk()
    var storage: OpenedStorage
    var core: NodeCore?
    /// What the first shard has decided that it has not been told yet; nil where nothing is.
    var untold: ControlView?
    /// Under which name it writes as a home: its node's, or another since it lost its disk.
    var writesAs: NodeID?
    /// Which life this is; events of earlier ones are void.
    var life = 0
    /// The crashes that took what counted as synced, or may have, in the order of time.
    var powerLosses: [PowerLoss] = []
    /// Where in its log the node has last written down what it knows of itself.
    var ringLoggedAt = LogPosition.start
    /// What its last turn asked for.
    private(set) var work = Work()
    /// Events handled, over all lives.
    var turns = 0
    /// What its operator knows, and what it has found out, in this life.
    var heard = NotesHeard()
    var acquaintance: Acquaintance
    /// When its timer is set for.
    var wakesAt = Instant.never
    /// Chunks that wait for the sync under way to end.
    var gathered: [LogChunk] = []
    /// What writing the chunks came to whose sync is under way; nil when none is.
    var writing: LogOutcome?
    /// Whether a sync is due at the end of an interval.
    var awaitsInterval = false
    /// Since when something counts as synced in a lazy sync mode that is not; nil when all is.
    var lazySince: Instant?
    /// Whether a step of the background work is due.
    var isWorking = false
    /// What the disk was asked for so far: the ordinal of the next delay.
    var diskOperations: UInt64 = 0
    /// When its storage last refused writes, behind with its work or for want of space; `start`
    /// when it never did.
    var refusedAt = Instant.start
    var trouble = DiskTrouble()
    /// What earlier lives have counted.
    var pastCounters: [ReplicationCounters] = []
    /// The rare branches that its former lives have come by, each as often as in so many lives.
    private var pastBranches: [String] = []

    init(
        _ shard: Shard, of process: SimulatedProcess, _ options: StorageOptions
    ) throws(StorageError) {
        index = process.shards[shard.index]
        self.shard = shard
        self.process = process
        acquaintance = Acquaintance(of: shard)
        self.options = options
        storage = try StorageEngine.open(disk: disk, options: options)
    }

    var engine: StorageEngine { storage.engine }
    var isUp: Bool { core != nil }
    /// Its node's identity; known from the first start on.
    var id: NodeID? { process.id }
    var crashedAt: Instant { process.crashedAt }
    var lostDiskAt: Instant? { process.lostDiskAt }
    var pause: Pause? { process.pause }
    var resumedAt: Instant { process.resumedAt }

    // MARK: The core, where it lies

    // What is asked in every turn is asked of the core in place: read through the class, the whole
    // of it would be copied.

    /// When the core wants to be woken, in the world's time; nil while the node is down.
    var nextWakeup: Instant? { isUp ? worldTime(of: work.wakeup) : nil }

    /// A turn of one event, of which `work` is then.
    func turn(_ event: NodeEvent, at now: Instant) {
        core?.turn(event, at: moment(now), into: &work)
    }

    /// The ring that it knows; nil while it knows none, or is down.
    var topology: Topology? { Self.topology(of: &core) }

    /// Up to where it knows a partition to be settled; nil while it is down.
    func watermark(of partition: UInt16) -> HybridTimestamp? {
        Self.watermark(of: Partition(index: partition), in: &core)
    }

    /// Whether it judges nothing in a partition since data was lost; nil while it is down.
    func isInDoubt(of partition: UInt16) -> Bool? {
        Self.isInDoubt(of: Partition(index: partition), in: &core)
    }

    private static func topology(of core: inout NodeCore?) -> Topology? { core?.topology }

    private static func watermark(
        of partition: Partition, in core: inout NodeCore?
    ) -> HybridTimestamp? { core?.watermark(of: partition) }

    private static func isInDoubt(of partition: Partition, in core: inout NodeCore?) -> Bool? {
        core?.isInDoubt(of: partition)
    }

    // MARK: Its clocks

    /// What the node's clocks show.
    func moment(_ now: Instant) -> Moment { process.moment(now) }

    /// By what wall time the node goes: its own clock, or the middle of all.
    func wall(_ now: Instant) -> WallTime {
        let shown = moment(now)
        return core?.moment(shown).wall ?? shown.wall
    }

    /// The world's time of an instant of this node's.
    func worldTime(of instant: Instant) -> Instant { process.worldTime(of: instant) }

    /// Opens the cores of a node over what its shards' storage holds, with the logs synced up to
    /// there unless the disk is full: that of the first last.
    static func start(
        _ shards: [SimulatedShard], of process: SimulatedProcess, at now: Instant, seed: UInt64
    ) throws {
        for shard in shards {
            if shard.trouble.opensAtStart { try shard.reopen() }
            if process.id == nil { try shard.grow(to: process.age) }
        }
        let opened = try NodeCore.open(
            process.configuration, engines: shards.map(\.engine),
            seed: StableHash.mix(seed &+ UInt64(shards[0].life)), at: process.moment(now))
        if let id = process.id, id != opened[0].identity.id { throw StartFailure.identityLost }
        process.id = opened[0].identity.id
        var outcomes: [LogOutcome] = []
        for (shard, core) in zip(shards, opened).reversed() {
            shard.writesAs = core.dots.actor.node
            var outcome = shard.storage.log.commit(shard.engine.takeChunks())
            if case .written = outcome { outcome = shard.storage.log.sync() }
            if let failure = StartFailure(outcome, full: core.mayStartUnsynced) { throw failure }
            outcomes.append(outcome)
        }
        for (index, shard) in shards.enumerated() {
            shard.engine.logAnswered(outcomes[shards.count - 1 - index])
            shard.core = opened[index]
            shard.heard = NotesHeard()
            shard.acquaintance = Acquaintance(of: shard.shard)
        }
    }

    /// Writes down that so many writes were named before its first start.
    private func grow(to age: Age) throws(WriteRefusal) {
        guard age.counter > 0 else { return }
        try NodeCore.age(
            engine, incarnation: age.incarnation + UInt32(shard.index), counter: age.counter)
    }

    /// Loses power, or just the process. What outlives it is decided now, and read back at once:
    /// the node starts on it later.
    func crash(_ loss: MemoryDisk.CrashLoss, at now: Instant, random: inout SeededRandom)
        throws(StorageError)
    {
        if let core {
            pastCounters.append(core.counters)
            pastBranches += core.rareBranches
        }
        core = nil
        life += 1
        process.crashedAt = now
        untold = nil
        if loss != .nothing, let since = lazySince {
            powerLosses.append(PowerLoss(at: now, since: since))
        }
        wakesAt = .never
        gathered = []
        writing = nil
        awaitsInterval = false
        lazySince = nil
        if isWorking, random.chance(0.5) { stopAmidStep(&random) }
        isWorking = false
        disk.crash(loss, random: &random)
        trouble.ends(life: life)
        try lookAtDisk()
    }

    /// Writes and syncs all that has been handed to the log, and closes it.
    func closeLog() {
        _ = storage.log.append(gathered)
        _ = storage.log.close()
        isWorking = false
    }

    /// The crash falls between two disk operations of the background step that was due.
    private func stopAmidStep(_ random: inout SeededRandom) {
        disk.operationsUntilHalt = random.below(Self.stepOperations)
        _ = storage.worker.step()
    }

    /// About as many operations as a step takes: some crashes come behind its last.
    private static let stepOperations = 24

    /// The rare branches of all lives.
    var rareBranches: [String] { pastBranches + (core?.rareBranches ?? []) }

    /// One counter over all lives.
    func total(_ counter: KeyPath<ReplicationCounters, UInt64>) -> Int {
        let past = pastCounters.reduce(0) { $0 + $1[keyPath: counter] }
        return Int(past + (core?.counters[keyPath: counter] ?? 0))
    }
}
