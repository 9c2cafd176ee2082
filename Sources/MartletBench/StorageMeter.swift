// A disk that counts what is written to it on the way to another one: what the engine costs its
// disk, counted where it arrives there.
internal import MartletBase
internal import MartletStorage
internal import Synchronization

/// Counts since the start, by what was written.
struct StorageTraffic: Hashable, Sendable {
    /// Bytes written to the log, with the zeros ahead of its end.
    var logBytes = 0
    /// Syncs of the log.
    var logSyncs = 0
    /// Bytes written to tables.
    var tableBytes = 0
    /// Bytes written to all other files.
    var otherBytes = 0

    static func - (left: StorageTraffic, right: StorageTraffic) -> StorageTraffic {
        StorageTraffic(
            logBytes: left.logBytes - right.logBytes, logSyncs: left.logSyncs - right.logSyncs,
            tableBytes: left.tableBytes - right.tableBytes,
            otherBytes: left.otherBytes - right.otherBytes)
    }
}

/// A `Disk` in front of another.
final class StorageMeter: Disk {
    private let disk: any Disk
    private let counts = Counts()

    fileprivate final class Counts: Sendable {
        let traffic = Mutex(StorageTraffic())
    }

    init(_ disk: any Disk) {
        self.disk = disk
    }

    /// What was written so far.
    var traffic: StorageTraffic { counts.traffic.withLock { $0 } }

    func lock() throws(DiskError) { try disk.lock() }
    func unlock() { disk.unlock() }
    func list() throws(DiskError) -> [String] { try disk.list() }
    func open(_ name: String, _ mode: OpenMode) throws(DiskError) -> any DiskFile {
        MeteredFile(try disk.open(name, mode), counts)
    }
    func rename(_ name: String, to newName: String) throws(DiskError) {
        try disk.rename(name, to: newName)
    }
    func remove(_ name: String) throws(DiskError) { try disk.remove(name) }
    func syncDirectory() throws(DiskError) { try disk.syncDirectory() }
    func space() throws(DiskError) -> DiskSpace { try disk.space() }
}

private final class MeteredFile: DiskFile {
    private enum Kind {
        case log, table, other
    }

    private let file: any DiskFile
    private let kind: Kind
    private let counts: StorageMeter.Counts

    init(_ file: any DiskFile, _ counts: StorageMeter.Counts) {
        self.file = file
        self.counts = counts
        kind =
            file.name.hasPrefix("log-") ? .log : file.name.hasPrefix("table-") ? .table : .other
    }

    var name: String { file.name }
    func size() throws(DiskError) -> Int { try file.size() }
    func read(at offset: Int, count: Int) throws(DiskError) -> Bytes {
        try file.read(at: offset, count: count)
    }
    func truncate(to size: Int) throws(DiskError) { try file.truncate(to: size) }

    func write(_ bytes: Bytes, at offset: Int) throws(DiskError) {
        try file.write(bytes, at: offset)
        counts.traffic.withLock { traffic in
            switch kind {
            case .log: traffic.logBytes += bytes.count
            case .table: traffic.tableBytes += bytes.count
            case .other: traffic.otherBytes += bytes.count
            }
        }
    }

    func sync() throws(DiskError) {
        try file.sync()
        if kind == .log { counts.traffic.withLock { $0.logSyncs += 1 } }
    }
}
