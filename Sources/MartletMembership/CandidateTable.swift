// Nodes that somebody has told of and to whom no link was made yet. They are dialled, and nothing
// else: not probed, not spread, not shown. Whoever makes members up fills this table and no other.
internal import MartletBase
internal import MartletWire

/// Candidates for membership, by id.
struct CandidateTable: Sendable {
    /// The most at a time; beyond it further ones are not heard of. A node that joins is not kept
    /// out by that: it dials by itself.
    static let limit = 64
    /// How long one is dialled before its place is for another.
    static let patience = Duration.seconds(10)

    private struct Candidate: Sendable {
        var member: Member
        var deadline: Instant
        /// Whether it has answered a ping of this node's: then both tell each other everything.
        var hasAnswered = false
    }

    private var candidates: [Candidate] = []

    /// When the first gives up its place.
    var nextDeadline: Instant { candidates.map(\.deadline).min() ?? .never }

    /// The ids, sorted.
    var ids: [NodeID] { candidates.map(\.member.id) }

    /// Notes one that was told of, or what is newer of one; false when that is nothing new, or
    /// there is no room.
    mutating func insert(_ member: Member, at now: Instant) -> Bool {
        let index = position(of: member.id)
        if holds(member.id, at: index) {
            let known = candidates[index].member
            guard member.supersedes(known), !member.leaps(beyond: known) else { return false }
            candidates[index].member = member
            return true
        }
        guard candidates.count < Self.limit else { return false }
        candidates.insert(Candidate(member: member, deadline: now + Self.patience), at: index)
        return true
    }

    /// Notes that one has answered a ping.
    mutating func noteAnswer(of id: NodeID) {
        let index = position(of: id)
        if holds(id, at: index) { candidates[index].hasAnswered = true }
    }

    /// Whether `id` is one that has answered a ping.
    func hasAnswered(_ id: NodeID) -> Bool {
        let index = position(of: id)
        return holds(id, at: index) && candidates[index].hasAnswered
    }

    /// Takes out one that is a candidate no longer.
    mutating func remove(_ id: NodeID) -> Member? {
        let index = position(of: id)
        return holds(id, at: index) ? candidates.remove(at: index).member : nil
    }

    /// Takes out those who had their time.
    mutating func removeExpired(at now: Instant) -> [NodeID] {
        let expired = candidates.filter { $0.deadline <= now }.map(\.member.id)
        if !expired.isEmpty { candidates.removeAll { $0.deadline <= now } }
        return expired
    }

    private func holds(_ id: NodeID, at index: Int) -> Bool {
        index < candidates.count && candidates[index].member.id == id
    }

    private func position(of id: NodeID) -> Int {
        candidates.partitionIndex { $0.member.id < id }
    }
}
