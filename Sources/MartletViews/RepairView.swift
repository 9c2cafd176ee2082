// What MARTLET.REPAIR says: what anti-entropy does at one node.
package import MartletNode

internal import MartletAntiEntropy
internal import MartletReplication
internal import MartletStorage

/// What anti-entropy has done at one node since it started, and what it is busy with.
package struct RepairView: Codable, Hashable, Sendable {
    /// The node's name.
    package var node: String
    /// Partitions that this command has it compare; 0 where it merely asked.
    package var begun: Int
    /// Partitions that wait to be compared on demand.
    package var waiting: Int
    /// Comparisons and differences being followed, on demand or by schedule.
    package var underWay: Int
    /// Objects on their way to other homes.
    package var pushing: Int
    /// Homes that cannot be reached and so are not compared with, by name.
    package var away: [String]
    /// Roots compared with another home's.
    package var comparisons: UInt64
    /// Those that were not the same.
    package var differences: UInt64
    /// Leaves read since they differed twice.
    package var leavesRead: UInt64
    /// Objects that other homes were found to lack.
    package var objectsFound: UInt64
    /// Objects sent to them.
    package var pushes: UInt64
    /// Deleted and expired objects removed, settled everywhere.
    package var removals: UInt64
    /// Bytes of comparisons sent, without the objects.
    package var bytesSent: UInt64
    /// Times that a partition was proven settled up to a later time.
    package var advances: UInt64
    /// Work let go since too much waited; the next exchange finds it again.
    package var overflows: UInt64
    /// Merkle trees made from a scan.
    package var treesBuilt: UInt64
    /// Merkle trees that were not what a scan showed.
    package var treesMended: UInt64
    /// Bytes of the Merkle trees in memory.
    package var treeBytes: Int
}

extension RepairView {
    /// What anti-entropy does at the shard that `core` is; `away` are homes of `partitions`, or of
    /// any of its own.
    package init(_ core: NodeCore, of partitions: [UInt16]? = nil) {
        let names = NodeNames(core)
        let counters = core.antiEntropyCounters
        let activity = core.exchangeActivity
        node = core.identity.name
        begun = 0
        waiting = activity.waiting
        underWay = activity.underWay
        pushing = core.pushCount
        away = core.away(from: partitions).map { names.name(of: $0) }.sorted()
        comparisons = counters.comparisons
        differences = counters.differences
        leavesRead = counters.leavesRead
        objectsFound = counters.objectsFound
        pushes = core.counters.pushes
        removals = core.counters.removals
        bytesSent = counters.bytesSent
        advances = counters.advances
        overflows = counters.overflows
        treesBuilt = core.engine.counters.treeBuilds
        treesMended = core.engine.counters.mendedTrees
        treeBytes = core.engine.treeBytes
    }

    /// Takes in what anti-entropy does at another shard of the node.
    package mutating func join(_ other: RepairView) {
        begun += other.begun
        waiting += other.waiting
        underWay += other.underWay
        pushing += other.pushing
        away = Set(away).union(other.away).sorted()
        comparisons += other.comparisons
        differences += other.differences
        leavesRead += other.leavesRead
        objectsFound += other.objectsFound
        pushes += other.pushes
        removals += other.removals
        bytesSent += other.bytesSent
        advances += other.advances
        overflows += other.overflows
        treesBuilt += other.treesBuilt
        treesMended += other.treesMended
        treeBytes += other.treeBytes
    }
}
