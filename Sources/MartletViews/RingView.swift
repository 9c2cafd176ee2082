// What MARTLET.RING says: the ring and its members. Ids and hashes are sixteen hexadecimal digits.
// Everything is in an order that every node agrees on.
package import MartletBase
package import MartletNode

internal import MartletAntiEntropy
internal import MartletMembership
internal import MartletRing
internal import MartletVersions
internal import MartletWire

/// The ring and its members, as one node sees them.
package struct RingView: Codable, Hashable, Sendable {
    /// One member's part in the ring.
    package struct Member: Codable, Hashable, Sendable {
        /// Its identity.
        package var id: String
        /// Its name.
        package var name: String
        /// Its failure domain; may be empty.
        package var zone: String
        /// Its share relative to others'.
        package var weight: UInt32
        /// `alive`, `suspect`, `unreachable`, or `unknown` for a node that only the ring names.
        package var state: String
        /// Where nodes reach it; nil when unknown.
        package var peer: String?
        /// Where clients reach it; nil when unknown.
        package var client: String?
        /// Partitions that it is a home of.
        package var partitionsAsHome: Int
        /// Partitions that it is the first home of.
        package var partitionsAsPrimary: Int
        /// Its part of all homes, in percent.
        package var share: Double
        /// Whether the ring names it.
        package var inRing: Bool
        /// Whether it is a member only until what it was a home of has moved away.
        package var leaving: Bool
        /// Partitions that move to it.
        package var coming: Int
        /// Partitions that move away from it.
        package var going: Int
    }

    /// The homes of one partition.
    package struct Homes: Codable, Hashable, Sendable {
        /// The partition's number.
        package var partition: Int
        /// Its first slot.
        package var firstSlot: Int
        /// Its last slot.
        package var lastSlot: Int
        /// The names of its homes, primary first: those to which it moves, where it does.
        package var homes: [String]
        /// The names of its homes before it began to move; nil where it does not.
        package var from: [String]?
        /// The epoch that gave it the homes to which it moves; nil where it does not.
        package var since: UInt64?
        /// How long ago everything older was proven to be the same on all homes, in milliseconds;
        /// nil where nothing is, and where the node asked is no home.
        package var settledAge: UInt64?
    }

    /// What one shard knows of watermarks.
    package struct Watermarks: Sendable {
        let ages: WatermarkAges
        /// In milliseconds, partition by partition: 0 where nothing is proven, or another shard
        /// knows; empty where that is not asked for.
        private let all: [UInt64]

        /// Those that `core` knows.
        package init(_ core: NodeCore, includesHomes: Bool, at now: Moment) {
            ages = core.watermarkAges(at: now.wall)
            let partitions = core.topology.map { $0.partitionCount.partitions }
            all =
                includesHomes
                ? partitions?.map { core.watermark(of: $0).wall.milliseconds } ?? [] : []
        }

        func milliseconds(_ partition: Partition) -> UInt64 {
            partition.index < all.count ? all[Int(partition.index)] : 0
        }
    }

    /// The cluster's name.
    package var cluster: String
    /// The ring's epoch; 0 before the cluster is created.
    package var epoch: UInt64
    /// The cluster's identity; nil before it is created.
    package var clusterID: String?
    /// How many homes a partition should have; 0 before the cluster is created.
    package var n: Int
    /// How many partitions there are; 0 before the cluster is created.
    package var partitions: Int
    /// How many of them move.
    package var moving: Int
    /// Everyone that the ring names or the node knows, by name.
    package var members: [Member]
    /// The ring's hash: equal on all nodes that have the same one. Nil before there is one.
    package var topologyDigest: String?
    /// What an operator should look at.
    package var warnings: [String]
    /// Every partition; nil unless asked for.
    package var homes: [Homes]?
    /// The watermarks of the node that was asked; nil before the cluster is created.
    package var settled: SettledView?
}

// MARK: From a core

