// Where the checkers look at what all that was done has cost.
internal import MartletBase
internal import MartletNode
internal import MartletRing

extension World {
    /// What the requests of the run have cost so far.
    mutating func checkRequestWork() {
        found(
            RequestWorkCheck(
                work: work, reads: statistics.reads,
                versions: history.lineages.reduce(0) { $0 + $1.dots.count },
                nodeCount: nodes.count
            ).run())
    }

    /// What nodes have done for so long that nobody asked anything.
    mutating func checkIdleWork(lasting: Duration) {
        guard let node = nodes.first(where: \.isUp), let topology = node.topology else {
            return
        }
        found(
            IdleWorkCheck(
                work: work, lasting: lasting, nodes: nodes.count, shards: schedule.shardCounts,
                homes: topology.homesPerPartition, partitions: scenario.partitionCount,
                keys: history.keys.count, antiEntropy: schedule.antiEntropy,
                membership: node.process.configuration.membership
            ).run())
    }
}
