// A node whose disk is full, slow or at fault: what it can still be asked, and how it opens.
internal import MartletBase
internal import MartletNode
internal import MartletStorage

/// What is wrong with a node's disk.
struct DiskTrouble {
    /// How many times as long everything takes.
    var slowness = 1
    /// Whether it takes no more.
    var isFull = false
    /// Whether it does things wrong by chance.
    var isFaulty = false
    /// Whether it ever did, or was damaged at rest: nothing that it holds is counted on.
    var hasDamage = false
    /// Whether the storage is opened when the node starts, not when it has crashed.
    var opensAtStart = false
    /// Whether the node is given up: its disk has lost what nobody else knows.
    var isFinal = false
    /// Whether a try to write what a full disk has held back is due.
    var retriesLog = false
    /// What came of a job that the disk refused, until the node hears of it.
    var resting: (outcome: JobOutcome, counters: StorageCounters)?

    /// There is another disk, which is sound.
    mutating func replaceDisk() {
        isFull = false
        isFaulty = false
        opensAtStart = false
    }

    /// A process is gone, and what it was about to do.
    mutating func ends(life: Int) {
        retriesLog = false
        resting = nil
    }
}

/// Why a node did not start though its storage opened.
enum StartFailure: Error {
    case log(DiskError)
    case identityLost

    /// Nil where the node starts; `full` says that it does on a full disk.
    init?(_ outcome: LogOutcome, full: Bool) {
        switch outcome {
        case .full where full: return nil
        case .full(let error), .failed(let error): self = .log(error)
        case .written, .synced: return nil
        }
    }
}

extension SimulatedShard {
    var isDamaged: Bool { trouble.hasDamage }
    var isOut: Bool { trouble.isFinal }
    private var isTroubled: Bool { trouble.isFull || trouble.hasDamage }

    /// The disk takes more again.
    func findRoom() {
        trouble.isFull = false
        disk.capacityBytes = nil
    }

    /// The disk does what it should, from now on.
    func endFaults() {
        trouble.isFaulty = false
        disk.inject(DiskFaults(), random: SeededRandom(seed: 0))
    }

    /// Whether everything that it holds reads back; a sound disk is expected to.
    var isReadable: Bool {
        guard isDamaged else { return true }
        return disk.withoutFaults {
            (try? engine.scanAll(.objects)) != nil && (try? engine.scanAll(.hints)) != nil
        }
    }

    /// What it holds in a space, ascending; nothing where a disk at fault does not read back.
    func entries(in space: StorageKey.Space) throws(StorageError) -> [ScanPage.Entry] {
        isDamaged ? readableEntries(in: space) ?? [] : try engine.scanAll(space)
    }

    /// What it holds in a space, ascending; nil where that does not read back.
    func readableEntries(in space: StorageKey.Space) -> [ScanPage.Entry]? {
        disk.withoutFaults { try? engine.scanAll(space) }
    }

    /// What it holds under one key.
    func look(for key: StorageKey) -> ReadOutcome { disk.withoutFaults { engine.getNow(key) } }

    /// Reads back what has outlived a crash. Where the disk is in trouble that is done on a copy
    /// without: the node itself meets its disk when it starts, as often as it tries.
    func lookAtDisk() throws(StorageError) {
        guard isTroubled || trouble.opensAtStart else {
            storage = try StorageEngine.open(disk: disk, options: options)
            return
        }
        trouble.opensAtStart = true
        let copy = disk.copy()
        copy.capacityBytes = nil
        copy.inject(DiskFaults(), random: SeededRandom(seed: 0))
        if let found = try? StorageEngine.open(disk: copy, options: options) {
            storage = found
        } else {
            storage = try StorageEngine.open(disk: MemoryDisk(), options: options)
        }
    }

    /// It stays down, and counts for holding nothing.
    func giveUp() {
        trouble.isFinal = true
        if let empty = try? StorageEngine.open(disk: MemoryDisk(), options: options) {
            storage = empty
        }
    }

    /// Opens the storage for a start. Files of an earlier try are void.
    func reopen() throws(StorageError) {
        disk.unlock()
        storage = try StorageEngine.open(disk: disk, options: options)
    }
}
