// The views of a node, made from its core. Everything is in an order that every node agrees on.
internal import MartletBase
internal import MartletMembership
internal import MartletNode
internal import MartletReplication
internal import MartletRing
internal import MartletStorage
internal import MartletVersions
internal import MartletWire

extension RingView {
    /// The ring and members that `core` knows.
    init(_ core: NodeCore, includesHomes: Bool, at now: Moment) {
        let topology = core.topology
        let rows = topology.map { RingDescription($0).rows } ?? []
        var members = rows.map { row in
            Member(
                row.member, known: core.member(row.member.id), homes: row.homeCount,
                primaries: row.primaryCount, share: row.sharePercent)
        }
        for member in core.members where topology?.member(member.id) == nil {
            let ring = RingMember(
                id: member.id, name: member.name, zone: member.zone, weight: member.weight)
            members.append(Member(ring, known: member, homes: 0, primaries: 0, share: nil))
        }
        members.sort { ($0.name, $0.id) < ($1.name, $1.id) }
        cluster = core.identity.clusterName
        epoch = topology?.epoch ?? 0
        clusterID = topology.map { hexadecimal($0.clusterID) }
        n = topology?.replicaCount ?? 0
        partitions = topology?.partitionCount.value ?? 0
        topologyDigest = topology.map { hexadecimal($0.digest) }
        warnings = Self.warnings(topology, members) + Self.oddClocks(core)
        homes = includesHomes ? topology.map { Self.homes($0, core, at: now.wall) } : nil
        settled = topology.map { _ in SettledView(core, at: now) }
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
                warnings.append("\(member.name) is a member, but not of the ring: it holds no data")
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
        _ topology: Topology, _ core: NodeCore, at wall: WallTime
    ) -> [Homes] {
        topology.partitionCount.partitions.map { partition in
            let slots = topology.partitionCount.slots(of: partition)
            let settled = core.watermark(of: partition).wall.milliseconds
            return Homes(
                partition: Int(partition.index), firstSlot: Int(slots.lowerBound.index),
                lastSlot: Int(slots.upperBound.index),
                homes: topology.homes(of: partition).map {
                    topology.member($0)?.name ?? $0.description
                },
                settledAge: settled > 0
                    ? wall.milliseconds - min(wall.milliseconds, settled) : nil)
        }
    }
}

extension RingView.Member {
    /// A node of the ring, or one that is only known when it has no share.
    fileprivate init(
        _ ring: RingMember, known: Member?, homes: Int, primaries: Int, share: Double?
    ) {
        id = ring.id.description
        name = ring.name
        zone = ring.zone
        weight = ring.weight
        state = known.map { "\($0.state)" } ?? "unknown"
        peer = known?.peerEndpoint.description
        client = known?.clientEndpoint.description
        partitionsAsHome = homes
        partitionsAsPrimary = primaries
        self.share = share ?? 0
        inRing = share != nil
    }
}

extension StatusView {
    /// The condition of the node that `core` is.
    init(
        _ core: NodeCore, processFacts: [(name: String, value: String)], at now: Moment
    ) {
        let topology = core.topology
        let counters = core.counters
        let engine = core.engine
        node = core.identity.name
        id = core.identity.id.description
        cluster = core.identity.clusterName
        actor = core.dots.actor.description
        epoch = topology?.epoch ?? 0
        ready = topology?.members.allSatisfy { core.isReachable($0.id) } ?? false
        self.counters = Counters(
            requests: counters.requests, failures: counters.failures, forwards: counters.forwards,
            hedges: counters.hedges, standIns: counters.standIns, hintsKept: counters.hintsKept,
            hintsDelivered: counters.hintsDelivered, repairs: counters.repairs)
        hints = Hints(count: core.pendingHints.count, bytes: core.pendingHints.bytes)
        operationsInFlight = core.operationsInFlight
        clock = Clock(core)
        storage = Storage(engine)
        antiEntropy = topology.map { _ in RepairView(core, begun: 0, of: nil) }
        settled = topology.map { _ in SettledView(core, at: now) }
        members = core.members.map {
            Member(
                id: $0.id.description, name: $0.name, state: "\($0.state)",
                reachable: core.isReachable($0.id), inRing: topology?.member($0.id) != nil,
                clockAhead: core.clocks.ahead(of: $0.id))
        }.sorted { ($0.name, $0.id) < ($1.name, $1.id) }
        process = processFacts.map { Fact(name: $0.name, value: $0.value) }
    }
}

extension StatusView.Clock {
    /// The wall clock of the node that `core` is.
    init(_ core: NodeCore) {
        switch core.clocks.standing {
        case .agreed: standing = "agreed"
        case .odd: standing = "odd"
        case .alone: standing = "alone"
        case .leapt: standing = "leapt"
        }
        ahead = core.clocks.ownAhead
        comparedWith = core.clocks.readingCount
    }
}

extension StatusView.Storage {
    fileprivate init(_ engine: StorageEngine) {
        let counters = engine.counters
        entries = engine.entryEstimate
        memtableBytes = engine.memtableBytes
        levels = engine.levelSizes.enumerated().filter { $1.tables > 0 }.map {
            Level(level: $0, tables: $1.tables, bytes: $1.fileBytes)
        }
        cacheHits = counters.cacheHits
        cacheMisses = counters.cacheMisses
        cacheBytes = engine.cachedBytes
        flushes = counters.flushes
        compactions = counters.compactions
        writeAmplification = counters.writeAmplification
        damagedRanges = engine.damagedRanges.count
        backlog = engine.backlog
        appended = engine.appended.rawValue
        durable = engine.durable.rawValue
        pendingBytes = engine.pendingBytes
        freeBytes = engine.space?.freeBytes
        reserveBytes = engine.space.map { _ in engine.reserveBytes }
        refusal = (engine.refusal ?? engine.reserveRefusal)?.description
    }
}

extension KeyView {
    /// Where `topology` puts `key`, and what `core` believes of those nodes.
    init(_ key: Bytes, topology: Topology, core: NodeCore) {
        let slot = Slot(ofKey: key)
        let partition = topology.partitionCount.partition(of: slot)
        let order = topology.preferenceOrder(of: partition)
        let nodes = order.compactMap { id in
            topology.member(id).map { Node($0, known: core.member(id)) }
        }
        let homeCount = topology.homes(of: partition).count
        self.key = key.text
        self.slot = Int(slot.index)
        self.partition = Int(partition.index)
        homes = Array(nodes.prefix(homeCount))
        fallbacks = Array(nodes.dropFirst(homeCount))
    }
}

extension KeyView.Node {
    fileprivate init(_ ring: RingMember, known: Member?) {
        id = ring.id.description
        name = ring.name
        zone = ring.zone
        client = known?.clientEndpoint.description
        state = known.map { "\($0.state)" } ?? "unknown"
    }
}

extension NodeCore {
    /// What is known of the member `id`. O(members).
    fileprivate func member(_ id: NodeID) -> Member? {
        members.first { $0.id == id }
    }
}

/// Sixteen digits.
private func hexadecimal(_ value: UInt64) -> String {
    NodeID(rawValue: value).description
}
