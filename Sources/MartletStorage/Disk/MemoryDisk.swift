// A disk in memory that can lose power: for tests and the simulator. It keeps, for every file and
// for the directory, what is synced apart from what is not, and a crash decides how much of the
// latter had reached the medium. It models no time.
package import MartletBase

/// A `Disk` that crashes and fails on demand; confined to one thread at a time.
package final class MemoryDisk: Disk, @unchecked Sendable {
    /// How much of what was not synced outlives a crash.
    package enum CrashLoss: Hashable, Sendable, CaseIterable {
        /// All of it, and still not synced: a kill of the process, the machine stays up.
        case nothing
        /// Of each file a random first part, its last write torn at a random byte.
        case tail
        /// Any 512-byte sectors of any write, in whatever order the disk took them.
        case sectors
        /// All that was not synced is gone.
        case everything
    }

    private enum Change {
        case create(String, MemoryMedium)
        case rename(String, String)
        case remove(String)
    }

    private var files: [String: MemoryMedium] = [:]
    private var durableFiles: [String: MemoryMedium] = [:]
    private var changes: [Change] = []
    private var isLocked = false
    private var isHalted = false
    private(set) var generation = 0

    /// Bytes that all files together may take; nil for no limit. Writes past it take what fits and
    /// fail with `.noSpace`.
    package var capacityBytes: Int?
    /// The syncs, of files and directory, that still succeed before one fails; nil for all. The
    /// failed one loses what it should have made durable.
    package var syncsUntilFailure: Int?
    /// The writes that still succeed before one fails with `.inputOutput`; nil for all.
    package var writesUntilFailure: Int?
    /// The changing operations that still succeed before the process counts as dead and every call
    /// fails as `.stale` until `crash`; nil for all. It puts a crash between any two operations.
    package var operationsUntilHalt: Int?
    /// How many syncs of files and of the directory succeeded.
    package private(set) var syncCount = 0

    /// An empty disk.
    package init() {}

    // MARK: Disk

    /// Fails with `.locked` when it is taken: unlike a process, a test opens it twice by mistake.
    package func lock() throws(DiskError) {
        if isLocked { throw DiskError(.lock, ".", .locked(holder: nil)) }
        isLocked = true
    }

    /// Gives the disk back.
    package func unlock() { isLocked = false }

    /// The names of all files, ascending.
    package func list() throws(DiskError) -> [String] { files.keys.sorted() }

    /// Opens or makes a file.
    package func open(_ name: String, _ mode: OpenMode) throws(DiskError) -> any DiskFile {
        if let medium = files[name] {
            if mode == .empty {
                try begin(.open, name)
                medium.truncate(to: 0)
            }
            return MemoryFile(name: name, medium: medium, disk: self)
        }
        if mode == .existing { throw DiskError(.open, name, .notFound) }
        try begin(.open, name)
        let medium = MemoryMedium()
        perform(.create(name, medium))
        return MemoryFile(name: name, medium: medium, disk: self)
    }

    /// Renames a file, replacing another.
    package func rename(_ name: String, to newName: String) throws(DiskError) {
        guard files[name] != nil else { throw DiskError(.rename, name, .notFound) }
        try begin(.rename, name)
        perform(.rename(name, newName))
    }

    /// Removes a file.
    package func remove(_ name: String) throws(DiskError) {
        guard files[name] != nil else { throw DiskError(.remove, name, .notFound) }
        try begin(.remove, name)
        perform(.remove(name))
    }

    /// Makes the names durable.
    package func syncDirectory() throws(DiskError) {
        try begin(.sync, ".")
        guard takeSync() else {
            changes = []
            throw DiskError(.sync, ".", .inputOutput)
        }
        durableFiles = files
        changes = []
    }

    /// What `capacityBytes` leaves.
    package func freeBytes() throws(DiskError) -> UInt64 {
        capacityBytes.map { UInt64(max(0, $0 - usedBytes)) } ?? .max
    }

    /// Counts a changing operation on its way to a halt.
    func begin(
        _ operation: DiskError.Operation, _ name: String, at offset: Int = 0
    ) throws(DiskError) {
        if !Self.countDown(&operationsUntilHalt) { isHalted = true }
        if isHalted { throw DiskError(operation, name, at: offset, .stale) }
    }

    private func perform(_ change: Change) {
        changes.append(change)
        Self.apply(change, to: &files)
    }

    private static func apply(_ change: Change, to files: inout [String: MemoryMedium]) {
        switch change {
        case .create(let name, let medium): files[name] = medium
        case .rename(let name, let newName): files[newName] = files.removeValue(forKey: name)
        case .remove(let name): files[name] = nil
        }
    }

    /// Bytes that all files take.
    package var usedBytes: Int { files.values.reduce(0) { $0 + $1.count } }

    func takeSync() -> Bool {
        let succeeds = Self.countDown(&syncsUntilFailure)
        if succeeds { syncCount += 1 }
        return succeeds
    }

    func takeWrite() -> Bool { Self.countDown(&writesUntilFailure) }

    private static func countDown(_ left: inout Int?) -> Bool {
        guard let count = left else { return true }
        left = count > 0 ? count - 1 : nil
        return count > 0
    }

    // MARK: Faults

    /// Loses power, or with `.nothing` just the process: open files become stale, the lock is
    /// free, and of what was not synced as much is kept as `loss` and `random` say.
    package func crash(_ loss: CrashLoss, random: inout SeededRandom) {
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
    package func contents(of name: String) -> Bytes? { files[name]?.bytes }

    /// Makes a file hold `bytes`, durably: damage, or a golden file.
    package func setContents(of name: String, to bytes: Bytes) {
        let medium = MemoryMedium()
        medium.truncate(to: 0)
        medium.write(bytes, at: 0)
        medium.sync()
        files[name] = medium
        durableFiles[name] = medium
    }
}
