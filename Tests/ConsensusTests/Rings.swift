// Rings for the tests of consensus, and nodes with short names.
import MartletBase
import MartletRing
import MartletWire

/// The id of the n-th node.
func id(_ number: Int) -> NodeID { NodeID(rawValue: UInt64(number)) }

/// `milliseconds` after the start of time.
func at(_ milliseconds: UInt64) -> Instant { Instant(nanoseconds: milliseconds * 1_000_000) }

/// A ring of the nodes 1, 2, … `count`. Rings of one epoch differ by the weight of their members.
func ring(
    _ count: Int, epoch: UInt64 = 1, weight: UInt32 = 1, cluster: String = "hirundo",
    clusterID: UInt64 = 7, secretSeed: UInt64 = 1
) -> Topology {
    ring(
        of: Array(1...count), epoch: epoch, weight: weight, cluster: cluster,
        clusterID: clusterID, secretSeed: secretSeed)
}

/// A ring of the nodes with these numbers, which ascend.
func ring(
    of numbers: [Int], epoch: UInt64, weight: UInt32 = 1, cluster: String = "hirundo",
    clusterID: UInt64 = 7, secretSeed: UInt64 = 1
) -> Topology {
    var random = SeededRandom(seed: secretSeed)
    let members = numbers.map {
        RingMember(id: id($0), name: "n\($0)", zone: "", weight: weight)
    }
    guard let partitions = PartitionCount(1),
        let ring = try? Topology(
            epoch: epoch, clusterName: cluster, clusterID: clusterID,
            secret: .drawn(by: &random), replicaCount: 1, partitionCount: partitions,
            members: members, homeIndexes: [0])
    else { fatalError("a ring for tests breaks a rule") }
    return ring
}
