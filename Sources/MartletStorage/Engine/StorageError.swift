// Why storage does not open, and why an open engine refuses a write. Both say what to do.
package import MartletBase

/// Why a node's storage could not be opened.
package enum StorageError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The disk refused.
    case disk(DiskError)
    /// Bytes of the log that had been synced no longer read back.
    case corruptLog(file: String, offset: Int, reason: FormatError.Reason)
    /// A segment between two others, or before the first, is gone.
    case missingSegment(file: String)
    /// The log is of a format that this build does not read.
    case unsupportedVersion(file: String, version: UInt8)
    /// The log holds more than `StorageOptions.memtableLimitBytes`.
    case memtableLimit(bytes: Int)
    /// An option outside its range; the text names it and the range.
    case invalidOption(String)

    /// What is wrong and what to do, in one line.
    package var description: String {
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
        case .unsupportedVersion(let file, let version):
            return "\(file) has format version \(version), this build reads "
                + "\(LogFormat.version): start the build that wrote it"
        case .memtableLimit(let bytes):
            return "the log holds more than the memtable limit of \(bytes) bytes: "
                + "raise the limit to start"
        case .invalidOption(let text):
            return "invalid storage option: \(text)"
        }
    }

    private static let advice =
        "Data that this node had acknowledged is lost here, so it must not start with the rest: "
        + "keep the directory aside and replace the node with a new one, which the other "
        + "replicas fill"
}

/// Why an open engine did not take a batch. Reads go on in every case.
package enum WriteRefusal: Error, Hashable, Sendable, CustomStringConvertible {
    /// More is waiting for the disk than `StorageOptions.pendingLimitBytes`: try again soon.
    case pendingLimit
    /// The memtable holds `StorageOptions.memtableLimitBytes`.
    case memtableLimit
    /// The batch alone is larger than `StorageOptions.batchLimitBytes`.
    case batchLimit
    /// The disk is full; writes go on by themselves when there is space again.
    case diskFull(DiskError)
    /// The log failed for good: the node must be restarted.
    case logFailed(DiskError)

    /// One line for a client or a log.
    package var description: String {
        switch self {
        case .pendingLimit: "the disk is behind: too many bytes wait to be logged"
        case .memtableLimit: "the memtable is full"
        case .batchLimit: "the batch is larger than the limit"
        case .diskFull(let error): "disk full (\(error)): free some space"
        case .logFailed(let error): "the log failed (\(error)): check the disk, restart the node"
        }
    }
}
