// Counting a write's acknowledgements: a value without a process. Who is asked is decided
// elsewhere; here it is only counted.
internal import MartletBase
internal import MartletWire

/// What the replicas of one write have said so far.
struct WriteTally {
    /// One replica asked.
    struct Replica: Hashable {
        var part: Part
        var askedAt: Instant
        var act = Witness.Act.silent

        var holdsWrite: Bool { act == .stored || act == .synced }
    }

    /// What the tally comes to.
    enum Verdict: Hashable {
        /// Too few have answered yet.
        case open
        /// All that was required has been acknowledged.
        case met
        /// Even if all that are still silent acknowledge, it is not enough.
        case lost
    }

    let requirement: WriteRequirement
    private(set) var replicas: [Replica] = []

    init(requirement: WriteRequirement) {
        self.requirement = requirement
        replicas.reserveCapacity(requirement.n)
    }

    /// Adds a replica that is asked now.
    mutating func ask(_ part: Part, at now: Instant) {
        invariant(!replicas.contains { $0.part.node == part.node }, "\(part) asked twice")
        replicas.append(Replica(part: part, askedAt: now))
    }

    /// Notes what `node` did; false when it was never asked or can no longer change anything.
    mutating func note(_ act: Witness.Act, by node: NodeID) -> Bool {
        guard let index = replicas.firstIndex(where: { $0.part.node == node }) else {
            return false
        }
        if replicas[index].act == .synced || replicas[index].act == act { return false }
        if replicas[index].holdsWrite, act != .synced { return false }
        replicas[index].act = act
        return true
    }

    var storedCount: Int { replicas.count { $0.holdsWrite } }

    var verdict: Verdict {
        var (now, atBest) = (Count(), Count())
        for replica in replicas where replica.act != .refused {
            let isHome = replica.part.standsInFor == nil
            atBest.add(isHome: isHome, isSynced: true)
            if replica.holdsWrite { now.add(isHome: isHome, isSynced: replica.act == .synced) }
        }
        if now.meets(requirement) { return .met }
        return atBest.meets(requirement) ? .open : .lost
    }

    /// Replicas that hold the write.
    private struct Count {
        var stored = 0
        var homes = 0
        var synced = 0

        mutating func add(isHome: Bool, isSynced: Bool) {
            stored += 1
            if isHome { homes += 1 }
            if isSynced { synced += 1 }
        }

        func meets(_ requirement: WriteRequirement) -> Bool {
            stored >= requirement.w && homes >= requirement.pw && synced >= requirement.dw
        }
    }

    /// Whether `home` has the write, itself or through a stand-in.
    func isCared(for home: NodeID) -> Bool {
        replicas.contains { replica in
            replica.holdsWrite && (replica.part.node == home || replica.part.standsInFor == home)
        }
    }

    /// Whether somebody who has not refused was asked to hold the write in the place of `home`.
    func hasStandIn(for home: NodeID) -> Bool {
        replicas.contains { $0.part.standsInFor == home && $0.act != .refused }
    }

    /// Since when `node` has been asked and has said nothing; nil when neither holds.
    func silence(of node: NodeID) -> Instant? {
        replicas.first { $0.part.node == node && $0.act == .silent }?.askedAt
    }

    /// Those that were asked and have said nothing, and since when.
    var silent: [(node: NodeID, since: Instant)] {
        replicas.filter { $0.act == .silent }.map { ($0.part.node, $0.askedAt) }
    }

    /// Whether nobody is left who could still answer.
    var isSettled: Bool { replicas.allSatisfy { $0.act != .silent } }

    var parts: [Part] { replicas.map(\.part) }

    func evidence(coordinator: NodeID) -> Evidence {
        Evidence(
            coordinator: coordinator,
            witnesses: replicas.map {
                Witness(node: $0.part.node, standsInFor: $0.part.standsInFor, act: $0.act)
            })
    }
}
