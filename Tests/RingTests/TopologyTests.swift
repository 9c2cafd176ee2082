// The topology as a value: its rules and look-ups, and the order of its fallbacks.
import MartletBase
import MartletRing
import Testing

@Suite("Topology")
struct TopologyTests {
    @Test("Look-ups answer from the homes given")
    func lookups() throws {
        let topology = try handmade()
        topology.checkInvariants()
        let foo = topology.partition(ofKey: Bytes(text: "foo"))
        #expect(foo == Partition(index: 1))
        #expect(topology.homes(of: foo) == [NodeID(rawValue: 3), NodeID(rawValue: 1)])
        #expect(topology.preferenceOrder(of: foo).map(\.rawValue) == [3, 1, 2])
        #expect(topology.isHome(NodeID(rawValue: 1), of: foo))
        #expect(!topology.isHome(NodeID(rawValue: 2), of: foo))
        #expect(topology.member(NodeID(rawValue: 2))?.weight == 300)
        #expect(topology.member(NodeID(rawValue: 4)) == nil)
        #expect(topology.member(NodeID(rawValue: 0)) == nil)
    }

    @Test("Names and numbers out of bounds are refused")
    func boundsRefused() {
        #expect(throws: TopologyError.epochIsZero) { try handmade(epoch: 0) }
        #expect(throws: TopologyError.clusterNameLength(bytes: 0)) { try handmade(clusterName: "") }
        for count in [0, 33, -1] {
            #expect(throws: TopologyError.replicaCountOutOfRange(count)) {
                try handmade(replicaCount: count)
            }
        }
    }

    @Test("Members that break a rule are refused, and the refusal names them")
    func membersRefused() {
        let long = String(repeating: "x", count: 256)
        let id = NodeID(rawValue: 1)
        func one(_ name: String, zone: String = "", weight: UInt32 = 1) -> [RingMember] {
            [RingMember(id: id, name: name, zone: zone, weight: weight)]
        }
        let twin = RingMember(id: NodeID(rawValue: 3), name: "n2", zone: "", weight: 1)
        let cases: [(TopologyError, [RingMember])] = [
            (.noMembers, []),
            (.tooManyMembers(1025), members(zoneSizes: [1025])),
            (.membersNotSorted, [member(2), member(1)]),
            (.duplicateID(id), [member(1), member(1)]),
            (.duplicateName("n2"), [member(1), member(2), twin]),
            (.memberNameLength(id, bytes: 0), one("")),
            (.memberNameLength(id, bytes: 256), one(long)),
            (.memberZoneLength(id, bytes: 256), one("n", zone: long)),
            (.weightIsZero(id), one("n", weight: 0)),
            (.noMembers, [member(1).standing(.leaves)]),
        ]
        for (refusal, members) in cases {
            #expect(throws: refusal) { try handmade(members: members) }
        }
    }

    @Test("Homes that are missing, strangers or repeated are refused")
    func homesRefused() {
        let second = Partition(index: 1)
        let cases: [(TopologyError, [UInt16])] = [
            (.homeCount(expected: 4, found: 3), [0, 1, 2]),
            (.homeCount(expected: 4, found: 5), [0, 1, 2, 0, 1]),
            (.homeIsNoMember(second), [0, 1, 2, 3]),
            (.homeRepeated(second), [0, 1, 2, 2]),
        ]
        for (refusal, homes) in cases { #expect(throws: refusal) { try handmade(homes: homes) } }
    }

    @Test("Fallbacks use zones without a home first, then one more of each zone in turn")
    func fallbackZones() throws {
        let topology = try Planner.plan(
            members: members(zoneSizes: [3, 3, 3, 3, 3]), replicaCount: 3, clusterName: "test",
            clusterID: 1, secret: secret(of: 1)
        ).topology
        for partition in topology.partitionCount.partitions {
            let zones = topology.preferenceOrder(of: partition).map { topology.member($0)?.zone }
            for round in 0..<3 { #expect(Set(zones[round * 5..<round * 5 + 5]).count == 5) }
        }
    }

    @Test("A dead node's stand-ins are spread over all other nodes")
    func fallbackSpread() throws {
        let topology = try Planner.plan(
            members: members(zoneSizes: [10]), replicaCount: 3, clusterName: "test", clusterID: 1,
            secret: secret(of: 1)
        ).topology
        let dead = NodeID(rawValue: 1)
        var counts = [Int](repeating: 0, count: 11)
        for partition in topology.partitionCount.partitions
        where topology.isHome(dead, of: partition) {
            counts[Int(topology.preferenceOrder(of: partition)[3].rawValue)] += 1
        }
        #expect(counts[2...].allSatisfy { (17...51).contains($0) }, "34 would be even: \(counts)")
    }

    @Test("A new member takes a place in the order of fallbacks and leaves the others' order alone")
    func fallbackStability() throws {
        func order(members count: Int) throws -> [NodeID] {
            try Topology(
                epoch: 1, clusterName: "test", clusterID: 1, secret: secret(of: 1), replicaCount: 1,
                partitionCount: PartitionCount(1)!, members: members(zoneSizes: [count]),
                homeIndexes: [0]
            ).preferenceOrder(of: Partition(index: 0))
        }
        #expect(try order(members: 31).filter { $0.rawValue != 31 } == order(members: 30))
    }

    @Test("The list of fallbacks ends at its limit")
    func fallbackLimit() throws {
        let topology = try Planner.plan(
            members: members(zoneSizes: [40, 40]), replicaCount: 3,
            partitionCount: PartitionCount(4)!, clusterName: "test", clusterID: 1,
            secret: secret(of: 1)
        ).topology
        topology.checkInvariants()
        #expect(topology.preferenceOrder(of: Partition(index: 0)).count == 3 + 64)
    }
}
