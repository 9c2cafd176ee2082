// What operators ask of a ring, one step at a time, and what several steps come to: the members
// that the planner is asked for. Who is alive is not looked at here.
internal import MartletBase

/// One thing that is to change about a ring.
public enum StagedChange: Hashable, Sendable, CustomStringConvertible {
    /// A node joins.
    case join(RingMember)
    /// The member of this name or identity leaves: what it is a home of goes to others, from itself
    /// as from any other home, and it hands on whatever else it holds before it is gone.
    case leave(String)
    /// The member of this name or identity is gone for good: what it was a home of is made again
    /// from the others, and what it alone held is lost.
    case remove(String)
    /// The member of this name or identity leaves, and a node joins that takes its place.
    case replace(String, by: RingMember)
    /// The member of this name or identity gets another weight.
    case weigh(String, weight: UInt32)
    /// The member of this name or identity stands in another zone.
    case rezone(String, zone: String)
    /// Each partition gets so many homes.
    case replicas(Int)

    /// A few words for an operator.
    public var description: String {
        switch self {
        case .join(let member): "\(member.name) joins"
        case .leave(let text): "\(text) leaves"
        case .remove(let text): "\(text) is gone for good"
        case .replace(let text, let heir): "\(heir.name) takes the place of \(text), which leaves"
        case .weigh(let text, let weight): "\(text) gets weight \(weight)"
        case .rezone(let text, let zone):
            zone.isEmpty ? "\(text) is of no zone" : "\(text) stands in zone \(zone)"
        case .replicas(let count): "each partition gets \(count) \(count == 1 ? "home" : "homes")"
        }
    }
}

/// Why a change cannot be planned.
public enum ChangeError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The ring has no member of this name or identity that stays.
    case noMember(String)
    /// A node that is to join is a member already.
    case isMember(String)
    /// A rule of rings would be broken.
    case rule(TopologyError)

    /// One line that says what to change.
    public var description: String {
        switch self {
        case .noMember(let text): "the ring has no member \(text) that stays: see 'martlet ring'"
        case .isMember(let text): "\(text) is a member of the ring already"
        case .rule(let error): "\(error)"
        }
    }
}

extension Planner {
    /// Plans the epoch after `present` in which all of `changes`, in their order, are made.
    /// As `plan(after:members:replicaCount:)`.
    ///
    /// - Throws: the first change that cannot be made, or the first rule that the ring would break.
    public static func plan(
        after present: Topology, _ changes: [StagedChange]
    ) throws(ChangeError) -> Plan {
        var wish = RingWish(present)
        for change in changes { try wish.take(change) }
        do throws(TopologyError) {
            return try plan(
                after: present, members: wish.members, gone: wish.gone,
                replicaCount: wish.replicaCount)
        } catch { throw .rule(error) }
    }
}

/// The members and the number of replicas that are wanted.
private struct RingWish {
    private(set) var members: [RingMember]
    private(set) var gone: Set<NodeID> = []
    private let leaving: [RingMember]
    private(set) var replicaCount: Int

    init(_ present: Topology) {
        members = present.members.filter { !$0.isLeaving }
        leaving = present.members.filter(\.isLeaving)
        replicaCount = present.replicaCount
    }

    mutating func take(_ change: StagedChange) throws(ChangeError) {
        switch change {
        case .join(let member): try add(member)
        case .leave(let text): members.remove(at: try place(of: text))
        case .remove(let text):
            // One that leaves already is not waited for any more.
            if let leaver = leaving.first(where: { $0.name == text || $0.id == NodeID(text) }) {
                gone.insert(leaver.id)
            } else {
                gone.insert(members.remove(at: try place(of: text)).id)
            }
        case .replace(let text, let heir):
            members.remove(at: try place(of: text))
            try add(heir)
        case .weigh(let text, let weight):
            members[try place(of: text)].weight = weight
        case .rezone(let text, let zone):
            members[try place(of: text)].zone = zone
        case .replicas(let count): replicaCount = count
        }
    }

    private mutating func add(_ member: RingMember) throws(ChangeError) {
        if members.contains(where: { $0.id == member.id }) { throw .isMember(member.name) }
        members.append(member)
    }

    /// A name goes before an identity.
    private func place(of text: String) throws(ChangeError) -> Int {
        let meant = NodeID(text)
        let place =
            members.firstIndex { $0.name == text } ?? members.firstIndex { $0.id == meant }
        guard let place else { throw .noMember(text) }
        return place
    }
}
