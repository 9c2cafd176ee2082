// Anti-entropy while partitions move: who is compared, what a change leaves alone, and from when on
// others' word counts.
import MartletBase
import MartletRing
import MartletVersions
import MartletWire
import Testing

@testable import MartletAntiEntropy

@Suite("Anti-entropy of moving partitions")
struct MovingPartitionTests {
    /// The ring of a stand with a fourth node, under which partitions move from their homes to node
    /// 4 in the place of node 1, or have moved there.
    private func ring(
        _ stand: PartStand, epoch: UInt64, moving: [UInt16], moved: [UInt16] = []
    ) throws -> Topology {
        let present = try #require(stand.here.topology)
        let fourth = RingMember(id: NodeID(rawValue: 4), name: "fourth", zone: "", weight: 1)
        let members = present.members.filter { $0.id != fourth.id } + [fourth]
        let homes = present.partitionCount.partitions.flatMap { partition in
            (0..<3).map { place -> UInt16 in
                let home = UInt16((Int(partition.index) + place) % 3)
                let goes = (moving + moved).contains(partition.index)
                return goes && home == 0 ? 3 : home
            }
        }
        return try Topology(
            epoch: epoch, clusterName: present.clusterName, clusterID: present.clusterID,
            secret: present.secret, replicaCount: 3, partitionCount: present.partitionCount,
            members: members, homeIndexes: homes,
            moves: moving.map { partition in
                PartitionMove(
                    partition: Partition(index: partition),
                    former: (0..<3).map { NodeID(rawValue: UInt64((Int(partition) + $0) % 3 + 1)) },
                    since: 5)
            })
    }

    private func change(_ stand: inout PartStand, to ring: Topology) {
        stand.here.topologyChanged(ring)
        stand.times.topologyChanged(stand.here)
        stand.times.checkInvariants(stand.here)
    }

    @Test("A change concerns the partitions that move, and leaves their homes of before compared")
    func views() throws {
        var stand = try PartStand()
        #expect(stand.here.changed == [0, 1, 2, 3] && stand.here.owned == [0, 1, 2, 3])
        change(&stand, to: try ring(stand, epoch: 5, moving: [1, 2]))
        #expect(stand.here.changed == [1, 2] && stand.here.owned == [0, 1, 2, 3])
        #expect(stand.here.isMoving(1) && !stand.here.isMoving(0))
        #expect(stand.here.otherHomes(of: 1)?.map(\.rawValue) == [2, 3])
        change(&stand, to: try ring(stand, epoch: 6, moving: [2], moved: [1]))
        #expect(stand.here.changed == [1] && stand.here.owned == [0, 2, 3])
        #expect(stand.here.otherHomes(of: 1) == nil && !stand.here.isFilling(1))
        #expect((0..<4).map { stand.here.epoch(of: $0) } == [4, 6, 5, 4])
    }

    @Test("A promise counts once it was told by a ring with the homes that there are")
    func promises() throws {
        var stand = try PartStand()
        var promises = Promises(from: stand.engine)
        let floor = HybridTimestamp(WallTime(milliseconds: 1_000))
        for node in [UInt64(1), 2, 3, 4] {
            promises.received(
                Promise(floor: floor, hinted: [], epoch: 5), from: Peer(NodeID(rawValue: node)),
                into: &stand.effects)
        }
        change(&stand, to: try ring(stand, epoch: 5, moving: [1]))
        #expect(promises.provable(0, stand.here) == .success(floor))
        change(&stand, to: try ring(stand, epoch: 6, moving: [], moved: [1]))
        #expect(promises.provable(0, stand.here) == .success(floor), "it has not changed")
        #expect(promises.provable(1, stand.here) == .failure(.silent(NodeID(rawValue: 1))))
        for node in [UInt64(1), 2, 3, 4] {
            promises.received(
                Promise(floor: floor, hinted: node == 1 ? [1] : [], epoch: 6),
                from: Peer(NodeID(rawValue: node)), into: &stand.effects)
        }
        #expect(
            promises.provable(1, stand.here) == .failure(.hinting(NodeID(rawValue: 1))),
            "who was a home may hold what no home has")
    }

    @Test("What a home of before knows to be settled is gone by once the partition is filled")
    func learnt() throws {
        var stand = try PartStand()
        let early = HybridTimestamp(WallTime(milliseconds: 1_000))
        let late = HybridTimestamp(WallTime(milliseconds: 2_000))
        stand.times.learn(late, of: 1, stand.here)
        #expect(stand.times.watermark(1).bits == 0, "a home learns by comparing")
        change(&stand, to: try ring(stand, epoch: 5, moving: [], moved: [1]))
        // It comes back as a home: in the place of node 4.
        let away = try #require(stand.here.topology)
        let back = try Topology(
            epoch: 6, clusterName: away.clusterName, clusterID: away.clusterID,
            secret: away.secret, replicaCount: 3, partitionCount: away.partitionCount,
            members: away.members,
            homeIndexes: (0..<4).flatMap { partition in
                (0..<3).map { UInt16((partition + $0) % 3) }
            },
            moves: [
                PartitionMove(
                    partition: Partition(index: 1), former: away.homes(of: Partition(index: 1)),
                    since: 6)
            ])
        change(&stand, to: back)
        #expect(stand.here.isFilling(1))
        for watermark in [early, late, early] { stand.times.learn(watermark, of: 1, stand.here) }
        #expect(stand.times.trusted(1).bits == 0, "it holds not all of it yet")
        change(
            &stand,
            to: try Topology(
                epoch: 7, clusterName: back.clusterName, clusterID: back.clusterID,
                secret: back.secret, replicaCount: 3, partitionCount: back.partitionCount,
                members: back.members, homeIndexes: back.homeIndexes))
        #expect(stand.times.trusted(1) == late)
        change(&stand, to: try ring(stand, epoch: 8, moving: [], moved: [1]))
        change(&stand, to: try back.later(epoch: 9))
        #expect(stand.times.trusted(1).bits == 0, "what it knew went with what it held")
    }

    @Test("A partition that was in doubt is doubted until it is equal to all that are homes now")
    func doubts() throws {
        var stand = try PartStand()
        _ = stand.times.damageFound(in: [0, 2], stand.here, into: &stand.effects)
        change(&stand, to: try ring(stand, epoch: 5, moving: [2]))
        #expect(stand.times.isDoubted(0) && stand.times.isDoubted(2))
        change(&stand, to: try ring(stand, epoch: 6, moving: [], moved: [2]))
        #expect(stand.times.isDoubted(0) && !stand.times.isDoubted(2))
    }
}

extension Topology {
    /// The same homes, to which nothing moves any more, in a later epoch.
    fileprivate func later(epoch: UInt64) throws -> Topology {
        try Topology(
            epoch: epoch, clusterName: clusterName, clusterID: clusterID, secret: secret,
            replicaCount: replicaCount, partitionCount: partitionCount, members: members,
            homeIndexes: homeIndexes)
    }
}
