// What MARTLET.CLUSTER PLAN says: what the staged changes come to, before anything moves. What is
// not known, such as bytes, is left out.
package import MartletNode

internal import MartletBase
internal import MartletMembership
internal import MartletRing
internal import MartletWire

/// The ring that would follow the present one, and what an operator must know before committing it.
package struct PlanView: Codable, Hashable, Sendable {
    /// One node's part, before and after.
    package struct Node: Codable, Hashable, Sendable {
        /// Its name.
        package var name: String
        /// Its state, as the node asked believes it.
        package var state: String
        /// Whether it joins.
        package var joins: Bool
        /// Whether it leaves.
        package var leaves: Bool
        /// Partitions that it is a home of now.
        package var before: Int
        /// Partitions that it is to be a home of.
        package var after: Int
        /// Those that it is a home of afterwards alone.
        package var gained: Int
        /// Those that it is a home of before alone.
        package var lost: Int
        /// Its part of all homes afterwards, in percent.
        package var share: Double
    }

    /// A node and a number of partitions.
    package struct Part: Codable, Hashable, Sendable {
        /// The node's name.
        package var node: String
        /// How many partitions.
        package var partitions: Int
    }

    /// What one node gains.
    package struct Gain: Codable, Hashable, Sendable {
        /// The node's name.
        package var node: String
        /// How many partitions it is filled with.
        package var partitions: Int
        /// Whose places it takes; fewer than `partitions` where partitions get more homes.
        package var places: [Part]
        /// Who can fill it, and with how many of the partitions: any home holds all of one.
        package var sources: [Part]
    }

    /// How many of the worst partition's homes may be down while writes still find a majority of
    /// them, with those down that are so now; negative where they find none already.
    package struct Tolerance: Codable, Hashable, Sendable {
        /// In the present ring.
        package var before: Int
        /// While partitions move: a majority of the homes before and of those afterwards.
        package var during: Int
        /// Once nothing moves any more.
        package var after: Int
    }

    /// The staged changes, in words.
    package var changes: [String]
    /// The epoch of the present ring.
    package var epoch: UInt64
    /// The epoch that a commit makes: what to name there.
    package var nextEpoch: UInt64
    /// How many homes each partition has now.
    package var replicas: Int
    /// How many it is to have.
    package var nextReplicas: Int
    /// How many partitions there are.
    package var partitions: Int
    /// How many of them move, with those that move already.
    package var moving: Int
    /// Every node of either ring, by name.
    package var nodes: [Node]
    /// Who gains partitions, by name.
    package var gains: [Gain]
    /// Partitions that are copied to a node that does not hold all of it.
    package var transfers: Int
    /// How few could be, for nodes to be home to as many partitions.
    package var leastTransfers: Int
    /// Failures that are survived.
    package var tolerance: Tolerance
    /// What an operator should look at.
    package var warnings: [String]
}

extension PlanView {
    /// What `proposal` comes to, as the node that `core` is sees it.
    package init(_ proposal: RingProposal, core: NodeCore) {
        let (present, next) = (proposal.present, proposal.plan.topology)
        let change = RingChange(from: present, to: next)
        // Who was a home before a move that goes on holds all of the partition already.
        let copies = change.transfers.filter {
            next.view(of: $0.partition).filling.contains($0.target)
        }
        let isUp = { (id: NodeID) in
            core.member(id).map { $0.state != .unreachable && $0.state != .forgotten } ?? false
        }
        changes = proposal.changes.map(\.description)
        epoch = present.epoch
        nextEpoch = next.epoch
        replicas = present.homesPerPartition
        nextReplicas = next.homesPerPartition
        partitions = next.partitionCount.value
        moving = next.moves.count
        nodes = Self.nodes(present, next, change, core)
        gains = Self.gains(present, next, copies)
        transfers = copies.count
        leastTransfers = change.leastTransfers
        let views = next.partitionCount.partitions.map { next.view(of: $0) }
        tolerance = Tolerance(
            before: present.partitionCount.partitions.map {
                Self.spare(present.view(of: $0), isUp)
            }.min() ?? 0,
            during: views.map { Self.spare($0, isUp) }.min() ?? 0,
            after: views.map { Self.spare($0.homes, isUp) }.min() ?? 0)
        warnings = proposal.plan.warnings.map(\.description)
        warnings += Self.warnings(next, views, isUp)
    }

