// Makes the assignments of a cluster, the first and each after another: pure functions from members
// to a topology. The same request gives the same plan on every node and in every build.
public import MartletBase

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
        let members = members.sorted { $0.id < $1.id }
        let epoch: UInt64 = 1
        try Topology.check(
            epoch: epoch, clusterName: clusterName, replicaCount: replicaCount, members: members)
        let rules = Rules(members, replicaCount: replicaCount, partitionCount, held: nil)
        var deal = Deal(
            partitions: partitionCount.value, width: rules.width, zones: rules.zones,
            spread: rules.spread, shares: rules.shares,
            random: SeededRandom(seed: clusterID, stream: "ring.deal"))
        let balance = PrimaryBalance(
            rows: deal.rows, width: rules.width, held: rules.shares.memberTotals)
        deal.order(primaries: balance.primaries)
        let topology = try Topology(
            epoch: epoch, clusterName: clusterName, clusterID: clusterID,
            secret: secret, replicaCount: replicaCount, partitionCount: partitionCount,
            members: members, homeIndexes: deal.rows)
        return Plan(topology: topology, warnings: warnings(topology, zones: rules.zones))
    }

    /// Plans the epoch after `present`: for other members, or the same with other weights, zones or
    /// number of replicas. What is to have other homes moves there from then on (`PartitionMove`);
    /// what moves already may be given other homes again. Members that are missing leave; those of
    /// them that are `gone` are not waited for.
    ///
    /// The plan obeys the rules of a first one, and moves little more than members gain (see
    /// `RingChange`): a home gives a partition up where it has more than its share, is no member
    /// any more, or is of a zone that has too many, and else only as a link of a chain. What one
    /// member gains comes from as many others as have something to give. O(Q · N · log members)
    /// for what stays, O(Q · members) for each home that changes at the worst.
    ///
    /// - Throws: the first rule that the request breaks.
    public static func plan(
        after present: Topology, members: [RingMember], gone: Set<NodeID> = [],
        replicaCount: Int
    ) throws(TopologyError) -> Plan {
        let members = members.map { $0.standing(.stays) }.sorted { $0.id < $1.id }
        let epoch = present.epoch + 1
        try Topology.check(
            epoch: epoch, clusterName: present.clusterName, replicaCount: replicaCount,
            members: members)
        if let back = present.departed.first(where: { id in members.contains { $0.id == id } }) {
            throw .hasDeparted(back)
        }
        let positions = present.members.map { old in
            members.firstIndex { $0.id == old.id }
        }
        let homes = stride(
            from: 0, to: present.homeIndexes.count, by: present.homesPerPartition
        ).map { first in
            present.homeIndexes[first..<first + present.homesPerPartition].compactMap {
                positions[Int($0)]
            }
        }
        var held = [Int](repeating: 0, count: members.count)
        for home in homes.joined() { held[home] += 1 }
        let rules = Rules(members, replicaCount: replicaCount, present.partitionCount, held: held)
        let deal = Redeal(
            present: homes, width: rules.width, zones: rules.zones, spread: rules.spread,
            shares: rules.shares.memberTotals,
            random: SeededRandom(
                seed: present.clusterID ^ StableHash.mix(epoch), stream: "ring.redeal"))
        var rows = deal.rows.map { UInt16($0) }
        let balance = PrimaryBalance(
            rows: rows, width: rules.width, held: deal.counts, keepingFirst: true)
        for (partition, primary) in balance.primaries.enumerated() {
            let row = partition * rules.width..<(partition + 1) * rules.width
            guard let place = rows[row].firstIndex(of: primary) else {
                fatalError("primary \(primary) is no home of partition \(partition)")
            }
            rows.insert(rows.remove(at: place), at: row.lowerBound)
        }
        let topology = try present.following(
            members: members, gone: gone, replicaCount: replicaCount,
            homes: stride(from: 0, to: rows.count, by: rules.width).map { first in
                rows[first..<first + rules.width].map { members[Int($0)].id }
            })
        return Plan(topology: topology, warnings: warnings(topology, zones: rules.zones))
    }

    /// What a request asks of an assignment.
    private struct Rules {
        /// Homes of each partition.
        let width: Int
        let zones: Zones
        let spread: ZoneSpread
        let shares: FairShares

        /// For members that have `held` partitions, where there is a ring already.
        init(
            _ members: [RingMember], replicaCount: Int, _ partitionCount: PartitionCount,
            held: [Int]?
        ) {
            width = min(replicaCount, members.count)
            zones = Zones(members)
            spread = ZoneSpread(homes: width, zoneSizes: zones.members.map(\.count))
            shares = FairShares(
                members: members, zones: zones, spread: spread, partitions: partitionCount.value,
                homes: width, held: held ?? [Int](repeating: 0, count: members.count))
        }
    }

    private static func warnings(_ topology: Topology, zones: Zones) -> [PlanWarning] {
        var warnings: [PlanWarning] = []
        let homes = topology.homesPerPartition
        if homes < topology.replicaCount {
            warnings.append(
                .fewerMembersThanReplicas(
                    members: homes, replicas: topology.replicaCount))
        }
        if zones.count > 1, zones.count < homes {
            warnings.append(.fewerZonesThanHomes(zones: zones.count, homes: homes))
        }
        let rows = RingDescription(topology).rows.filter { !$0.member.isLeaving }
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
