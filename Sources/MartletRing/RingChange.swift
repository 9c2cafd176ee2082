// From one ring to the next, as transfers: which partitions get which new homes, and how few it
// could have been.
public import MartletBase

/// What changes between two rings of one cluster.
public struct RingChange: Hashable, Sendable {
    /// A partition that gets a home it had not.
    public struct Transfer: Hashable, Sendable {
        /// The partition.
        public let partition: Partition
        /// Its new home.
        public let target: NodeID
        /// Those that have been its homes, any of which may be a source; they may be homes still.
        public let sources: [NodeID]
    }

    /// By ascending partition.
    public let transfers: [Transfer]
    /// How many homes must change at the least for members to hold what they do in the second ring:
    /// each that holds more than it did has got as much.
    public let leastTransfers: Int

    /// What leads from `present` to `next`, which has as many partitions. O(Q · N).
    public init(from present: Topology, to next: Topology) {
        var transfers: [Transfer] = []
        var gained: [NodeID: Int] = [:]
        for partition in next.partitionCount.partitions {
            let homes = present.homes(of: partition)
            for home in next.homes(of: partition) {
                gained[home, default: 0] += 1
                if homes.contains(home) { continue }
                transfers.append(Transfer(partition: partition, target: home, sources: homes))
            }
            for home in homes { gained[home, default: 0] -= 1 }
        }
        self.transfers = transfers
        // any order: a sum.
        leastTransfers = gained.values.reduce(0) { $0 + max(0, $1) }
    }
}
