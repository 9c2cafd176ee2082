// Why storage does not open, and why an open engine refuses a write. Both say what to do.
public import MartletBase

/// Why a node's storage could not be opened.
public enum StorageError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The disk refused.
    case disk(DiskError)
    /// Bytes of the log that had been synced no longer read back.
    case corruptLog(file: String, offset: Int, reason: FormatError.Reason)
    /// A segment between two others, or before the first, is gone.
    case missingSegment(file: String)
    /// The log ends at `end`, and it was synced up to `synced`.
    case cutLog(file: String, end: LogPosition, synced: LogPosition)
    /// There is this manifest, and no mark that says how far the log went.
    case missingMark(beside: String)
    /// Neither half of the log's mark reads back.
    case corruptMark(offset: Int, reason: FormatError.Reason)
    /// Bytes of the manifest that had been synced no longer read back.
    case corruptManifest(file: String, offset: Int, reason: FormatError.Reason)
    /// There are data files, such as this one, and no manifest that names them.
    case missingManifest(beside: String)
    /// A table that the manifest names is gone.
    case missingTable(file: String)
    /// A table does not read back.
    case table(TableError)
    /// Of the node's own state something is lost.
    case stateLost(DamagedRange)
    /// A range that is asked for holds a damaged block.
    case damagedRange
    /// A file is of a format that this build does not read.
    case unsupportedVersion(file: String, version: UInt8)
    /// An option outside its range; the text names it and the range.
    case invalidOption(String)

    /// What is wrong and what to do, in one line.
    public var description: String {
        switch self {
        case .disk(let error):
            if case .locked = error.cause {
                return "\(error); stop that process or choose another data directory"
            }
            return "\(error)"
        case .corruptLog(let file, let offset, let reason):
            let what = FormatError(reason, at: offset)
            return "the log \(file) is damaged: \(what). \(Self.advice)"
        case .missingSegment(let file):
            return "the log segment \(file) is missing. \(Self.advice)"
        case .cutLog(let file, let end, let synced):
            return "the log ends at batch \(end) in \(file), and was synced up to \(synced) at "
                + "least. \(Self.advice)"
        case .missingMark(let file):
            return "there is \(file), but no \(LogMark.fileName) that says how far the log went. "
                + Self.advice
        case .corruptMark(let offset, let reason):
            let what = FormatError(reason, at: offset)
            return "\(LogMark.fileName) is damaged: \(what). \(Self.advice)"
        case .corruptManifest(let file, let offset, let reason):
            let what = FormatError(reason, at: offset)
            return "the manifest \(file) is damaged: \(what). \(Self.advice)"
        case .missingManifest(let file):
            return "there is \(file), but no manifest that says what it is. \(Self.advice)"
        case .missingTable(let file): return "the table \(file) is missing. \(Self.advice)"
        case .table(let error): return "\(error)"
        case .stateLost(let range):
            return "the node's own state in \(range.file) is damaged: \(range.reason). "
                + Self.advice
        case .damagedRange: return "the range holds a block that does not read back"
        case .unsupportedVersion(let file, let version):
            return "\(file) has format version \(version), which this build does not read: start "
                + "the build that wrote it"
        case .invalidOption(let text):
            return "invalid storage option: \(text)"
        }
    }

    private static let advice =
        "Data that this node had acknowledged is lost here, so it must not start with the rest: "
        + "keep the directory aside and let the node go on in place with an empty one, which the "
        + "other replicas fill ('martlet start --in-place-of')"
}

/// Why an open engine did not take a batch. Reads go on in every case.
public enum WriteRefusal: Error, Hashable, Sendable, CustomStringConvertible {
    /// More is waiting for the disk than `StorageOptions.pendingLimitBytes`: try again soon.
    case pendingLimit
    /// Memtables or level 0 are full, since flushes and compactions do not keep up, or cannot go on
    /// for the reason given.
    case behind(DiskError?)
    /// The batch alone is larger than `StorageOptions.batchLimitBytes`.
    case batchLimit
    /// Less of the disk is free than is kept for deletes and for the node's own records: clients'
    /// values are refused, and taken again by themselves when there is space again.
    case reserved(freeBytes: UInt64, reserveBytes: UInt64)
    /// The disk is full, or cannot be used for want of descriptors or memory; writes go on by
    /// themselves when there is some again.
    case diskFull(DiskError)
    /// The log failed for good: the node must be restarted.
    case logFailed(DiskError)
    /// The manifest failed for good: the node must be restarted.
    case manifestFailed(DiskError)

    /// One line for a client or a log.
    public var description: String {
        switch self {
        case .pendingLimit: "the disk is behind: too many bytes wait to be logged"
        case .behind(nil): "the disk is behind: too much waits to be flushed or compacted"
        case .behind(let error?): "nothing can be flushed or compacted (\(error)): check the disk"
        case .batchLimit: "the batch is larger than the limit"
        case .reserved(let free, let reserve):
            "the disk has \(Self.text(free)) left, of which \(Self.text(reserve)) are kept for "
                + "deletes and the node's own records (storage.disk_reserve): free some space"
        case .diskFull(let error) where error.cause == .noSpace:
            "disk full (\(error)): free some space"
        case .diskFull(let error): "the log waits (\(error)): try again soon"
        case .logFailed(let error): "the log failed (\(error)): check the disk, restart the node"
        case .manifestFailed(let error):
            "the manifest failed (\(error)): check the disk, restart the node"
        }
    }

    private static func text(_ bytes: UInt64) -> String {
        bytes < 1 << 20 ? "\(bytes) bytes" : "\(bytes >> 20) MiB"
    }
}
