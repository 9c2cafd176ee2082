// Rings of which partitions move: their rules, their bytes, and the epochs that lead on and back.
import MartletBase
import MartletRing
import Testing

@Suite("Moving partitions")
struct MovingTests {
    private let first = Partition(index: 0)
    private let second = Partition(index: 1)

    private func ids(_ numbers: UInt64...) -> [NodeID] { numbers.map { NodeID(rawValue: $0) } }

    private func move(
        _ partition: UInt16, from former: UInt64..., since: UInt64 = 7
    ) -> PartitionMove {
        PartitionMove(
            partition: Partition(index: partition), former: former.map { NodeID(rawValue: $0) },
            since: since)
    }

    @Test("A view names the homes of before and after, who reads and who is to be filled")
    func views() throws {
        let topology = try handmade(moves: [move(1, from: 3, 2)])
        topology.checkInvariants()
        let still = topology.view(of: first)
        #expect(!still.isMoving && still.readers == ids(1, 2) && still.all == ids(1, 2))
        #expect(still.filling.isEmpty && still.since == 0)
        let moving = topology.view(of: second)
        #expect(moving.isMoving && moving.homes == ids(3, 1) && moving.readers == ids(3, 2))
        #expect(moving.all == ids(3, 1, 2) && moving.filling == ids(1) && moving.since == 7)
        #expect(topology.preferenceOrder(of: second) == ids(3, 1))
        let fewer = try handmade(replicaCount: 1, homes: [0, 2], moves: [move(0, from: 1, 2)])
        #expect(fewer.view(of: first).filling == ids(1))
        #expect(fewer.view(of: second).filling.isEmpty)
    }

