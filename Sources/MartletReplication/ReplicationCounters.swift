// What replication has done, in numbers.
public import MartletBase

/// Counts of what happened, for metrics and for checks that rare paths were reached.
public struct ReplicationCounters: Hashable, Sendable {
    /// Requests of this node's clients, and those that others forwarded here.
    public var requests: UInt64 = 0
    /// Answers that were errors.
    public var failures: UInt64 = 0
    /// Requests handed on to a home replica.
    public var forwards: UInt64 = 0
    /// Replicas asked because another was slow.
    public var hedges: UInt64 = 0
    /// Writes that a fallback was asked to hold.
    public var standIns: UInt64 = 0
    /// Hints made here, as a copy or as a mark; one that is renewed is not made again.
    public var hintsKept: UInt64 = 0
    /// Hints that their homes have acknowledged, and that were forgotten here.
    public var hintsDelivered: UInt64 = 0
    /// Replicas, this one included, that a read found to be behind and repaired.
    public var repairs: UInt64 = 0
    /// Objects sent to other homes, since an exchange found that they lack them.
    public var pushes: UInt64 = 0
    /// Objects of deleted and expired keys that were removed, settled everywhere.
    public var removals: UInt64 = 0
    /// Ranges of which the storage has found that what it held is lost.
    public var damagedRanges: UInt64 = 0
    /// The rare branches that were taken.
    public var marks = Marks<ReplicationMark>()

    /// All zero.
    public init() {}
}
