// A disk in memory that can lose power: for tests and the simulator. It keeps, for every file and
// for the directory, what is synced apart from what is not, and a crash decides how much of the
// latter had reached the medium. Its other faults are in MemoryDisk+Faults. It models no time.
public import MartletBase

/// A `Disk` that crashes and fails on demand; confined to one thread at a time.
///
/// What a crash may do, beyond the bytes of `CrashLoss`: creations, renamings and removals that no
/// `syncDirectory` followed are lost from some point on, as journaling file systems keep their
/// order. A file whose creation is lost is gone with its contents, however often it was synced.
public final class MemoryDisk: Disk, @unchecked Sendable {
    /// How much of what was not synced outlives a crash.
    public enum CrashLoss: Hashable, Sendable, CaseIterable {
        /// All of it, and still not synced: a kill of the process, the machine stays up.
        case nothing
        /// Of each file a random first part, its last write torn at a random byte.
        case tail
        /// Each write whole, not at all, or any 512-byte sectors of it, whatever became of those
        /// before it; of one that is lost the length may stay, as zeros.
        case sectors
        /// All that was not synced is gone.
        case everything
    }

    private enum Change {
        case create(String, MemoryMedium)
        case rename(String, String)
        case remove(String)
    }

    private(set) var files: [String: MemoryMedium] = [:]
    private var durableFiles: [String: MemoryMedium] = [:]
    private var changes: [Change] = []
    private var mediumCount = 0
    private var isLocked = false
    private(set) var isHalted = false
    private(set) var generation = 0

    /// Bytes that all files together may take; nil for no limit. Writes past it take what fits and
    /// fail with `.noSpace`.
    public var capacityBytes: Int?
    /// Whether there are no descriptors: opening any file fails with `.exhausted`.
    public var isOutOfDescriptors = false
    /// The reads that still succeed before one fails with `.inputOutput`; nil for all.
    public var readsUntilFailure: Int?
    /// The writes that still succeed before one does as `writeFailure` says; nil for all.
    public var writesUntilFailure: Int?
    /// What the write that `writesUntilFailure` counts down to does; at first it fails with
    /// `.inputOutput` and writes nothing.
    public var writeFailure = WriteFault.short(0, .inputOutput)
    /// The syncs, of files and directory, that still succeed before one fails; nil for all. The
    /// failed one loses what it should have made durable.
    public var syncsUntilFailure: Int?
    /// The changing operations that still succeed before the process counts as dead and every call
    /// fails as `.stale` until `crash`; nil for all. It puts a crash between any two operations.
    public var operationsUntilHalt: Int?
    /// Called before each changing operation: a `copy` taken there is the disk of a crash at that
    /// point. Copies do not have it.
    public var beforeOperation: (() -> Void)?
    /// What goes wrong by chance; see `inject`.
    var faults = DiskFaults()
    var faultRandom = SeededRandom(seed: 0)

    /// How many operations that change the disk began: opening a file that this makes or empties,
    /// writes, cuts, syncs, renamings, removals.
    public private(set) var operationCount = 0
    /// How many reads of files began.
    public internal(set) var readCount = 0
    /// How many writes began.
    public internal(set) var writeCount = 0
    /// How many syncs of files and of the directory succeeded.
    public internal(set) var syncCount = 0

    /// An empty disk.
    public init() {}

    /// An independent disk in the same state, lock, counters and faults included; files opened on
    /// this one stay with this one. O(files and changes not synced); the bytes are shared until
    /// either writes.
    public func copy() -> MemoryDisk {
        let copy = MemoryDisk()
        var media: [Int: MemoryMedium] = [:]
        func copied(_ medium: MemoryMedium) -> MemoryMedium {
            if let known = media[medium.number] { return known }
            let new = medium.copy()
            media[medium.number] = new
            return new
        }
        copy.files = files.mapValues(copied)
        copy.durableFiles = durableFiles.mapValues(copied)
        copy.changes = changes.map { change in
            guard case .create(let name, let medium) = change else { return change }
            return .create(name, copied(medium))
        }
        copy.mediumCount = mediumCount
        (copy.isLocked, copy.isHalted) = (isLocked, isHalted)
        copy.capacityBytes = capacityBytes
        copy.isOutOfDescriptors = isOutOfDescriptors
        copy.readsUntilFailure = readsUntilFailure
        (copy.writesUntilFailure, copy.writeFailure) = (writesUntilFailure, writeFailure)
        copy.syncsUntilFailure = syncsUntilFailure
        copy.operationsUntilHalt = operationsUntilHalt
        (copy.faults, copy.faultRandom) = (faults, faultRandom)
        (copy.operationCount, copy.readCount) = (operationCount, readCount)
        (copy.writeCount, copy.syncCount) = (writeCount, syncCount)
        return copy
    }

    // MARK: Disk

    /// Fails with `.locked` when it is taken: unlike a process, a test opens it twice by mistake.
    public func lock() throws(DiskError) {
        try check(.lock, ".")
        if isLocked { throw DiskError(.lock, ".", .locked(holder: nil)) }
        isLocked = true
    }

