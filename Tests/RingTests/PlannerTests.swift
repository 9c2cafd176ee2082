// The planner on rings whose plan one can do in the head, its warnings and its refusals.
import MartletBase
import MartletRing
import Testing

@Suite("Planner")
struct PlannerTests {
    private func plan(
        _ members: [RingMember], replicaCount: Int = 3, partitions: Int = 1024
    ) throws(TopologyError) -> Plan {
        try Planner.plan(
            members: members, replicaCount: replicaCount,
            partitionCount: PartitionCount(partitions)!, clusterName: "test", clusterID: 1,
            secret: secret(of: 1))
    }

    private func homeCounts(_ plan: Plan) -> [Int] {
        RingDescription(plan.topology).rows.map(\.homeCount)
    }

    @Test("Three equal nodes hold everything and lead a third each")
    func threeNodes() throws {
        let plan = try plan(members(zoneSizes: [3]))
        #expect(plan.warnings.isEmpty)
        #expect(homeCounts(plan) == [1024, 1024, 1024])
        let rows = RingDescription(plan.topology).rows
        #expect(rows.map(\.primaryCount).sorted() == [341, 341, 342])
        #expect(rows.map(\.member.name) == ["n1", "n2", "n3"])
        #expect(rows[0].sharePercent == 100.0 / 3)
        #expect(rows[0].homeCountByWeight == 1024)
    }

    @Test("A plan is the same in every process and build")
    func goldenPlan() throws {
        let plan = try plan(members(zoneSizes: [2, 3, 4], weight: 5))
        #expect(plan.topology.digest == 1_480_851_952_795_729_503)
    }

    @Test("Fewer nodes than replicas give as many homes as there are, and a warning")
    func fewerNodes() throws {
        let plan = try plan(members(zoneSizes: [2]))
        #expect(plan.topology.replicaCount == 3)
        #expect(plan.topology.homesPerPartition == 2)
        #expect(plan.warnings == [.fewerMembersThanReplicas(members: 2, replicas: 3)])
        #expect(try self.plan(members(zoneSizes: [1])).topology.homesPerPartition == 1)
    }

    @Test("Zones enough, or one alone, are nothing to warn of", arguments: 1...5)
    func enoughZones(zones: Int) throws {
        let plan = try plan(members(zoneSizes: Array(repeating: 3, count: zones)))
        #expect(plan.warnings.isEmpty == (zones != 2), "\(plan.warnings)")
    }

    @Test("Two zones for three homes hold one or two each, and a warning says so")
    func fewerZones() throws {
        let plan = try plan(members(zoneSizes: [3, 3]))
        #expect(plan.warnings == [.fewerZonesThanHomes(zones: 2, homes: 3)])
        #expect(homeCounts(plan) == [512, 512, 512, 512, 512, 512])
    }

    @Test(
        "A node too heavy for distinct homes holds every partition, and the others share the rest")
    func tooHeavy() throws {
        let heavy = [member(1, weight: 100), member(2), member(3), member(4)]
        let plan = try plan(heavy, replicaCount: 2, partitions: 512)
        #expect(homeCounts(plan) == [512, 171, 171, 170])
        #expect(plan.warnings.count == 4)
    }

    @Test("A zone too light for its part holds it nonetheless: spread goes before weight")
    func lightZone() throws {
        let plan = try plan([
            member(1, zone: "a"), member(2, zone: "b", weight: 9), member(3, zone: "c", weight: 9),
        ])
        #expect(homeCounts(plan) == [1024, 1024, 1024])
        #expect(plan.warnings.count == 3)
    }

    @Test("More nodes than homes leave some with nothing, and a warning says who")
    func nodesWithoutPartitions() throws {
        let plan = try plan(members(zoneSizes: [5]), replicaCount: 1, partitions: 4)
        #expect(homeCounts(plan) == [1, 1, 1, 1, 0])
        #expect(plan.warnings == [.memberWithoutPartitions(member: "n5")])
    }

    @Test("What breaks the rules is refused by name")
    func refusals() {
        let two = [member(1), member(2)]
        #expect(throws: TopologyError.replicaCountOutOfRange(0)) { try plan(two, replicaCount: 0) }
        #expect(throws: TopologyError.noMembers) { try plan([]) }
        #expect(throws: TopologyError.duplicateID(NodeID(rawValue: 1))) {
            try plan(two + [member(1)])
        }
        #expect(throws: TopologyError.weightIsZero(NodeID(rawValue: 3))) {
            try plan(two + [member(3, weight: 0)])
        }
        #expect(throws: TopologyError.tooManyMembers(1025)) {
            try plan(members(zoneSizes: [1025]))
        }
    }

    @Test(
        "A node shares partitions with every node that the zones permit: many take over from it",
        arguments: [([20], 19), ([7, 7, 7], 14), ([10, 10], 19)])
    func declustering(zoneSizes: [Int], peers: Int) throws {
        let topology = try plan(members(zoneSizes: zoneSizes)).topology
        let node = NodeID(rawValue: 1)
        var met: Set<NodeID> = []
        for partition in topology.partitionCount.partitions
        where topology.isHome(node, of: partition) {
            met.formUnion(topology.homes(of: partition))
        }
        #expect(met.count == peers + 1)
    }

    @Test("A hundred uneven nodes in five zones are planned to their weights")
    func large() throws {
        let nodes = (0..<100).map { index in
            let weight = UInt32(1 + index / 5 % 4)
            return member(UInt64(index + 1), zone: "z\(index % 5)", weight: weight)
        }
        #expect(try plan(nodes).warnings.isEmpty)
    }
}
