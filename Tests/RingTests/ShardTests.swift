// Which shard of a node serves a partition.
import MartletBase
import MartletRing
import Testing

@Suite("Shards") struct ShardTests {
    @Test("Every partition has one shard, whatever their numbers", arguments: 1...Shard.limit)
    func everyPartitionIsServed(count: Int) throws {
        for exponent in UInt8(0)...14 {
            let partitions = try #require(PartitionCount(exponent: exponent))
            let shards = (0..<count).map { Shard(index: $0, of: count) }
            for partition in partitions.partitions {
                let index = Shard.index(of: partition, of: partitions, among: count)
                #expect(shards[index].serves(partition, of: partitions))
                if exponent <= 6 {
                    #expect(shards.count { $0.serves(partition, of: partitions) } == 1)
                }
            }
        }
    }

    @Test("Doubling the partitions moves nothing from shard to shard", arguments: [1, 2, 3, 7, 64])
    func doubling(count: Int) throws {
        for exponent in UInt8(6)..<14 {
            let partitions = try #require(PartitionCount(exponent: exponent))
            let doubled = try #require(PartitionCount(exponent: exponent + 1))
            for partition in partitions.partitions {
                let shard = Shard.index(of: partition, of: partitions, among: count)
                let half = Partition(index: 2 * partition.index)
                #expect(Shard.index(of: half, of: doubled, among: count) == shard)
            }
        }
    }

    @Test("Shards of a node are homes of about as many partitions each")
    func fairShares() throws {
        let members = (1...5).map { number in
            RingMember(
                id: NodeID(rawValue: UInt64(number)), name: "n\(number)", zone: "", weight: 1)
        }
        var random = SeededRandom(seed: 5)
        let topology = try Planner.plan(
            members: members, replicaCount: 3, partitionCount: .standard, clusterName: "shards",
            clusterID: 1, secret: .drawn(by: &random)
        ).topology
        for member in members {
            var owned = [Int](repeating: 0, count: 4)
            for partition in topology.partitionCount.partitions
            where topology.homes(of: partition).contains(member.id) {
                owned[Shard.index(of: partition, of: topology.partitionCount, among: 4)] += 1
            }
            // 614 homes on four shards are 154 each, give or take a fifth.
            #expect(owned.allSatisfy { (123...185).contains($0) }, "\(owned)")
        }
    }

    @Test(
        "Two shards are counterparts where both serve a partition",
        arguments: [1, 2, 3, 8, 63, 64], [1, 2, 5, 12, 63, 64])
    func counterparts(count: Int, other: Int) throws {
        // Enough for any two of so many shards to share one where they overlap.
        let partitions = try #require(PartitionCount(exponent: 12))
        var shared: Set<[Int]> = []
        for partition in partitions.partitions {
            shared.insert([
                Shard.index(of: partition, of: partitions, among: count),
                Shard.index(of: partition, of: partitions, among: other),
            ])
        }
        for index in 0..<count {
            let shard = Shard(index: index, of: count)
            let met = (0..<other).filter { shared.contains([index, $0]) }
            #expect(met == Array(shard.counterparts(among: other)))
            for index in met { #expect(Shard(index: index, of: other).meets(shard)) }
        }
    }

    @Test("A shard says which it is as people count")
    func text() {
        #expect(Shard(index: 1, of: 4).description == "2/4")
        #expect(Shard.only.description == "1/1")
    }
}
