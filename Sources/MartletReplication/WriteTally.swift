// Counting a write's acknowledgements: a value without a process. Who is asked is decided
// elsewhere; here it is only counted.
internal import MartletBase
internal import MartletWire

/// What the replicas of one write have said so far.
struct WriteTally {
    /// What the tally comes to.
    enum Verdict: Hashable {
        /// Too few have answered yet.
        case open
        /// All that was required has been acknowledged.
        case met
        /// Even if all that are still silent acknowledge, it is not enough.
        case lost
    }

    let quorums: WriteQuorums
    /// Those that were asked, with what each has done.
    private(set) var parts: [Part]
    private let askedAt: Instant
    /// Who was asked after that, and when.
    private var askedLater: [(node: NodeID, at: Instant)] = []

    /// A tally of `parts`, all of which are asked now.
    init(_ quorums: WriteQuorums, asking parts: [Part], at now: Instant) {
        self.quorums = quorums
        self.parts = parts
        askedAt = now
    }

    /// Adds a replica that is asked now.
    mutating func ask(_ part: Part, at now: Instant) {
        invariant(!parts.contains { $0.node == part.node }, "\(part) asked twice")
        parts.append(part)
        askedLater.append((part.node, now))
    }

    /// Notes what `node` did; false when it was never asked or can no longer change anything.
    mutating func note(_ act: Witness.Act, by node: NodeID) -> Bool {
        guard let index = parts.firstIndex(where: { $0.node == node }) else { return false }
        let known = parts[index].act
        if known == .synced || known == act || known == .stored && act != .synced { return false }
        parts[index].act = act
        return true
    }

    /// Whether `node` takes part for itself, or, where one is named, in the place of `home`.
    func hasPart(of node: NodeID, heldFor home: NodeID?) -> Bool {
        parts.contains { $0.node == node && $0.standsInFor == home }
    }

    var storedCount: Int { parts.count { $0.holdsWrite } }

    /// What is needed among the homes.
    var requirement: WriteRequirement { quorums.requirement }

    var verdict: Verdict {
        guard let move = quorums.move else { return verdict(requirement, among: nil) }
        let present = verdict(requirement, among: move.homes)
        let former = verdict(move.requirement, among: move.former)
        if present == .lost || former == .lost { return .lost }
        return present == .met && former == .met ? .met : .open
    }

    /// What comes of those who hold it as one of `homes` or in the place of one; of all where that
    /// is nil.
    private func verdict(_ requirement: WriteRequirement, among homes: [NodeID]?) -> Verdict {
        var (now, atBest) = (Count(), Count())
        for part in parts
        where part.act != .refused && homes?.contains(part.standsInFor ?? part.node) != false {
            let isHome = part.standsInFor == nil
            atBest.add(isHome: isHome, isSynced: true)
            if part.holdsWrite { now.add(isHome: isHome, isSynced: part.act == .synced) }
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
        parts.contains { $0.holdsWrite && ($0.node == home || $0.standsInFor == home) }
    }

    /// Whether somebody who has not refused was asked to hold the write in the place of `home`.
    func hasStandIn(for home: NodeID) -> Bool {
        parts.contains { $0.standsInFor == home && $0.act != .refused }
    }

    /// Since when `node` has been asked and has said nothing; nil when neither holds.
    func silence(of node: NodeID) -> Instant? {
        parts.contains { $0.node == node && $0.act == .silent } ? asked(node) : nil
    }

    /// Those that were asked and have said nothing, and since when.
    var silent: [(node: NodeID, since: Instant)] {
        parts.filter { $0.act == .silent }.map { ($0.node, asked($0.node)) }
    }

    private func asked(_ node: NodeID) -> Instant {
        askedLater.first { $0.node == node }?.at ?? askedAt
    }

    /// Whether nobody is left who could still answer.
    var isSettled: Bool { parts.allSatisfy { $0.act != .silent } }

    /// Who took part, at a request that `coordinator` runs. O(1).
    func evidence(coordinator: NodeID) -> Evidence {
        Evidence(coordinator: coordinator, witnesses: parts)
    }
}

extension Witness {
    /// Whether the replica has the write.
    fileprivate var holdsWrite: Bool { act == .stored || act == .synced }
}
