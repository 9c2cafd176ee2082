// Plans after a plan: they obey every rule of a first one, and move little.
import MartletBase
import MartletRing
import Testing

@Suite("Planner, after another plan")
struct RedealTests {
    @Test("Rings that change and change again stay as even as new ones", arguments: 0..<150)
    func histories(seed: Int) throws {
        var history = try RandomHistory(seed: UInt64(seed))
        for _ in 0..<12 {
            let present = history.topology
            let (plan, change) = try history.next()
            let next = plan.topology
            next.checkInvariants()
            #expect(next.epoch == present.epoch + 1 && next.clusterID == present.clusterID)
            try PlacementRules.check(history.topology, after: change)
        }
    }

    /// The least is what members gain. That distinct homes, and zones, ask for more is rare, and
    /// more so the more partitions there are.
    @Test("Changes move little more than they must", arguments: [false, true])
    func leastMoves(hasZones: Bool) throws {
        var (moves, least) = (0, 0)
        for seed in 0..<100 {
            var history = try RandomHistory(seed: UInt64(seed), hasZones: hasZones)
            for _ in 0..<12 {
                let present = history.topology
                let change = RingChange(from: present, to: try history.next().plan.topology)
                #expect(change.transfers.count >= change.leastTransfers)
                moves += change.transfers.count
                least += change.leastTransfers
            }
        }
        #expect(Double(moves) <= Double(least) * 1.02, "\(moves) moves, \(least) at the least")
    }

    @Test("Nothing changes where nothing is asked for", arguments: 0..<30)
    func unchanged(seed: Int) throws {
        let present = try RandomRequest(seed: UInt64(seed)).plan().topology
        let next = try Planner.plan(
            after: present, members: present.members.reversed(),
            replicaCount: present.replicaCount
        ).topology
        #expect(next.homeIndexes == present.homeIndexes && next.members == present.members)
        #expect(RingChange(from: present, to: next).transfers.isEmpty)
    }

    @Test("A node that joins takes its share from all that have something to give")
    func join() throws {
        let present = try ring(members(zoneSizes: [12]))
        let joined = try Planner.plan(
            after: present, members: present.members + [member(13, zone: "zone0")],
            replicaCount: 3
        ).topology
        let change = RingChange(from: present, to: joined)
        // 3072 homes are 236 for each of 13.
        #expect(change.transfers.count == 236 && change.leastTransfers == 236)
        #expect(change.transfers.allSatisfy { $0.target == NodeID(rawValue: 13) })
        let losses = RingDescription(present).rows.map { row in
            row.homeCount
                - (RingDescription(joined).rows.first { $0.member == row.member }?.homeCount ?? 0)
        }
        #expect(losses.allSatisfy { (19...20).contains($0) }, "\(losses)")
    }

    @Test("What a node had that leaves goes to all others, and nothing else moves")
    func leave() throws {
        let present = try ring(members(zoneSizes: [12]))
        let left = try Planner.plan(
            after: present, members: Array(present.members.dropLast()), replicaCount: 3
        ).topology
        let change = RingChange(from: present, to: left)
        #expect(left.members.last?.isLeaving == true)
        #expect(change.transfers.count == 256)
        let gains = Dictionary(grouping: change.transfers, by: \.target).mapValues(\.count)
        #expect(gains.count == 11 && gains.values.allSatisfy { (23...24).contains($0) })
        for move in change.transfers { #expect(move.sources.contains(NodeID(rawValue: 12))) }
    }

    @Test("A node that takes another's place gets what that one had, and no third is concerned")
    func replace() throws {
        let present = try ring(members(zoneSizes: [4, 4, 4]))
        let gone = try #require(present.members.first)
        let heir = member(99, zone: gone.zone)
        let next = try Planner.plan(
            after: present, members: present.members.dropFirst() + [heir], replicaCount: 3
        ).topology
        let change = RingChange(from: present, to: next)
        #expect(
            change.transfers.allSatisfy { $0.target == heir.id && $0.sources.contains(gone.id) })
        #expect(change.transfers.count == 256)
    }

    @Test("Fewer replicas move nothing, more of them one partition each")
    func replicas() throws {
        let present = try ring(members(zoneSizes: [10, 10, 10]))
        let fewer = try Planner.plan(
            after: present, members: present.members, replicaCount: 2
        ).topology
        #expect(RingChange(from: present, to: fewer).transfers.isEmpty)
        #expect(fewer.moves.count == 1_024)
        try PlacementRules.check(fewer, after: "fewer replicas")
        let more = try Planner.plan(
            after: fewer, members: present.members, replicaCount: 3
        ).topology
        #expect(RingChange(from: fewer, to: more).transfers.count == 1_024)
        try PlacementRules.check(more, after: "more replicas")
    }

    @Test("What breaks the rules is refused, and wishes that cannot be met are warned of")
    func refusals() throws {
        let present = try ring(members(zoneSizes: [3]))
        #expect(throws: TopologyError.noMembers) {
            try Planner.plan(after: present, members: [], replicaCount: 3)
        }
        #expect(throws: TopologyError.weightIsZero(NodeID(rawValue: 2))) {
            try Planner.plan(
                after: present, members: [member(1), member(2, weight: 0)], replicaCount: 3)
        }
        let two = try Planner.plan(
            after: present, members: Array(present.members.dropLast()), replicaCount: 3)
        #expect(two.warnings == [.fewerMembersThanReplicas(members: 2, replicas: 3)])
        #expect(two.topology.homesPerPartition == 2)
        #expect(RingChange(from: present, to: two.topology).transfers.isEmpty)
    }

    private func ring(_ members: [RingMember]) throws -> Topology {
        try Planner.plan(
            members: members, replicaCount: 3, clusterName: "test", clusterID: 1,
            secret: secret(of: 1)
        ).topology
    }
}
