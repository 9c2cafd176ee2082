// What anti-entropy has done, in numbers: each part counts what it does itself.
public import MartletBase

/// Counts of what happened, for metrics and for checks that rare paths were reached.
public struct AntiEntropyCounters: Hashable, Sendable {
    /// Roots compared with another home's, here or there.
    public var comparisons: UInt64 = 0
    /// Those that were not the same.
    public var differences: UInt64 = 0
    /// Leaves that were read since they differed twice.
    public var leavesRead: UInt64 = 0
    /// Objects that another home was found to lack.
    public var objectsFound: UInt64 = 0
    /// Bytes of the messages sent, without the objects.
    public var bytesSent: UInt64 = 0
    /// Times that a partition was proven settled up to a later time.
    public var advances: UInt64 = 0
    /// Work let go since too much waited; the next exchange finds it again.
    public var overflows: UInt64 = 0
    /// The rare branches that were taken.
    public var marks = Marks<AntiEntropyMark>()

    /// All zero.
    public init() {}

    /// Takes in what another part has done.
    mutating func add(_ other: AntiEntropyCounters) {
        comparisons += other.comparisons
        differences += other.differences
        leavesRead += other.leavesRead
        objectsFound += other.objectsFound
        bytesSent += other.bytesSent
        advances += other.advances
        overflows += other.overflows
        marks.formUnion(other.marks)
    }
}
