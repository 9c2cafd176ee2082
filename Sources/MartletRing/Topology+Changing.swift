// The epochs that follow one: to other homes, back to the former ones, and to the end of moves.
// Pure functions; which of them becomes the next epoch the nodes decide.
public import MartletBase

extension Topology {
    /// The epoch of the members that stay and of `homes`, by partition: whatever gets other homes
    /// than it had moves, and members that are missing leave as soon as nothing moves away from
    /// them any more. O(Q · members · log members).
    func following(
        members staying: [RingMember], gone: Set<NodeID>, replicaCount: Int, homes: [[NodeID]]
    ) throws(TopologyError) -> Topology {
        var moves: [PartitionMove] = []
        for (partition, next) in zip(partitionCount.partitions, homes) {
            let present = view(of: partition)
            // The former homes of a partition that moves already are those that hold all of it.
            let former = present.isMoving ? present.former : present.homes
            if Set(former) == Set(next) { continue }
            let isOn = present.isMoving && Set(present.homes) == Set(next)
            moves.append(
                PartitionMove(
                    partition: partition, former: former,
                    since: isOn ? present.since : epoch + 1))
        }
        return try next(
            staying: staying, gone: gone, replicaCount: replicaCount, homes: homes, moves: moves)
    }

    /// The epoch in which `partitions` have moved: their homes alone are left. Of the members that
    /// leave and are no former home of anything any more those have left that are in `departing`,
    /// or are gone. O(Q · members · log members).
    public func completing(
        _ partitions: Set<Partition>, departing: Set<NodeID> = []
    ) throws(TopologyError) -> Topology {
        try next(
            staying: members.filter { !$0.isLeaving }, departing: departing,
            replicaCount: replicaCount, homes: partitionCount.partitions.map { homes(of: $0) },
            moves: moves.filter { !partitions.contains($0.partition) })
    }

    /// The epoch in which the member `id` goes on with another disk; nothing else changes.
    public func enlisting(_ id: NodeID, disk: UInt64) throws(TopologyError) -> Topology {
        try Topology(
            epoch: epoch + 1, clusterName: clusterName, clusterID: clusterID, secret: secret,
            replicaCount: replicaCount, partitionCount: partitionCount,
            members: members.map { member in
                var member = member
                if member.id == id { member.disk = disk }
                return member
            },
            homeIndexes: homeIndexes, moves: moves, departed: departed)
    }

    /// The members that leave of which no partition moves away any more: they hand on what else
    /// they hold. Those that are gone are not among them, but for moves.
    public var departing: [NodeID] {
        let former = Set(moves.flatMap(\.former))
        return members.filter { $0.isLeaving && !former.contains($0.id) }.map(\.id)
    }

    /// The epoch in which every partition that moves is back at its former homes. They hold all of
    /// it, so that nothing has to move; what has moved before stays where it is. A member that was
    /// to have nothing but what moved to it is none any more.
    ///
    /// - Throws: `cannotGoBack` where partitions have moved to more or fewer homes than the former
    ///   ones were.
    public func cancelled() throws(TopologyError) -> Topology {
        let homes = partitionCount.partitions.map { partition in
            let view = view(of: partition)
            return view.isMoving ? view.former : view.homes
        }
        guard let width = homes.first?.count, homes.allSatisfy({ $0.count == width }) else {
            throw .cannotGoBack
        }
        let needed = Set(homes.joined())
        let targets = Set(moves.flatMap { self.homes(of: $0.partition) })
        let staying = members.filter {
            needed.contains($0.id) || !$0.isLeaving && !targets.contains($0.id)
        }
        // Where there are too few members for it the number of replicas says more than the homes.
        let isShort = width == staying.count && width <= replicaCount
        let replicas = isShort ? replicaCount : width
        return try next(staying: staying, replicaCount: replicas, homes: homes, moves: [])
    }

    /// The epoch after this one, of members that stay, and of others as long as they are needed.
    private func next(
        staying: [RingMember], gone: Set<NodeID> = [], departing: Set<NodeID> = [],
        replicaCount: Int, homes: [[NodeID]], moves: [PartitionMove]
    ) throws(TopologyError) -> Topology {
        let former = Set(moves.flatMap(\.former))
        let names = Set(staying.map(\.id))
        var ring = staying.map { $0.standing(.stays) }
        var departed = departed
        for member in members where !names.contains(member.id) && hasHeld(member) {
            let isGone = member.standing == .isGone || gone.contains(member.id)
            if former.contains(member.id) || !isGone && !departing.contains(member.id) {
                ring.append(member.standing(isGone ? .isGone : .leaves))
            } else {
                departed.append(member.id)
            }
        }
        ring.sort { $0.id < $1.id }
        let positions = Dictionary(
            uniqueKeysWithValues: ring.enumerated().map { ($1.id, UInt16($0)) })
        let indexes = homes.joined().compactMap { positions[$0] }
        return try Topology(
            epoch: epoch + 1, clusterName: clusterName, clusterID: clusterID, secret: secret,
            replicaCount: replicaCount, partitionCount: partitionCount, members: ring,
            homeIndexes: indexes, moves: moves, departed: departed.suffix(Self.departedLimit))
    }

    /// Whether `member` is or was a home that held all of a partition. One that was only about to
    /// be filled may come again.
    private func hasHeld(_ member: RingMember) -> Bool {
        if member.isLeaving { return true }
        return partitionCount.partitions.contains { view(of: $0).readers.contains(member.id) }
    }
}
