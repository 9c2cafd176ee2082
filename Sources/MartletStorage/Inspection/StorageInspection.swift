// The read-only way into a node's storage: what `martlet storage` shows. It opens no engine, cuts,
// renames and writes nothing, and looks at any directory without trapping; what it finds wrong is
// part of what it says.
internal import MartletBase

/// A data directory that no node runs on, held against one that would start.
public struct StorageInspection {
    let disk: any Disk
    /// The names of all files, ascending.
    let names: [String]

    /// Takes the disk, which should be read only, and lists its files.
    public init(_ disk: any Disk) throws(DiskError) {
        self.disk = disk
        try disk.lock()
        do { names = try disk.list() } catch {
            disk.unlock()
            throw error
        }
    }

    /// Whether no file is one of the engine's, by its name.
    public var isForeign: Bool { !names.contains(where: Self.isOfEngine) }

    /// Whether a file of that name is one of the engine's.
    public static func isOfEngine(_ name: String) -> Bool {
        InspectedFile.kind(of: name) != .foreign
    }

    /// Gives the directory back.
    public func close() { disk.unlock() }

    /// What the manifest says; an empty one where nothing was ever stored.
    func manifest() throws(StorageError) -> ManifestWriter.Found {
        try ManifestWriter.recover(names, on: disk)
    }

    /// What the log's mark says; nil where none was ever made.
    func mark(_ found: ManifestWriter.Found) throws(StorageError) -> LogMark? {
        try LogMarkFile.read(names, manifest: found.fileName, on: disk)?.mark
    }

    /// The tables that `manifest` names or that there are files of, by level, then the others by
    /// number.
    func tables(_ manifest: Manifest) -> [(number: UInt64, level: Int?, expected: TableSummary?)] {
        let placed = manifest.tables
        let known = Set(placed.map(\.table.number))
        let strangers = names.compactMap { TableFormat.number($0) }
            .filter { !known.contains($0) }.sorted()
        return placed.map { ($0.table.number, $0.level, $0.table) }
            + strangers.map { ($0, nil, nil) }
    }

    /// Replays the log behind what the manifest has flushed, into `apply`.
    func readLog(
        _ found: ManifestWriter.Found, apply: @escaping LogRecovery.Apply
    ) throws(StorageError) -> RecoveryReport {
        var recovery = LogRecovery(
            disk: disk, options: StorageOptions(), flushed: found.manifest.flushed,
            mark: try mark(found) ?? LogMark(), apply: apply)
        _ = try recovery.read(names)
        return recovery.reading
    }

    /// What stands in the way of an engine that opens the directory, and how far the log goes.
    /// A table that does not read back does not: the engine salvages it.
    func verdict(
        _ found: ManifestWriter.Found
    ) -> (problem: StorageError?, report: RecoveryReport?) {
        do throws(StorageError) {
            let report = try readLog(found) {
                (reader: inout ByteReader, _, _) throws(LogRecovery.BatchFailure) in
                do throws(FormatError) { try WriteBatch.skip(&reader) } catch {
                    throw .format(error)
                }
            }
            return (nil, report)
        } catch {
            return (error, nil)
        }
    }
}

/// One thing in a data directory that is not as it was written.
public struct StorageDamage: Error, Hashable, Sendable, CustomStringConvertible {
    /// The name of the file.
    public var file: String
    /// Where in it the damaged part begins, in bytes; 0 where the whole file is meant.
    public var offset: Int
    /// What is wrong, for people.
    public var reason: String

    init(_ file: String, at offset: Int, _ reason: String) {
        self.file = file
        self.offset = offset
        self.reason = reason
    }

    init(_ file: String, _ error: FormatError) {
        self.init(file, at: error.offset, error.reason.text)
    }

    init(_ error: DiskError) {
        self.init(error.file, at: error.offset, error.description)
    }

    init(_ file: String, _ error: TableError) {
        switch error {
        case .disk(let error): self.init(file, at: error.offset, error.description)
        case .damaged(_, let offset, let reason): self.init(file, at: offset, reason.text)
        }
    }

    /// One line: the file, the offset, the reason.
    public var description: String { "\(file) at \(offset): \(reason)" }
}

extension FormatError.Reason {
    /// The reason without an offset, for people.
    var text: String {
        switch self {
        case .truncated: "truncated"
        case .invalid(let what): "invalid \(what)"
        case .unsupportedVersion(let version): "unsupported format version \(version)"
        case .checksumMismatch: "checksum mismatch"
        case .tooLarge(let what): "\(what) too large"
        }
    }
}