    @Test("Moves that break a rule are refused, and the refusal names the partition")
    func refused() {
        let cases: [(TopologyError, [PartitionMove])] = [
            (.movesNotSorted, [move(1, from: 3, 2), move(0, from: 1, 3)]),
            (.movesNotSorted, [move(0, from: 1, 3), move(0, from: 1, 3)]),
            (.moveOutOfBounds(Partition(index: 2)), [move(2, from: 1, 3)]),
            (.moveOutOfBounds(first), [move(0, from: 1, 3, since: 8)]),
            (.moveOutOfBounds(first), [move(0, from: 1, 3, since: 0)]),
            (.moveOutOfBounds(first), [move(0)]),
            (.homeIsNoMember(first), [move(0, from: 1, 4)]),
            (.homeRepeated(first), [move(0, from: 3, 3)]),
            (.moveChangesNothing(first), [move(0, from: 2, 1)]),
        ]
        for (refusal, moves) in cases {
            #expect(throws: refusal) { try handmade(moves: moves) }
        }
        #expect(throws: TopologyError.homeLeaves(first)) {
            try handmade(members: [member(1).standing(.leaves), member(2), member(3)])
        }
        #expect(throws: TopologyError.hasDeparted(NodeID(rawValue: 2))) {
            try handmade(departed: ids(9, 2))
        }
        #expect(throws: TopologyError.tooManyDeparted(1_025)) {
            try handmade(departed: (0..<1_025).map { NodeID(rawValue: 100 + $0) })
        }
    }

    @Test("Moves, those who leave and those who have left are part of the encoding")
    func codec() throws {
        let members = [member(1), member(2), member(3), member(4).standing(.leaves)]
        let topology = try handmade(
            members: members, moves: [move(0, from: 4, 2, since: 3), move(1, from: 3, 4)],
            departed: ids(8, 7))
        topology.checkInvariants()
        var reader = ByteReader(topology.encoded())
        let read = try Topology(from: &reader)
        #expect(read == topology && reader.isAtEnd && read.members[3].isLeaving)
        let others = try [
            handmade(members: members, moves: [move(0, from: 4, 2, since: 3)], departed: ids(8, 7)),
            handmade(
                members: members, moves: [move(0, from: 4, 2, since: 4), move(1, from: 3, 4)],
                departed: ids(8, 7)),
            handmade(
                members: members, moves: [move(0, from: 4, 2, since: 3), move(1, from: 3, 4)],
                departed: ids(7, 8)),
        ]
        #expect(Set(others.map(\.digest) + [topology.digest]).count == 4)
        let good = topology.encoded()
        for offset in good.indices {
            for byte in UInt8.min...UInt8.max where byte != good[offset] {
                var bytes = good
                bytes[offset] = byte
                var reader = ByteReader(bytes)
                (try? Topology(from: &reader))?.checkInvariants()
            }
        }
    }

    /// A plan after a plan, some of it completed, all of it called off, in any order: each epoch is
    /// sound, keeps the homes that hold all of a partition until others do, and says since when it
    /// moves to where it does.
    @Test("Every epoch of a random history follows from the one before", arguments: 0..<100)
    func histories(seed: Int) throws {
        var random = SeededRandom(seed: UInt64(seed), stream: "moving")
        var topology = try RandomRequest(seed: UInt64(seed)).plan().topology
        for number in 0..<20 {
            let next = try step(&random, after: topology, number: number)
            next.checkInvariants()
            #expect(next.epoch == topology.epoch + 1 && next.clusterID == topology.clusterID)
            check(next, after: topology)
            topology = next
        }
        let rest = try topology.completing(
            Set(topology.moves.map(\.partition)),
            departing: Set(topology.members.filter(\.isLeaving).map(\.id)))
        #expect(rest.moves.isEmpty && rest.members.allSatisfy { !$0.isLeaving })
    }

    private func step(
        _ random: inout SeededRandom, after topology: Topology, number: Int
    ) throws(TopologyError) -> Topology {
        switch random.below(4) {
        case 0:
            let moved = topology.moves.map(\.partition).filter { _ in random.chance(0.5) }
            let departing = topology.departing.filter { _ in random.chance(0.5) }
            return try topology.completing(Set(moved), departing: Set(departing))
        case 1:
            do throws(TopologyError) { return try topology.cancelled() } catch {
                if error != .cannotGoBack { throw error }
            }
        default: break
        }
        var members = topology.members
        if members.count > 1, random.chance(0.4) { members.remove(at: random.below(members.count)) }
        if random.chance(0.5) {
            members.append(
                RingMember(
                    id: NodeID(rawValue: random.next()), name: "s\(number)",
                    zone: "z\(random.below(3))", weight: UInt32(1 + random.below(5))))
        }
        let replicas = random.chance(0.2) ? 1 + random.below(5) : topology.replicaCount
        return try Planner.plan(after: topology, members: members, replicaCount: replicas).topology
    }

    private func check(_ next: Topology, after topology: Topology) {
        for partition in next.partitionCount.partitions {
            let (old, new) = (topology.view(of: partition), next.view(of: partition))
            let kept = Set(old.readers)
            if new.isMoving {
                #expect(Set(new.readers) == kept, "\(partition) is read elsewhere")
                let isOn = old.isMoving && Set(old.homes) == Set(new.homes)
                #expect(new.since == (isOn ? old.since : next.epoch))
                #expect(!new.filling.isEmpty && Set(new.filling).isSubset(of: new.homes))
            } else {
                // It stays, has gone back, or has arrived.
                let homes = Set(new.homes)
                #expect(homes == kept || old.isMoving && homes == Set(old.homes))
            }
        }
        for id in topology.members.map(\.id) where next.member(id) == nil {
            let held = topology.partitionCount.partitions.contains {
                topology.view(of: $0).readers.contains(id)
            }
            #expect(next.departed.contains(id) == (held || topology.member(id)!.isLeaving))
        }
    }

    @Test("A change that is called off leaves the ring as it was, and the new node may come again")
    func cancel() throws {
        let present = try Planner.plan(
            members: members(zoneSizes: [3]), replicaCount: 3, clusterName: "test", clusterID: 1,
            secret: secret(of: 1)
        ).topology
        let joining = try Planner.plan(
            after: present, members: present.members + [member(4, zone: "zone0")], replicaCount: 3
        ).topology
        #expect(joining.moves.count == 768)
        let back = try joining.cancelled()
        #expect(back.homeIndexes == present.homeIndexes && back.members == present.members)
        #expect(back.moves.isEmpty && back.departed.isEmpty && back.epoch == present.epoch + 2)
        let wider = try Planner.plan(
            after: present, members: present.members + members(zoneSizes: [5]).suffix(2),
            replicaCount: 5
        ).topology
        let half = try wider.completing([Partition(index: 0)])
        #expect(throws: TopologyError.cannotGoBack) { try half.cancelled() }
    }

    @Test("A node that goes on with another disk is named so, and stays so through every change")
    func disks() throws {
        let moving = try handmade(moves: [move(1, from: 3, 2)])
        let enlisted = try moving.enlisting(NodeID(rawValue: 2), disk: 77)
        #expect(enlisted.epoch == 8 && enlisted.members.map(\.disk) == [0, 77, 0])
        #expect(enlisted.moves == moving.moves && enlisted.homeIndexes == moving.homeIndexes)
        var reader = ByteReader(enlisted.encoded())
        #expect(try Topology(from: &reader) == enlisted)
        let weighed = try Planner.plan(
            after: enlisted, [.weigh("n2", weight: 3), .rezone("n2", zone: "c")]
        ).topology
        #expect(weighed.members[1].disk == 77 && weighed.members[1].weight == 3)
        #expect(try weighed.completing(Set(weighed.moves.map(\.partition))).members[1].disk == 77)
        #expect(try enlisted.cancelled().members[1].disk == 77)
    }

    @Test("A node that is gone is not waited for")
    func remove() throws {
        let present = try Planner.plan(
            members: members(zoneSizes: [4]), replicaCount: 3, clusterName: "test", clusterID: 1,
            secret: secret(of: 1)
        ).topology
        let removing = try Planner.plan(after: present, [.remove("n1")]).topology
        #expect(removing.members[0].standing == .isGone)
        let removed = try removing.completing(Set(removing.moves.map(\.partition)))
        #expect(removed.members.count == 3 && removed.departed == [NodeID(rawValue: 1)])
    }

    @Test("A node leaves once nothing moves away from it and it says so, and may not come back")
    func depart() throws {
        let present = try Planner.plan(
            members: members(zoneSizes: [4]), replicaCount: 3, clusterName: "test", clusterID: 1,
            secret: secret(of: 1)
        ).topology
        let gone = try #require(present.members.first)
        let leaving = try Planner.plan(
            after: present, members: Array(present.members.dropFirst()), replicaCount: 3
        ).topology
        #expect(leaving.member(gone.id)?.isLeaving == true)
        let moving = leaving.moves.map(\.partition)
        let nearly = try leaving.completing(Set(moving.dropLast()), departing: [gone.id])
        #expect(nearly.member(gone.id) != nil && nearly.moves.count == 1)
        let moved = try nearly.completing(Set(moving.suffix(1)))
        #expect(moved.moves.isEmpty && moved.departing == [gone.id], "it may hold hints still")
        let left = try moved.completing([], departing: [gone.id])
        #expect(left.member(gone.id) == nil && left.departed == [gone.id])
        #expect(throws: TopologyError.hasDeparted(gone.id)) {
            try Planner.plan(after: left, members: left.members + [gone], replicaCount: 3)
        }
    }
}
