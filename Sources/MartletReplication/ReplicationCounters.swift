// What replication has done, in numbers.

/// Counts of what happened, for metrics and for checks that rare paths were reached.
package struct ReplicationCounters: Hashable, Sendable {
    /// Requests of this node's clients, and those that others forwarded here.
    package var requests: UInt64 = 0
    /// Answers that were errors.
    package var failures: UInt64 = 0
    /// Requests handed on to a home replica.
    package var forwards: UInt64 = 0
    /// Replicas asked because another was slow.
    package var hedges: UInt64 = 0
    /// Writes that a fallback was asked to hold.
    package var standIns: UInt64 = 0
    /// Hints made here, as a copy or as a mark; one that is renewed is not made again.
    package var hintsKept: UInt64 = 0
    /// Hints that their homes have acknowledged, and that were forgotten here.
    package var hintsDelivered: UInt64 = 0
    /// Replicas, this one included, that a read found to be behind and repaired.
    package var repairs: UInt64 = 0
    /// Objects sent to other homes, since an exchange found that they lack them.
    package var pushes: UInt64 = 0
    /// Objects of deleted and expired keys that were removed, settled everywhere.
    package var removals: UInt64 = 0
    /// Ranges of which the storage has found that what it held is lost.
    package var damagedRanges: UInt64 = 0

    /// All zero.
    package init() {}
}