    private static func nodes(
        _ present: Topology, _ next: Topology, _ change: RingChange, _ core: NodeCore
    ) -> [Node] {
        let before = rows(present)
        let after = rows(next)
        var gained: [NodeID: Int] = [:]
        for transfer in change.transfers { gained[transfer.target, default: 0] += 1 }
        let ids = Set(before.keys).union(after.keys)
        return ids.compactMap { id in
            guard let row = after[id] ?? before[id] else { return nil }
            let (old, new) = (before[id]?.homeCount ?? 0, after[id]?.homeCount ?? 0)
            let gain = gained[id] ?? 0
            let stays = after[id].map { !$0.member.isLeaving } ?? false
            return Node(
                name: row.member.name, state: core.member(id).map { "\($0.state)" } ?? "unknown",
                joins: before[id] == nil, leaves: !stays, before: old, after: new, gained: gain,
                lost: old + gain - new, share: stays ? row.sharePercent : 0)
        }.sorted { $0.name < $1.name }
    }

    private static func rows(_ topology: Topology) -> [NodeID: RingDescription.Row] {
        Dictionary(
            uniqueKeysWithValues: RingDescription(topology).rows.map { ($0.member.id, $0) })
    }

    private static func gains(
        _ present: Topology, _ next: Topology, _ copies: [RingChange.Transfer]
    ) -> [Gain] {
        var counts: [NodeID: Int] = [:]
        var places: [NodeID: [NodeID: Int]] = [:]
        var sources: [NodeID: [NodeID: Int]] = [:]
        var partition = Partition?.none
        var free: ArraySlice<NodeID> = []
        for transfer in copies {
            let view = next.view(of: transfer.partition)
            if transfer.partition != partition {
                partition = transfer.partition
                free =
                    present.homes(of: transfer.partition)
                    .filter { !view.homes.contains($0) }[...]
            }
            counts[transfer.target, default: 0] += 1
            if let place = free.popFirst() {
                places[transfer.target, default: [:]][place, default: 0] += 1
            }
            for source in view.former {
                sources[transfer.target, default: [:]][source, default: 0] += 1
            }
        }
        let name = { (id: NodeID) in
            next.member(id)?.name ?? present.member(id)?.name ?? id.description
        }
        let parts = { (counts: [NodeID: Int]) in
            counts.map { Part(node: name($0), partitions: $1) }.sorted { $0.node < $1.node }
        }
        return counts.map { target, count in
            Gain(
                node: name(target), partitions: count, places: parts(places[target] ?? [:]),
                sources: parts(sources[target] ?? [:]))
        }.sorted { $0.node < $1.node }
    }

    /// How many more of `homes` may go down until no majority is left; negative where none is.
    private static func spare(_ homes: [NodeID], _ isUp: (NodeID) -> Bool) -> Int {
        homes.count(where: isUp) - (homes.count / 2 + 1)
    }

    private static func spare(_ view: PartitionView, _ isUp: (NodeID) -> Bool) -> Int {
        view.isMoving
            ? min(spare(view.homes, isUp), spare(view.former, isUp)) : spare(view.homes, isUp)
    }

    private static func warnings(
        _ next: Topology, _ views: [PartitionView], _ isUp: (NodeID) -> Bool
    ) -> [String] {
        var warnings: [String] = []
        for member in next.members where !isUp(member.id) {
            warnings.append(
                member.isLeaving
                    ? "\(member.name) does not answer: what it held is copied from the other homes"
                    : "\(member.name) does not answer: what moves to it waits until it does")
        }
        let stuck = views.count { $0.isMoving && spare($0.former, isUp) < 0 }
        if stuck > 0 {
            warnings.append(
                "\(stuck) of the partitions that move have no majority of homes that answers: "
                    + "they wait until there is one")
        }
        return warnings
    }
}
