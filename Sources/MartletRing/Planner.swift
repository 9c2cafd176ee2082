// Makes the first assignment of a cluster: a pure function from members to a topology. The same
// request gives the same plan on every node and in every build.
internal import MartletBase

/// A topology that obeys every rule, and what an operator should know before committing it.
public struct Plan: Sendable {
    /// What to commit.
    public let topology: Topology
    /// Where the request could not be met in full, most serious first.
    public let warnings: [PlanWarning]
}

/// A wish of the request that the members at hand cannot fulfil.
public enum PlanWarning: Hashable, Sendable, CustomStringConvertible {
    /// Fewer members than the replica count: each partition has all of them as homes, and no
    /// fallback.
    case fewerMembersThanReplicas(members: Int, replicas: Int)
    /// Zones were named, but fewer than homes: losing one loses several homes of a partition.
    case fewerZonesThanHomes(zones: Int, homes: Int)
    /// The rules of distinct homes and spread zones keep this member off its weight's share, by a
    /// partition or more.
    case shareOffWeight(member: String, partitions: Int, byWeight: Double)
    /// The member is home to nothing: its weight is too small for the number of partitions.
    case memberWithoutPartitions(member: String)

    /// One line for an operator.
    public var description: String {
        switch self {
        case .fewerMembersThanReplicas(let members, let replicas):
            "\(members) members for \(replicas) replicas: each partition has \(members) homes"
        case .fewerZonesThanHomes(let zones, let homes):
            "\(zones) zones for \(homes) homes: losing a zone loses several homes of a partition"
        case .shareOffWeight(let member, let partitions, let byWeight):
            "\(member) is home to \(partitions) partitions, not the "
                + "\(Int(byWeight + 0.5)) of its weight: homes must be distinct and spread "
                + "over zones"
        case .memberWithoutPartitions(let member):
            "\(member) is home to no partition: its weight is too small"
        }
    }
}

/// Plans assignments (Dynamo §6.2, strategy 3; weights and zones as in §4.2 and §4.6).
public enum Planner {
    /// Plans the first epoch of a cluster.
    ///
    /// Each partition gets `replicaCount` distinct homes, or all members where there are fewer, in
    /// as many zones as there are, and otherwise as evenly over zones as their sizes permit. Within
    /// that each member's number of partitions is within one of its weight's share, and so is the
    /// number that it is primary of. The order of `members` does not matter. O(Q · members · log
    /// members): some 10 ms for a hundred members and 1024 partitions.
    ///
    /// - Throws: the first rule that the request breaks.
    public static func plan(
        members: [RingMember], replicaCount: Int, partitionCount: PartitionCount = .standard,
        clusterName: String, clusterID: UInt64, secret: ClusterSecret
    ) throws(TopologyError) -> Plan {
        let epoch: UInt64 = 1
        let members = members.sorted { $0.id < $1.id }
        try Topology.check(
            epoch: epoch, clusterName: clusterName, replicaCount: replicaCount, members: members)
        let homes = min(replicaCount, members.count)
        let partitions = partitionCount.value
        let zones = Zones(members)
        let spread = ZoneSpread(homes: homes, zoneSizes: zones.members.map(\.count))
        let shares = FairShares(
            members: members, zones: zones, spread: spread, partitions: partitions, homes: homes)
        var deal = Deal(
            partitions: partitions, width: homes, zones: zones, spread: spread, shares: shares,
            random: SeededRandom(seed: clusterID, stream: "ring.deal"))
        let balance = PrimaryBalance(rows: deal.rows, width: homes, held: shares.memberTotals)
        deal.order(primaries: balance.primaries)
        let topology = try Topology(
            epoch: epoch, clusterName: clusterName, clusterID: clusterID,
            secret: secret, replicaCount: replicaCount, partitionCount: partitionCount,
            members: members, homeIndexes: deal.rows)
        return Plan(topology: topology, warnings: warnings(topology, zones: zones))
    }

    private static func warnings(_ topology: Topology, zones: Zones) -> [PlanWarning] {
        var warnings: [PlanWarning] = []
        let homes = topology.homesPerPartition
        if homes < topology.replicaCount {
            warnings.append(
                .fewerMembersThanReplicas(
                    members: topology.members.count, replicas: topology.replicaCount))
        }
        if zones.count > 1, zones.count < homes {
            warnings.append(.fewerZonesThanHomes(zones: zones.count, homes: homes))
        }
        let rows = RingDescription(topology).rows
        for row in rows where abs(Double(row.homeCount) - row.homeCountByWeight) >= 1 {
            warnings.append(
                .shareOffWeight(
                    member: row.member.name, partitions: row.homeCount,
                    byWeight: row.homeCountByWeight))
        }
        for row in rows where row.homeCount == 0 {
            warnings.append(.memberWithoutPartitions(member: row.member.name))
        }
        return warnings
    }
}
