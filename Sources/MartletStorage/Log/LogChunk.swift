// What passes between the engine on its loop and the log writer on its thread: encoded batches one
// way, how far the log has come the other way.
import MartletBase

/// The number of a batch in a node's log, counted from 1 over all restarts. Everything at or before
/// a position that is durable is durable.
public struct LogPosition: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// How many batches the log holds up to here.
    public var rawValue: UInt64

    /// The position of batch number `rawValue`.
    public init(rawValue: UInt64) {
        self.rawValue = rawValue
    }

    /// Before the first batch.
    public static let start = LogPosition(rawValue: 0)

    /// The earlier of two comes first.
    public static func < (left: LogPosition, right: LogPosition) -> Bool {
        left.rawValue < right.rawValue
    }

    /// The number in decimal.
    public var description: String { String(rawValue) }

    func advanced(by count: Int) -> LogPosition {
        LogPosition(rawValue: rawValue &+ UInt64(count))
    }

    func retreated(by count: Int) -> LogPosition {
        LogPosition(rawValue: rawValue &- UInt64(count))
    }
}

/// Whole batches, encoded, on their way to the log thread; or none, to ask for a sync alone.
public struct LogChunk: Hashable, Sendable {
    /// The position of its first batch.
    public let first: LogPosition
    /// The position of its last batch, or of the one before it if it has none: what its sync makes
    /// durable.
    public let last: LogPosition
    let payload: Bytes
    /// How long the chunk is held up before it is written: how a node that is behind with its
    /// background work slows its writers.
    public internal(set) var delay = Duration.zero
    /// Whether it is to be synced at once in every sync mode.
    var needsSync = false

    init(first: LogPosition, last: LogPosition, payload: Bytes) {
        self.first = first
        self.last = last
        self.payload = payload
    }

    /// How many bytes of batches it carries.
    public var byteCount: Int { payload.count }
}

/// What the log writer answers; the engine learns it through `StorageEngine.logAnswered`.
public enum LogOutcome: Hashable, Sendable {
    /// Handed to the file up to this position: survives a kill of the process, not a loss of power.
    case written(LogPosition)
    /// Synced up to this position: survives a loss of power.
    case synced(LogPosition)
    /// The disk is full. The writer keeps the chunks, nothing is lost and nothing out of order:
    /// calling `commit([])` later tries again.
    case full(DiskError)
    /// The log is broken for good: the process must be restarted, and what is not durable by now
    /// may be lost.
    case failed(DiskError)
}
