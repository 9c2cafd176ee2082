// Nodes of several shards, on real sockets and a real disk: what clients see is one node, whichever
// of its loops they are connected to and whichever serves their keys.
import Foundation
import Logging
import MartletBase
import MartletClient
import MartletLocal
import MartletNode
import MartletRing
import MartletServer
import MartletViews
import MartletWire
import Testing

extension Clusters {
    @Suite("Nodes of several shards")
    struct Sharded {
        private static let keys = (0..<64).map { "key-\($0)" }

        /// As many connections of node `index` as it has loops: they are handed to one after the
        /// other.
        private static func connections(
            _ count: Int, _ plan: ClusterPlan, _ index: Int
        ) async throws -> [MartletClient] {
            var clients: [MartletClient] = []
            for _ in 0..<count {
                let endpoint = "127.0.0.1:\(plan.places[index].client)"
                clients.append(try await MartletClient.connect(to: [endpoint]))
            }
            return clients
        }

        @Test(
            "Every loop of every node answers for every key, and tells of all shards",
            arguments: [[3], [2, 1, 3]])
        func everyLoopServes(shards: [Int]) async throws {
            try await ServerCluster.run(3, shards: shards) { cluster in
                let plan = cluster.plan
                let all = WriteConsistency(w: .all, dw: .all)
                try await plan.withClient(0) { client in
                    for key in Self.keys { try await client.put(key, key, consistency: all) }
                }
                for index in plan.places.indices {
                    let count = shards[index % shards.count]
                    let clients = try await Self.connections(count, plan, index)
                    for client in clients {
                        for key in Self.keys {
                            let found = try await client.get(key)
                            #expect(found.value == Array(key.utf8))
                        }
                        // All homes hold every key, whichever shard of theirs it belongs to.
                        let size = try await client.command("DBSIZE")
                        #expect(size == .integer(Int64(Self.keys.count)))
                        let info = try await client.command("INFO", "keyspace")
                        #expect(info.text?.contains("keys=\(Self.keys.count),") == true)
                        let list = try await client.command("CLIENT", "LIST")
                        #expect(list.text?.split(separator: "\n").count == clients.count)
                        let holds = try await client.view(
                            ExplanationView.self, ["MARTLET.EXPLAIN", Self.keys[7]])
                        #expect(holds.isHome && holds.object?.siblings.count == 1)
                    }
                    let status = try await plan.status(index)
                    #expect(Set(status.actors).count == count)
                    #expect(status.ready && status.members.count == 3)
                    #expect(status.settled.partitions == 64)
                    for client in clients { await client.close() }
                }
            }
        }

        @Test(
            "Each shard hands over what it kept for a node that was away, and compares its own",
            arguments: [[2], [3, 2, 1], [1, 3, 4]])
        func hintsAndRepair(shards: [Int]) async throws {
            try await ServerCluster.run(3, shards: shards) { cluster in
                let plan = cluster.plan
                await cluster.stop(2)
                try await plan.withClient(0) { client in
                    for key in Self.keys { try await client.put(key, key) }
                }
                try await cluster.start(2)
                try await plan.untilWhole()
                try await plan.untilNoHints()
                let begun = try await plan.withClient(2) {
                    try await $0.view(RepairView.self, ["MARTLET.REPAIR"]).begun
                }
                #expect(begun == 64)
                try await eventually("every partition is settled") {
                    try await plan.status(2).settled.unproven == 0
                }
                let ring = try await plan.withClient(2) {
                    try await $0.view(RingView.self, ["MARTLET.RING", "FULL"])
                }
                #expect(ring.homes?.count == 64)
                #expect(ring.homes?.allSatisfy { $0.settledAge != nil } == true)
                await cluster.stop(0)
                await cluster.stop(1)
                try await plan.expectAll(Self.keys, at: 2, ReadConsistency(r: .one))
            }
        }

        @Test("A directory keeps its number of shards, and says so to whoever wants another")
        func numberIsFixed() async throws {
            let plan = try ClusterPlan(1)
            var log = Logger(label: "martlet") { StreamLogHandler.standardError(label: $0) }
            log.logLevel = .critical
            var configuration = plan.configuration(0)
            configuration.shards = 2
            try Server(configuration, log: log).stop()
            for wanted in [1, 3] {
                configuration.shards = wanted
                #expect {
                    _ = try Server(configuration, log: log)
                } throws: {
                    "\($0)".contains("has 2 shards, and the configuration says \(wanted)")
                }
            }
            configuration.shards = nil
            let server = try Server(configuration, log: log)
            try await plan.create()
            #expect(try await plan.status(0).actors.count == 2)
            server.stop()
            try FileManager.default.removeItem(atPath: "\(configuration.dataDirectory)/shard-1")
            #expect(throws: ServerError.self) { _ = try Server(configuration, log: log) }

            let single = try ClusterPlan(1)
            configuration = single.configuration(0)
            try Server(configuration, log: log).stop()
            configuration.shards = 2
            #expect {
                _ = try Server(configuration, log: log)
            } throws: {
                "\($0)".contains("has 1 shards, and the configuration says 2")
            }
        }

        @Test("Whoever dials a node and is wrong about its shards is told how many they are")
        func wronglyDialled() async throws {
            try await ServerCluster.run(1, shards: [2]) { cluster in
                let plan = cluster.plan
                let node = try #require(NodeID(try await plan.status(0).id))
                try await blocking {
                    // There is no third shard, and the second serves nothing that the first of two
                    // does.
                    for (own, sought) in [(Shard.only, 2), (Shard(index: 0, of: 2), 1)] {
                        let peer = try HandmadePeer(
                            NodeID(rawValue: 5), own, dialling: plan.places[0].peer, sought: node,
                            shard: sought, cluster: plan.clusterName)
                        #expect(peer.answer.shard.count == 2)
                        #expect(try peer.receive() == nil)
                    }
                    let peers = try (0..<2).map { index in
                        let peer = try HandmadePeer(
                            NodeID(rawValue: 5), dialling: plan.places[0].peer, sought: node,
                            shard: index, cluster: plan.clusterName)
                        #expect(peer.answer.shard == Shard(index: index, of: 2))
                        peer.begin(as: Clusters.Processes.member(NodeID(rawValue: 5)))
                        return peer
                    }
                    #expect(try peers[0].exchange().members.map(\.id).contains(node))
                }
            }
        }
    }
}
