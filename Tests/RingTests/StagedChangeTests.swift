// What operators ask of a ring, and what that comes to.
import MartletBase
import MartletRing
import Testing

@Suite("Staged changes")
struct StagedChangeTests {
    private func present() throws -> Topology {
        try Planner.plan(
            members: members(zoneSizes: [2, 2]), replicaCount: 2,
            partitionCount: #require(PartitionCount(16)), clusterName: "test", clusterID: 1,
            secret: secret(of: 1)
        ).topology
    }

    @Test("Changes are made in their order, and planned as one")
    func inOrder() throws {
        let next = try Planner.plan(
            after: present(),
            [
                .join(member(5, zone: "zone2", weight: 2)), .weigh("n1", weight: 3),
                .rezone("n2", zone: "zone3"), .replace("n3", by: member(6, zone: "zone1")),
                .leave("0000000000000004"), .replicas(3),
            ]
        ).topology
        next.checkInvariants()
        #expect(next.replicaCount == 3 && next.epoch == 2)
        let told = next.members.map { "\($0.name) \($0.zone) \($0.weight) \($0.isLeaving)" }
        #expect(
            told == [
                "n1 zone0 3 false", "n2 zone3 1 false", "n3 zone1 1 true", "n4 zone1 1 true",
                "n5 zone2 2 false", "n6 zone1 1 false",
            ])
    }

    @Test("What cannot be done is refused, and the refusal says why")
    func refusals() throws {
        let cases: [(ChangeError, [StagedChange])] = [
            (.noMember("n9"), [.leave("n9")]),
            (.noMember("n1"), [.leave("n1"), .weigh("n1", weight: 2)]),
            (.isMember("n2"), [.join(member(2))]),
            (
                .rule(.duplicateName("n2")),
                [
                    .join(
                        RingMember(
                            id: NodeID(rawValue: 9), name: "n2", zone: "", weight: 1))
                ]
            ),
            (.rule(.weightIsZero(NodeID(rawValue: 1))), [.weigh("n1", weight: 0)]),
            (.rule(.replicaCountOutOfRange(0)), [.replicas(0)]),
            (.rule(.noMembers), (1...4).map { .leave("n\($0)") }),
        ]
        for (refusal, changes) in cases {
            #expect(throws: refusal) { try Planner.plan(after: present(), changes) }
        }
    }

    @Test("One that leaves may be staged no more, and its name may be given again once it is gone")
    func leaving() throws {
        let leaving = try Planner.plan(after: present(), [.leave("n4")]).topology
        #expect(throws: ChangeError.noMember("n4")) {
            try Planner.plan(after: leaving, [.weigh("n4", weight: 2)])
        }
        let heir = RingMember(id: NodeID(rawValue: 9), name: "n4", zone: "", weight: 1)
        #expect(throws: ChangeError.rule(.duplicateName("n4"))) {
            try Planner.plan(after: leaving, [.join(heir)])
        }
        let gone = try Planner.plan(after: leaving, [.remove("n4")]).topology
        #expect(gone.members.last?.standing == .isGone, "it is not waited for any more")
        let left = try leaving.completing(
            Set(leaving.moves.map(\.partition)), departing: [NodeID(rawValue: 4)])
        #expect(try Planner.plan(after: left, [.join(heir)]).topology.member(heir.id) != nil)
    }
}
