// Rings for tests: made by hand or drawn from a seed.
import MartletBase
import MartletRing

/// A member named `n<id>`.
func member(_ id: UInt64, zone: String = "", weight: UInt32 = 1) -> RingMember {
    RingMember(id: NodeID(rawValue: id), name: "n\(id)", zone: zone, weight: weight)
}

/// Members with the ids 1, 2, … in zones of the given sizes.
func members(zoneSizes: [Int], weight: UInt32 = 1) -> [RingMember] {
    let zones = zoneSizes.enumerated().flatMap { zone, size in
        [String](repeating: "zone\(zone)", count: size)
    }
    return zones.enumerated().map { member(UInt64($0 + 1), zone: $1, weight: weight) }
}

/// A topology of two partitions over three nodes, made by hand; each test bends what it is about.
func handmade(
    epoch: UInt64 = 7, clusterName: String = "hirundo", replicaCount: Int = 2,
    members: [RingMember]? = nil, homes: [UInt16] = [0, 1, 2, 0], moves: [PartitionMove] = [],
    departed: [NodeID] = [], clusterSeed: UInt64 = 1
) throws(TopologyError) -> Topology {
    try Topology(
        epoch: epoch, clusterName: clusterName, clusterID: 0x0102_0304_0506_0708,
        secret: secret(of: clusterSeed), replicaCount: replicaCount,
        partitionCount: PartitionCount(2)!,
        members: members ?? [
            member(1, zone: "a"), member(2, zone: "b", weight: 300), member(3, zone: "b"),
        ],
        homeIndexes: homes, moves: moves, departed: departed)
}

/// The secret that a seed gives.
func secret(of seed: UInt64) -> ClusterSecret {
    var random = SeededRandom(seed: seed)
    return .drawn(by: &random)
}

/// A request that obeys the rules and is as odd as they permit.
struct RandomRequest {
    let members: [RingMember]
    let replicaCount: Int
    let partitionCount: PartitionCount
    let clusterID: UInt64

    init(seed: UInt64) {
        var random = SeededRandom(seed: seed, stream: "ring.request")
        let zones = 1 + random.below(6)
        let evenWeights = random.chance(0.3)
        members = (0..<1 + random.below(24)).map { index in
            RingMember(
                id: NodeID(rawValue: random.next()), name: "n\(index)",
                zone: "z\(random.below(zones))",
                weight: evenWeights ? 7 : UInt32(1 + random.below(random.chance(0.1) ? 1000 : 8)))
        }
        replicaCount = 1 + random.below(5)
        partitionCount = PartitionCount(exponent: UInt8(random.below(9))) ?? .standard
        clusterID = random.next()
    }

    func plan(members: [RingMember]? = nil) throws(TopologyError) -> Plan {
        try Planner.plan(
            members: members ?? self.members, replicaCount: replicaCount,
            partitionCount: partitionCount, clusterName: "test", clusterID: clusterID,
            secret: secret(of: clusterID))
    }
}

/// A ring that changes again and again, each change drawn.
struct RandomHistory {
    private(set) var topology: Topology
    private var random: SeededRandom
    private let hasZones: Bool
    private var added = 0

    init(seed: UInt64, hasZones: Bool = true) throws {
        let request = RandomRequest(seed: seed)
        let members = request.members.map {
            RingMember(
                id: $0.id, name: $0.name, zone: hasZones ? $0.zone : "", weight: $0.weight)
        }
        topology = try request.plan(members: members).topology
        random = SeededRandom(seed: seed, stream: "ring.history")
        self.hasZones = hasZones
    }

    private mutating func zone() -> String { hasZones ? "z\(random.below(6))" : "" }

    /// The next change: who is a member then, and how many replicas there are. What it moves has
    /// moved before the one after it.
    mutating func next() throws(TopologyError) -> (plan: Plan, change: String) {
        var members = topology.members
        var replicaCount = topology.replicaCount
        let index = random.below(members.count)
        let old = members[index]
        let change: String
        switch random.below(7) {
        case 0 where members.count > 1:
            members.remove(at: index)
            change = "\(old.name) leaves"
        case 1:
            replicaCount = 1 + random.below(5)
            change = "\(replicaCount) replicas"
        case 2:
            let weight = UInt32(1 + random.below(9))
            members[index] = RingMember(
                id: old.id, name: old.name, zone: old.zone, weight: weight)
            change = "\(old.name) of weight \(old.weight) weighs \(weight)"
        case 3:
            let zone = zone()
            members[index] = RingMember(
                id: old.id, name: old.name, zone: zone, weight: old.weight)
            change = "\(old.name) of \(old.zone) is in \(zone)"
        case 4:
            members[index] = drawn(zone: old.zone, weight: old.weight)
            change = "\(old.name) is replaced"
        default:
            for _ in 0..<1 + random.below(3) {
                members.append(drawn(zone: zone(), weight: UInt32(1 + random.below(9))))
            }
            change = "\(members.count - topology.members.count) join"
        }
        let plan = try Planner.plan(
            after: topology, members: members, replicaCount: replicaCount)
        topology = try plan.topology.completing(
            Set(plan.topology.moves.map(\.partition)),
            departing: Set(plan.topology.members.filter(\.isLeaving).map(\.id)))
        return (plan, change)
    }

    private mutating func drawn(zone: String, weight: UInt32) -> RingMember {
        added += 1
        return RingMember(
            id: NodeID(rawValue: random.next()), name: "a\(added)", zone: zone, weight: weight)
    }
}
