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
    members: [RingMember]? = nil, homes: [UInt16] = [0, 1, 2, 0], clusterSeed: UInt64 = 1
) throws(TopologyError) -> Topology {
    try Topology(
        epoch: epoch, clusterName: clusterName, clusterID: 0x0102_0304_0506_0708,
        secret: secret(of: clusterSeed), replicaCount: replicaCount,
        partitionCount: PartitionCount(2)!,
        members: members ?? [
            member(1, zone: "a"), member(2, zone: "b", weight: 300), member(3, zone: "b"),
        ],
        homeIndexes: homes)
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