    /// Gives the disk back.
    public func unlock() { isLocked = false }

    /// The names of all files, ascending.
    public func list() throws(DiskError) -> [String] {
        try check(.list, ".")
        return files.keys.sorted()
    }

    /// Opens or makes a file.
    public func open(_ name: String, _ mode: OpenMode) throws(DiskError) -> any DiskFile {
        try check(.open, name)
        if isOutOfDescriptors { throw DiskError(.open, name, .exhausted("too many open files")) }
        let isWritable = mode != .reading
        if let medium = files[name] {
            if mode == .empty {
                try begin(.open, name)
                medium.truncate(to: 0)
            }
            return MemoryFile(name: name, medium: medium, disk: self, isWritable: isWritable)
        }
        if mode != .empty { throw DiskError(.open, name, .notFound) }
        try begin(.open, name)
        let medium = makeMedium()
        perform(.create(name, medium))
        return MemoryFile(name: name, medium: medium, disk: self, isWritable: isWritable)
    }

    /// Renames a file, replacing another.
    public func rename(_ name: String, to newName: String) throws(DiskError) {
        try check(.rename, name)
        guard files[name] != nil else { throw DiskError(.rename, name, .notFound) }
        try begin(.rename, name)
        perform(.rename(name, newName))
    }

    /// Removes a file.
    public func remove(_ name: String) throws(DiskError) {
        try check(.remove, name)
        guard files[name] != nil else { throw DiskError(.remove, name, .notFound) }
        try begin(.remove, name)
        perform(.remove(name))
    }

    /// Makes the names durable. A failed sync forgets the changes, as a file's does: they are seen
    /// until the crash, and no later sync brings them to the medium.
    public func syncDirectory() throws(DiskError) {
        try begin(.sync, ".")
        guard takeSync() else {
            changes = []
            throw DiskError(.sync, ".", .inputOutput)
        }
        for change in changes { Self.apply(change, to: &durableFiles) }
        changes = []
    }

    /// What `capacityBytes` leaves.
    public func space() throws(DiskError) -> DiskSpace {
        try check(.measure, ".")
        guard let capacityBytes else { return DiskSpace(freeBytes: .max, totalBytes: .max) }
        return DiskSpace(
            freeBytes: UInt64(max(0, capacityBytes - usedBytes)), totalBytes: UInt64(capacityBytes))
    }

    /// Counts a changing operation on its way to a halt.
    func begin(
        _ operation: DiskError.Operation, _ name: String, at offset: Int = 0
    ) throws(DiskError) {
        if !Self.countDown(&operationsUntilHalt) { isHalted = true }
        try check(operation, name, at: offset)
        beforeOperation?()
        operationCount += 1
    }

    private func check(
        _ operation: DiskError.Operation, _ name: String, at offset: Int = 0
    ) throws(DiskError) {
        if isHalted { throw DiskError(operation, name, at: offset, .stale) }
    }

    private func makeMedium() -> MemoryMedium {
        mediumCount += 1
        return MemoryMedium(number: mediumCount)
    }

    private func perform(_ change: Change) {
        changes.append(change)
        Self.apply(change, to: &files)
    }

    private static func apply(_ change: Change, to files: inout [String: MemoryMedium]) {
        switch change {
        case .create(let name, let medium): files[name] = medium
        case .rename(let name, let newName):
            // A file whose creation a failed sync forgot has no durable name to change.
            if let medium = files.removeValue(forKey: name) { files[newName] = medium }
        case .remove(let name): files[name] = nil
        }
    }

    /// Bytes that all files take.
    public var usedBytes: Int { files.values.reduce(0) { $0 + $1.count } }

    // MARK: Crashes and contents

    /// Loses power, or with `.nothing` just the process: open files become stale, the lock is
    /// free, and of what was not synced as much is kept as `loss` and `random` say.
    public func crash(_ loss: CrashLoss, random: inout SeededRandom) {
        generation += 1
        isLocked = false
        isHalted = false
        operationsUntilHalt = nil
        let kept: Int
        switch loss {
        case .nothing: return
        case .everything: kept = 0
        case .tail, .sectors: kept = random.below(changes.count + 1)
        }
        for change in changes[..<kept] { Self.apply(change, to: &durableFiles) }
        changes = []
        files = durableFiles
        for name in files.keys.sorted() { files[name]?.crash(loss, random: &random) }
    }

    /// What a file holds at present; nil when there is none.
    public func contents(of name: String) -> Bytes? {
        files[name].map { $0.bytes.read(at: 0, count: $0.count) }
    }

    /// Makes a file hold `bytes`, durably: damage, or a golden file. Handles opened before keep
    /// what they had.
    public func setContents(of name: String, to bytes: Bytes) {
        let medium = makeMedium()
        medium.write(bytes, at: 0)
        medium.sync()
        files[name] = medium
        durableFiles[name] = medium
    }

    static func countDown(_ left: inout Int?) -> Bool {
        guard let count = left else { return true }
        left = count > 0 ? count - 1 : nil
        return count > 0
    }
}
