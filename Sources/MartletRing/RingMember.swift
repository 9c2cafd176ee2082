// A node as the topology names it: who it is, where it stands, how much it should carry. Not
// whether it is alive, nor at which address: that is membership's.
public import MartletBase

/// A node of the ring.
public struct RingMember: Hashable, Sendable {
    /// The most bytes of UTF-8 in a name or a zone.
    public static let textLimitBytes = 255

    /// The node's identity; unique in the topology.
    public let id: NodeID
    /// What people call it; unique in the topology, not empty.
    public let name: String
    /// What fails together with it: a rack, a hall, an availability zone. May be empty: nodes
    /// without a zone share one.
    public var zone: String
    /// Its share of the data in proportion to the other members' weights (Dynamo §4.2: a more
    /// capable node takes more of the ring); at least 1.
    public var weight: UInt32
    /// For how long it is a member.
    public var standing: Standing

    /// Which disk it goes on with: 0 for its first, and what was drawn when it started over for any
    /// other. Only the node that has this disk votes: whatever one before had promised is lost.
    public var disk: UInt64

    /// For how long a node is a member.
    public enum Standing: UInt8, Hashable, Sendable, CaseIterable {
        /// Until an operator has it otherwise.
        case stays = 0
        /// Until what it was a home of has moved away, and it has handed on whatever else it held.
        case leaves
        /// Until what it was a home of has moved away: it is not there to hand on anything.
        case isGone
    }

    /// The node with these properties; the topology checks them.
    public init(
        id: NodeID, name: String, zone: String, weight: UInt32, standing: Standing = .stays,
        disk: UInt64 = 0
    ) {
        self.id = id
        self.name = name
        self.zone = zone
        self.weight = weight
        self.standing = standing
        self.disk = disk
    }

    /// Whether it is no home of anything any more, or is about to be none.
    public var isLeaving: Bool { standing != .stays }

    /// The same node of another standing.
    public func standing(_ standing: Standing) -> RingMember {
        var member = self
        member.standing = standing
        return member
    }
}

/// The zones of a list of members, numbered in the order of their names.
struct Zones {
    /// The zones' names, sorted and distinct.
    let names: [String]
    /// For each member, by its position in the list, the number of its zone.
    let ofMember: [Int]
    /// For each zone, the positions of its members, ascending.
    let members: [[Int]]

    init(_ ring: [RingMember]) {
        var names: [String] = []
        for zone in ring.map(\.zone).sorted() where names.last != zone { names.append(zone) }
        let numbers = Dictionary(uniqueKeysWithValues: zip(names, names.indices))
        var ofMember: [Int] = []
        var members = [[Int]](repeating: [], count: names.count)
        for (position, member) in ring.enumerated() {
            guard let zone = numbers[member.zone] else { fatalError("zone \(member.zone) unknown") }
            ofMember.append(zone)
            members[zone].append(position)
        }
        self.names = names
        self.ofMember = ofMember
        self.members = members
    }

    /// How many zones there are.
    var count: Int { names.count }
}
