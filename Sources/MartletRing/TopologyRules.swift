// What every topology must satisfy, checked where one is made: by the planner, by hand, or from
// bytes.
internal import MartletBase

extension Topology {
    /// The rules that do not concern placement.
    static func check(
        epoch: UInt64, clusterName: String, replicaCount: Int, members: [RingMember]
    ) throws(TopologyError) {
        guard epoch > 0 else { throw .epochIsZero }
        guard (1...RingMember.textLimitBytes).contains(clusterName.utf8.count) else {
            throw .clusterNameLength(bytes: clusterName.utf8.count)
        }
        guard (1...replicaCountLimit).contains(replicaCount) else {
            throw .replicaCountOutOfRange(replicaCount)
        }
        guard !members.isEmpty else { throw .noMembers }
        guard members.count <= memberLimit else { throw .tooManyMembers(members.count) }
        for member in members { try check(member) }
        for (left, right) in zip(members, members.dropFirst()) where left.id >= right.id {
            throw left.id == right.id ? .duplicateID(left.id) : .membersNotSorted
        }
        let names = members.map(\.name).sorted()
        for (left, right) in zip(names, names.dropFirst()) where left == right {
            throw .duplicateName(left)
        }
    }

    private static func check(_ member: RingMember) throws(TopologyError) {
        guard (1...RingMember.textLimitBytes).contains(member.name.utf8.count) else {
            throw .memberNameLength(member.id, bytes: member.name.utf8.count)
        }
        guard member.zone.utf8.count <= RingMember.textLimitBytes else {
            throw .memberZoneLength(member.id, bytes: member.zone.utf8.count)
        }
        guard member.weight > 0 else { throw .weightIsZero(member.id) }
    }

    /// The rules of placement: every partition has its homes, all distinct, all members.
    static func check(
        homeIndexes: [UInt16], homesPerPartition: Int, partitionCount: PartitionCount,
        memberCount: Int
    ) throws(TopologyError) {
        let expected = partitionCount.value * homesPerPartition
        guard homeIndexes.count == expected else {
            throw .homeCount(expected: expected, found: homeIndexes.count)
        }
        for partition in partitionCount.partitions {
            let first = Int(partition.index) * homesPerPartition
            for position in first..<first + homesPerPartition {
                guard Int(homeIndexes[position]) < memberCount else {
                    throw .homeIsNoMember(partition)
                }
                if homeIndexes[first..<position].contains(homeIndexes[position]) {
                    throw .homeRepeated(partition)
                }
            }
        }
    }

    /// Traps when the value breaks a rule of topologies or its tables disagree with it; for tests
    /// and for the moment before a topology is adopted. O(Q · N).
    public func checkInvariants() {
        do throws(TopologyError) {
            try Topology.check(
                epoch: epoch, clusterName: clusterName, replicaCount: replicaCount, members: members
            )
            try Topology.check(
                homeIndexes: homeIndexes, homesPerPartition: homesPerPartition,
                partitionCount: partitionCount, memberCount: members.count)
        } catch {
            invariant(false, "topology of epoch \(epoch): \(error)")
        }
        let listed = min(members.count, homesPerPartition + Topology.fallbackLimit)
        for partition in partitionCount.partitions {
            let order = preferenceOrder(of: partition)
            invariant(
                order.count == listed && Set(order).count == listed
                    && order.starts(with: homes(of: partition)),
                "preference order \(order) of partition \(partition)")
        }
        invariant(digest == computedDigest(), "digest \(digest) of epoch \(epoch)")
    }
}