extension RingView {
    /// The ring and members that `core` knows, with what all shards of the node say of watermarks;
    /// there is one at least.
    package init(
        _ core: NodeCore, watermarks: [Watermarks], includesHomes: Bool, at now: Moment
    ) {
        let topology = core.topology
        let rows = topology.map { RingDescription($0).rows } ?? []
        let moves = topology.map { MoveCounts($0) }
        var members = rows.map { row in
            Member(row.member, known: core.member(row.member.id), row: row, moves: moves)
        }
        for member in core.members where topology?.member(member.id) == nil {
            let ring = RingMember(
                id: member.id, name: member.name, zone: member.zone, weight: member.weight)
            members.append(Member(ring, known: member, row: nil, moves: nil))
        }
        members.sort { ($0.name, $0.id) < ($1.name, $1.id) }
        cluster = core.identity.clusterName
        epoch = topology?.epoch ?? 0
        clusterID = topology.map { hexadecimal($0.clusterID) }
        n = topology?.replicaCount ?? 0
        partitions = topology?.partitionCount.value ?? 0
        moving = topology?.moves.count ?? 0
        topologyDigest = topology.map { hexadecimal($0.digest) }
        warnings = Self.warnings(topology, members) + Self.oddClocks(core)
        var ages = watermarks[0].ages
        for more in watermarks.dropFirst() { ages.join(more.ages) }
        settled = topology.map { _ in SettledView(ages) }
        homes = includesHomes ? topology.map { Self.homes($0, watermarks, at: now.wall) } : nil
        self.members = members
    }

    private static func warnings(_ topology: Topology?, _ members: [Member]) -> [String] {
        guard let topology else { return ["the cluster is not created yet"] }
        var warnings: [String] = []
        if topology.members.count < topology.replicaCount {
            warnings.append(
                PlanWarning.fewerMembersThanReplicas(
                    members: topology.members.count, replicas: topology.replicaCount
                ).description)
        }
        for member in members {
            if !member.inRing {
                let hasLeft = topology.departed.contains { $0.description == member.id }
                warnings.append(
                    hasLeft
                        ? "\(member.name) has left the ring: stop it, and forget it "
                            + "('martlet members forget \(member.name)')"
                        : "\(member.name) is a member, but not of the ring: it holds no data "
                            + "until it joins ('martlet cluster join \(member.name)')")
            } else if member.state != "\(MemberState.alive)" {
                warnings.append("\(member.name) is \(member.state)")
            }
        }
        return warnings
    }

    private static func oddClocks(_ core: NodeCore) -> [String] {
        var warnings = core.members.filter { core.clocks.isOdd($0.id) }.map { member in
            let ahead = TimeText.ahead(core.clocks.ahead(of: member.id) ?? 0)
            return "the wall clock of \(member.name) is \(ahead) the others': set it right"
        }
        if case .odd(let ahead) = core.clocks.standing {
            warnings.append(
                "the wall clock of \(core.identity.name), which says this, is "
                    + "\(TimeText.ahead(ahead)) the others': set it right")
        }
        return warnings
    }

    private static func homes(
        _ topology: Topology, _ watermarks: [Watermarks], at wall: WallTime
    ) -> [Homes] {
        topology.partitionCount.partitions.map { partition in
            let slots = topology.partitionCount.slots(of: partition)
            let settled = watermarks.map { $0.milliseconds(partition) }.max() ?? 0
            let view = topology.view(of: partition)
            let name = { (id: NodeID) in topology.member(id)?.name ?? id.description }
            return Homes(
                partition: Int(partition.index), firstSlot: Int(slots.lowerBound.index),
                lastSlot: Int(slots.upperBound.index), homes: view.homes.map(name),
                from: view.isMoving ? view.former.map(name) : nil,
                since: view.isMoving ? view.since : nil,
                settledAge: settled > 0
                    ? wall.milliseconds - min(wall.milliseconds, settled) : nil)
        }
    }
}

extension RingView.Member {
    /// A node of the ring, or one that is only known when it has no share.
    fileprivate init(
        _ ring: RingMember, known: Member?, row: RingDescription.Row?, moves: MoveCounts?
    ) {
        id = ring.id.description
        name = ring.name
        zone = ring.zone
        weight = ring.weight
        state = known.map { "\($0.state)" } ?? "unknown"
        peer = known?.peerEndpoint.description
        client = known?.clientEndpoint.description
        partitionsAsHome = row?.homeCount ?? 0
        partitionsAsPrimary = row?.primaryCount ?? 0
        share = row?.sharePercent ?? 0
        inRing = row != nil
        leaving = ring.isLeaving
        coming = moves?.coming[ring.id] ?? 0
        going = moves?.going[ring.id] ?? 0
    }
}

/// How many partitions move to each member of a ring, and away from it.
private struct MoveCounts {
    var coming: [NodeID: Int] = [:]
    var going: [NodeID: Int] = [:]

    /// O(moves · N).
    init(_ topology: Topology) {
        for move in topology.moves {
            let homes = topology.homes(of: move.partition)
            for home in homes where !move.former.contains(home) { coming[home, default: 0] += 1 }
            for home in move.former where !homes.contains(home) { going[home, default: 0] += 1 }
        }
    }
}

/// Sixteen digits.
private func hexadecimal(_ value: UInt64) -> String {
    NodeID(rawValue: value).description
}
