// The planner's promises on rings drawn from seeds: odd zones, odd weights, few partitions.
import MartletBase
import MartletRing
import Testing

@Suite("Planner, on random rings")
struct PlannerPropertyTests {
    private static let seeds = 0..<150

    @Test("Every rule of placement holds", arguments: seeds)
    func rules(seed: Int) throws {
        let topology = try RandomRequest(seed: UInt64(seed)).plan().topology
        topology.checkInvariants()
        try PlacementRules.check(topology)
    }

    @Test(
        "In one zone, what is held and led is within one of the weights' shares", arguments: seeds)
    func proportion(seed: Int) throws {
        let request = RandomRequest(seed: UInt64(seed))
        let members = request.members.map {
            RingMember(id: $0.id, name: $0.name, zone: "", weight: $0.weight)
        }
        let plan = try request.plan(members: members)
        let rows = RingDescription(plan.topology).rows
        let partitions = Double(request.partitionCount.value)
        let isFeasible = rows.allSatisfy { $0.homeCountByWeight <= partitions }
        guard isFeasible else { return }
        let homes = Double(plan.topology.homesPerPartition)
        for row in rows {
            #expect(abs(Double(row.homeCount) - row.homeCountByWeight) < 1, "\(row)")
            #expect(abs(Double(row.primaryCount) - row.homeCountByWeight / homes) < 1, "\(row)")
        }
        for case .shareOffWeight(let member, _, _) in plan.warnings {
            Issue.record("a warning about \(member), whose share is fair")
        }
    }

    @Test("The same request in any order gives the same plan", arguments: seeds)
    func determinism(seed: Int) throws {
        let request = RandomRequest(seed: UInt64(seed))
        let first = try request.plan()
        let second = try request.plan(members: request.members.reversed())
        #expect(first.topology == second.topology)
        #expect(first.topology.encoded() == second.topology.encoded())
        #expect(first.warnings == second.warnings)
    }
}
