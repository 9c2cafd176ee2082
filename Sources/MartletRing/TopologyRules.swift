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
        guard members.contains(where: { !$0.isLeaving }) else { throw .noMembers }
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
        members: [RingMember]
    ) throws(TopologyError) {
        let expected = partitionCount.value * homesPerPartition
        guard homeIndexes.count == expected else {
            throw .homeCount(expected: expected, found: homeIndexes.count)
        }
        for partition in partitionCount.partitions {
            let first = Int(partition.index) * homesPerPartition
            for position in first..<first + homesPerPartition {
                let home = Int(homeIndexes[position])
                guard home < members.count else { throw .homeIsNoMember(partition) }
                if members[home].isLeaving { throw .homeLeaves(partition) }
                if homeIndexes[first..<position].contains(homeIndexes[position]) {
                    throw .homeRepeated(partition)
                }
            }
        }
    }

    /// The rules of moves: each partition once, in order; former homes that are members and
    /// distinct, not the very homes; begun no later than this epoch.
    func checkMoves() throws(TopologyError) {
        guard departed.count <= Self.departedLimit else {
            throw .tooManyDeparted(departed.count)
        }
        for (left, right) in zip(moves, moves.dropFirst()) where left.partition >= right.partition {
            throw .movesNotSorted
        }
        for move in moves {
            let partition = move.partition
            guard Int(partition.index) < partitionCount.value,
                (1...Self.replicaCountLimit).contains(move.former.count),
                (1...epoch).contains(move.since)
            else { throw .moveOutOfBounds(partition) }
            guard move.former.allSatisfy({ member($0) != nil }) else {
                throw .homeIsNoMember(partition)
            }
            let former = Set(move.former)
            guard former.count == move.former.count else { throw .homeRepeated(partition) }
            if former == Set(homes(of: partition)) { throw .moveChangesNothing(partition) }
        }
        if let back = departed.first(where: { member($0) != nil }) { throw .hasDeparted(back) }
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
                partitionCount: partitionCount, members: members)
            try checkMoves()
        } catch {
            invariant(false, "topology of epoch \(epoch): \(error)")
        }
        let leaving = Set(members.filter(\.isLeaving).map(\.id))
        for partition in partitionCount.partitions {
            let order = preferenceOrder(of: partition)
            let view = view(of: partition)
            let others = leaving.union(view.former).subtracting(view.homes)
            let most = homesPerPartition + Topology.fallbackLimit
            invariant(
                order.count <= min(members.count - others.count, most)
                    && order.count >= min(members.count, most) - others.count
                    && Set(order).count == order.count && others.isDisjoint(with: order)
                    && order.starts(with: view.homes),
                "preference order \(order) of partition \(partition)")
        }
        invariant(digest == computedDigest(), "digest \(digest) of epoch \(epoch)")
    }
}
