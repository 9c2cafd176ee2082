// The planner's promises on rings drawn from seeds: odd zones, odd weights, few partitions.
import MartletBase
import MartletRing
import Testing

@Suite("Planner, on random rings")
struct PlannerPropertyTests {
    private static let seeds = 0..<150

    @Test(
        "Homes are distinct and spread over zones as evenly as their sizes permit", arguments: seeds
    )
    func spread(seed: Int) throws {
        let topology = try RandomRequest(seed: UInt64(seed)).plan().topology
        topology.checkInvariants()
        let zones = topology.members.map(\.zone)
        let names = Set(zones).sorted()
        for partition in topology.partitionCount.partitions {
            let homes = try topology.homes(of: partition).map { try #require(topology.member($0)) }
            let counts = names.map { name in homes.count { $0.zone == name } }
            let most = counts.max() ?? 0
            for (name, count) in zip(names, counts) where count < most - 1 {
                #expect(zones.count { $0 == name } == count, "partition \(partition): \(counts)")
            }
            if names.count >= homes.count {
                #expect(most == 1, "partition \(partition): \(counts)")
            }
        }
    }

    @Test("Each member leads the Nth part of what it holds, within one", arguments: seeds)
    func primaries(seed: Int) throws {
        let topology = try RandomRequest(seed: UInt64(seed)).plan().topology
        for row in RingDescription(topology).rows {
            let fair = Double(row.homeCount) / Double(topology.homesPerPartition)
            #expect(abs(Double(row.primaryCount) - fair) < 1, "\(row)")
        }
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

    @Test("Within a zone shares follow the weights whatever the other zones do", arguments: seeds)
    func proportionInZone(seed: Int) throws {
        let topology = try RandomRequest(seed: UInt64(seed)).plan().topology
        let rows = RingDescription(topology).rows
        for left in rows {
            for right in rows
            where left.member.zone == right.member.zone
                && right.homeCount < topology.partitionCount.value
            {
                let leftLevel = Double(left.homeCount - 1) / Double(left.member.weight)
                let rightLevel = Double(right.homeCount + 1) / Double(right.member.weight)
                #expect(leftLevel < rightLevel, "\(left) \(right)")
            }
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
