// What one node believes of the others: a sorted array, so that nothing depends on hashing.
// The node itself is never in it.
internal import MartletBase
internal import MartletWire

/// What is believed of one member, and what was last reported of it.
struct Belief: Sendable {
    /// The claim that counts.
    var member: Member
    /// When a conflict over this member may be reported again.
    var conflictSilentUntil: Instant = .start
    /// When the epoch of this member's topology may be reported again.
    var epochSilentUntil: Instant = .start
    /// Until when it is remembered, where it is forgotten.
    var forgottenUntil = Instant.never
}

/// The beliefs, by id.
struct MemberTable: Sendable {
    private(set) var beliefs: [Belief] = []

    var count: Int { beliefs.count }

    /// O(log n).
    subscript(id: NodeID) -> Belief? {
        get {
            let index = position(of: id)
            guard index < beliefs.count, beliefs[index].member.id == id else { return nil }
            return beliefs[index]
        }
        set {
            let index = position(of: id)
            let isKnown = index < beliefs.count && beliefs[index].member.id == id
            invariant(newValue.map { $0.member.id == id } ?? false, "\(id) filed wrongly")
            guard let newValue else { return }
            if isKnown {
                beliefs[index] = newValue
            } else {
                beliefs.insert(newValue, at: index)
            }
        }
    }

    /// Drops what is believed of `id`. O(n).
    mutating func remove(_ id: NodeID) {
        beliefs.removeAll { $0.member.id == id }
    }

    /// The first member after `id` for which `condition` holds, going round once. O(n).
    func next(after id: NodeID?, where condition: (Member) -> Bool) -> Member? {
        guard !beliefs.isEmpty else { return nil }
        var start = 0
        if let id {
            start = position(of: id)
            if start < beliefs.count, beliefs[start].member.id == id { start += 1 }
        }
        for step in 0..<beliefs.count {
            let member = beliefs[(start + step) % beliefs.count].member
            if condition(member) { return member }
        }
        return nil
    }

    /// The index of `id`, or where it would be.
    private func position(of id: NodeID) -> Int {
        beliefs.partitionIndex { $0.member.id < id }
    }

    func checkInvariants() {
        for (left, right) in zip(beliefs, beliefs.dropFirst()) {
            invariant(left.member.id < right.member.id, "table order at \(right.member.id)")
        }
    }
}
