// Whom a shard can send to where nodes are divided into different numbers of shards, and which
// shard of theirs gets what.
import MartletBase
import MartletReplication
import MartletRing
import MartletStorage
import MartletWire
import Testing

@testable import MartletNode

@Suite("Links of a shard") struct ShardLinksTests {
    private static let node = NodeID(rawValue: 2)

    private static func peer(_ index: Int, of count: Int) -> Peer {
        Peer(node, Shard(index: index, of: count))
    }

    @Test("A node is linked to once all its shards are that serve the same partitions")
    func complete() {
        // The middle third meets the second and the third quarter.
        var links = ShardLinks(of: Shard(index: 1, of: 3))
        links.open(Self.peer(1, of: 4))
        #expect(links.complete == [] && links.shardCount(of: Self.node) == 4)
        links.open(Self.peer(2, of: 4))
        links.open(Self.peer(2, of: 4))
        #expect(links.complete == [Self.node])
        links.close(Self.peer(1, of: 4))
        #expect(links.complete == [])
        links.open(Self.peer(1, of: 4))
        // One that its former division had says nothing of it.
        links.close(Self.peer(1, of: 5))
        #expect(links.complete == [Self.node])
        links.checkInvariants()
        links.closeAll(to: Self.node)
        #expect(links.complete == [] && links.shardCount(of: Self.node) == nil)
        links.close(Self.peer(1, of: 4))
        links.checkInvariants()
    }

    /// Of a ring of two, the first of which is the host.
    private static func host() throws -> Host {
        var host = try Host(MemoryDisk())
        let members = [host.core.identity.id, node].enumerated().map { index, id in
            RingMember(id: id, name: "n\(index + 1)", zone: "", weight: 1)
        }
        var random = SeededRandom(seed: 1)
        let ring = try Planner.plan(
            members: members, replicaCount: 2, partitionCount: .standard, clusterName: "stage",
            clusterID: 1, secret: .drawn(by: &random)
        ).topology
        _ = host.offer(ring)
        return host
    }

    @Test("A node that comes back divided anew is sent to as it is now")
    func dividedAnew() throws {
        var host = try Self.host()
        let ring = try #require(host.core.topology)
        func partition(_ key: String) -> Int { Int(ring.partition(ofKey: Bytes(text: key)).index) }
        /// Which shards are asked for keys all over the ring, by the quarters that the keys are of.
        func asked() -> [Int: Set<Peer>] {
            var asked: [Int: Set<Peer>] = [:]
            for number in 0..<64 {
                let key = "key-\(number)"
                var options = ReadOptions()
                options.r = .all
                let request = ClientRequest(key: Bytes(text: key), operation: .get(options))
                let work = host.handle(
                    .requestReceived(RequestID(rawValue: UInt64(number)), request))
                let quarter = partition(key) * 4 / ring.partitionCount.value
                asked[quarter, default: []].formUnion(work.outbox.letters.map(\.peer))
            }
            return asked
        }
        for index in 0..<4 {
            #expect(!host.core.isReachable(Self.node))
            _ = host.handle(.linkOpened(Self.peer(index, of: 4)))
        }
        #expect(host.core.isReachable(Self.node))
        let quarters = asked()
        for index in 0..<4 { #expect(quarters[index] == [Self.peer(index, of: 4)]) }

        // Its links of before seem to stand.
        _ = host.handle(.linkOpened(Self.peer(0, of: 2)))
        #expect(!host.core.isReachable(Self.node))
        _ = host.handle(.linkOpened(Self.peer(1, of: 2)))
        #expect(host.core.isReachable(Self.node))
        _ = host.handle(.linkClosed(Self.peer(1, of: 4)))
        #expect(host.core.isReachable(Self.node))
        let halves = asked()
        for index in 0..<4 { #expect(halves[index] == [Self.peer(index / 2, of: 2)]) }
        #expect(host.core.rareBranches.contains("node/peer-divided-anew"))
    }
}
