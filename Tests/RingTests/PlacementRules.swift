// What every plan promises of placement, first or later.
import MartletBase
import MartletRing
import Testing

enum PlacementRules {
    /// Checks `topology`, which came of `change`.
    static func check(_ topology: Topology, after change: String = "the first plan") throws {
        try checkSpread(topology, change)
        checkShares(topology, change)
    }

    /// Homes are spread over zones as evenly as their sizes permit.
    private static func checkSpread(_ topology: Topology, _ change: String) throws {
        let zones = topology.members.map(\.zone)
        let names = Set(zones).sorted()
        for partition in topology.partitionCount.partitions {
            let homes = try topology.homes(of: partition).map { try #require(topology.member($0)) }
            let counts = names.map { name in homes.count { $0.zone == name } }
            let most = counts.max() ?? 0
            for (name, count) in zip(names, counts) where count < most - 1 {
                #expect(
                    zones.count { $0 == name } == count,
                    "\(change): partition \(partition): \(counts)")
            }
            if names.count >= homes.count {
                #expect(most == 1, "\(change): partition \(partition): \(counts)")
            }
        }
    }

    /// Each member leads the Nth part of what it holds, within one; within a zone what members hold
    /// follows their weights, whatever the other zones do.
    private static func checkShares(_ topology: Topology, _ change: String) {
        let rows = RingDescription(topology).rows
        for row in rows {
            let fair = Double(row.homeCount) / Double(topology.homesPerPartition)
            #expect(abs(Double(row.primaryCount) - fair) < 1, "\(change): \(row)")
        }
        for left in rows {
            for right in rows
            where left.member.zone == right.member.zone
                && right.homeCount < topology.partitionCount.value
            {
                let leftLevel = Double(left.homeCount - 1) / Double(left.member.weight)
                let rightLevel = Double(right.homeCount + 1) / Double(right.member.weight)
                #expect(leftLevel < rightLevel, "\(change): \(left) \(right)")
            }
        }
    }
}
