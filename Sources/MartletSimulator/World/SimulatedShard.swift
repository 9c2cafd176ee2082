// One node: the real core over the real engine and log, a disk that can lose power, and clocks of
// its own. It decides nothing; the world drives it.
internal import DequeModule
internal import MartletBase
internal import MartletNode
internal import MartletReplication
internal import MartletRing
internal import MartletStorage
internal import MartletVersions

/// A node of the simulated cluster; `core` is nil while it is down.
final class SimulatedNode {
    let index: Int
    var configuration: NodeConfiguration
    let options: StorageOptions
    var clock: WallClock
    /// How old it is at its first start.
    let age: Age
    var disk = MemoryDisk()
    var storage: OpenedStorage
    var core: NodeCore?
    /// Known from its first start on.
    var id: NodeID?
    /// Under which name it writes as a home: its own, or another since it lost its disk.
    var writesAs: NodeID?
    /// Which life this is; events of earlier ones are void.
    var life = 0
    /// The last crash; `start` when there was none.
    var crashedAt = Instant.start
    /// When it last lost its disk; nil when it never did.
    var lostDiskAt: Instant?
    /// The last start.
    var startedAt = Instant.start
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
    var acquaintance = Acquaintance()
    /// Requests that are looked at again when they must have been answered, in their order; the
    /// first of them has its event.
    var unanswered: Deque<Int> = []
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
    /// What keeps its process from running; nil while it may.
    var pause: Pause?
    /// When its process was last let go on; `start` when it was never held.
    var resumedAt = Instant.start
    /// When its storage last refused writes, behind with its work or for want of space; `start`
    /// when it never did.
    var refusedAt = Instant.start
    var trouble = DiskTrouble()
    /// What earlier lives have counted.
    var pastCounters: [ReplicationCounters] = []
    /// The rare branches that its former lives have come by, each as often as in so many lives.
    private var pastBranches: [String] = []

    init(
        index: Int, configuration: NodeConfiguration, options: StorageOptions,
        clock: WallClock, age: Age = .new
    ) throws(StorageError) {
        self.index = index
        self.configuration = configuration
        self.options = options
        self.clock = clock
        self.age = age
        storage = try StorageEngine.open(disk: disk, options: options)
    }

    var engine: StorageEngine { storage.engine }
    var isUp: Bool { core != nil }

    /// 2030-01-01, when every simulation begins.
    static let epochMilliseconds: UInt64 = 1_893_456_000_000

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

    /// What the node's clocks show. Its monotonic clock counts from a start of its own, so that
    /// an instant of another node would not pass for one of this.
    func moment(_ now: Instant) -> Moment {
        Moment(
            instant: Instant(nanoseconds: now.nanoseconds + clockOffset),
            wall: WallTime(
                milliseconds: UInt64(Int64(Self.epochMilliseconds) + clock.milliseconds(at: now))))
    }

    /// By what wall time the node goes: its own clock, or the middle of all.
    func wall(_ now: Instant) -> WallTime {
        let shown = moment(now)
        return core?.moment(shown).wall ?? shown.wall
    }

    /// Nanoseconds that its monotonic clock is ahead of the world's.
    private var clockOffset: UInt64 { UInt64(index + 1) * 1_000_000_000_000 }

    /// The world's time of an instant of this node's.
    func worldTime(of instant: Instant) -> Instant {
        if instant == .never { return .never }
        return Instant(nanoseconds: instant.nanoseconds - min(clockOffset, instant.nanoseconds))
    }

    /// Opens the core over what the storage holds, with the log synced up to there unless the disk
    /// is full.
    func start(at now: Instant, seed: UInt64) throws {
        if trouble.opensAtStart { try reopen() }
        if id == nil, age.counter > 0 {
            try NodeCore.age(engine, incarnation: age.incarnation, counter: age.counter)
        }
        let opened = try NodeCore.open(
            configuration, engine: engine, seed: StableHash.mix(seed &+ UInt64(life)),
            at: moment(now))
        if let id, id != opened.identity.id { throw StartFailure.identityLost }
        id = opened.identity.id
        writesAs = opened.dots.actor.node
        var outcome = storage.log.commit(engine.takeChunks())
        if case .written = outcome { outcome = storage.log.sync() }
        if let failure = StartFailure(outcome, full: opened.mayStartUnsynced) { throw failure }
        engine.logAnswered(outcome)
        core = opened
        heard = NotesHeard()
        acquaintance = Acquaintance()
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
        crashedAt = now
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
