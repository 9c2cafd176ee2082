// What anti-entropy has done, in numbers.

/// Counts of what happened, for metrics and for checks that rare paths were reached.
package struct AntiEntropyCounters: Hashable, Sendable {
    /// Roots compared with another home's, here or there.
    package var comparisons: UInt64 = 0
    /// Those that were not the same.
    package var differences: UInt64 = 0
    /// Leaves that were read since they differed twice.
    package var leavesRead: UInt64 = 0
    /// Objects that another home was found to lack.
    package var objectsFound: UInt64 = 0
    /// Bytes of the messages sent, without the objects.
    package var bytesSent: UInt64 = 0
    /// Times that a partition was proven settled up to a later time.
    package var advances: UInt64 = 0
    /// Trees made from a scan.
    package var treesBuilt: UInt64 = 0
    /// Trees that were not what a scan showed.
    package var treesMended: UInt64 = 0
    /// Work let go since too much waited; the next exchange finds it again.
    package var overflows: UInt64 = 0

    /// All zero.
    package init() {}
}
