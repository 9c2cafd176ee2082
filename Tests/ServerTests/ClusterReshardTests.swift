// Another number of shards for stopped nodes, with real servers before and after.
import Foundation
import Logging
import MartletBase
import MartletClient
import MartletServer
import MartletViews
import Testing

extension Clusters {
    @Suite("Changes of the number of shards")
    struct Resharded {
        private static let keys = (0..<200).map { "key-\($0)" }

        private static func change(_ place: ClusterPlan.Place, to count: Int) throws {
            let change = ShardChange(place.data)
            var partitions: [Int] = []
            try change.prepare(count) { partitions.append($0.partitions) }
            #expect(partitions == partitions.sorted() && partitions.last == 64)
            try change.finish()
            #expect(!change.isDecided)
        }

        @Test("What nodes hold, keep for others and have proven is there after each change")
        func cluster() async throws {
            try await ServerCluster.run(3) { cluster in
                let plan = cluster.plan
                let all = WriteConsistency(w: .all)
                try await plan.withClient(0) { client in
                    for key in Self.keys.prefix(100) {
                        try await client.put(key, key, consistency: all)
                    }
                    let written = try await client.put("gone", "v", consistency: all)
                    let context = try #require(written.context)
                    _ = try await client.delete("gone", context: context)
                }
                try await eventually("every partition is settled") {
                    try await plan.status(0).settled.unproven == 0
                }
                await cluster.stop(2)
                try await plan.withClient(0) { client in
                    for key in Self.keys.dropFirst(100) { try await client.put(key, key) }
                }
                let before = try await plan.status(0)
                await cluster.stop(0)
                await cluster.stop(1)
                var used = Set(before.actors)
                for count in [3, 2, 1] {
                    for place in plan.places { try Self.change(place, to: count) }
                    for index in plan.places.indices { try await cluster.start(index) }
                    try await plan.untilWhole()
                    let after = try await plan.status(0)
                    #expect(after.id == before.id && after.actors.count == count)
                    #expect(after.epoch == before.epoch && after.settled.unproven == 0)
                    // The trees are right: a scan that checks one finds nothing to mend, and none
                    // is made anew but the one that each shard begins its checks with.
                    #expect(after.keys.held == Self.keys.count)
                    #expect(after.antiEntropy.treesBuilt <= UInt64(count))
                    #expect(after.antiEntropy.treesMended == 0)
                    // No actor of a former life writes again.
                    #expect(used.isDisjoint(with: after.actors))
                    used.formUnion(after.actors)
                    try await plan.untilNoHints()
                    for index in plan.places.indices { await cluster.stop(index) }
                }
                // Each holds all by itself, the hints that went home on the way among it.
                try await cluster.start(2)
                try await plan.expectAll(Self.keys, at: 2, ReadConsistency(r: .one))
            }
        }

        @Test("A node is given other numbers of shards while those beside it serve")
        func alone() async throws {
            try await ServerCluster.run(3) { cluster in
                let plan = cluster.plan
                for (round, count) in [2, 5, 1].enumerated() {
                    await cluster.stop(1)
                    try await plan.withClient(0) { client in
                        for key in Self.keys {
                            try await client.put("\(key)-\(round)", "\(key)-\(round)")
                        }
                    }
                    try Self.change(plan.places[1], to: count)
                    try await cluster.start(1)
                    try await plan.untilWhole()
                    try await plan.untilNoHints()
                    #expect(try await plan.status(1).actors.count == count)
                    // It hears of what the others promise, and they of what it does.
                    try await eventually("every partition is settled") {
                        let statuses = [try await plan.status(0), try await plan.status(1)]
                        return statuses.allSatisfy { $0.settled.unproven == 0 }
                    }
                }
                await cluster.stop(0)
                await cluster.stop(2)
                for round in 0..<3 {
                    try await plan.expectAll(
                        Self.keys.map { "\($0)-\(round)" }, at: 1, ReadConsistency(r: .one))
                }
            }
        }

        @Test("Interrupted, a change has not happened, or is finished by the next call")
        func interrupted() async throws {
            let plan = try ClusterPlan(1)
            let place = plan.places[0]
            var log = Logger(label: "martlet") { StreamLogHandler.standardError(label: $0) }
            log.logLevel = .critical
            var configuration = plan.configuration(0)
            var server = try Server(configuration, log: log)
            configuration.shards = nil
            try await plan.create()
            try await plan.withClient(0) { client in
                for key in Self.keys { try await client.put(key, key) }
            }
            #expect {
                try ShardChange(place.data).prepare(2) { _ in }
            } throws: {
                $0 is ShardChangeError && "\($0)".contains("stop that node first")
            }
            // Nor does another process take the directory of a node that runs for an empty one.
            var other = configuration
            other.shards = 2
            #expect {
                _ = try Server(other, log: log)
            } throws: {
                "\($0)".contains("has 1 shards, and the configuration says 2")
            }
            server.stop()
            #expect(throws: ShardChangeError.self) {
                try ShardChange(place.data).prepare(1) { _ in }
            }

            // Half made: nothing has happened, and the next change begins anew.
            let files = FileManager.default
            try ShardChange(place.data).prepare(2) { _ in }
            try files.removeItem(atPath: "\(place.data)/resharding/complete")
            server = try Server(configuration, log: log)
            #expect(try await plan.status(0).actors.count == 1)
            server.stop()

            // Decided: nobody starts on it until it is finished, however far that has come.
            for (count, moved) in [(2, "shard-1"), (3, "shard-3"), (1, "shard-1/lock")] {
                let change = ShardChange(place.data)
                try change.prepare(count) { _ in }
                #expect(change.isDecided)
                #expect {
                    _ = try Server(configuration, log: log)
                } throws: {
                    "\($0)".contains("finish it with 'martlet storage reshard")
                }
                let made = "\(place.data)/resharding/\(moved)"
                let name = count == 1 ? "lock" : moved
                try? files.removeItem(atPath: "\(place.data)/\(name)")
                try files.moveItem(atPath: made, toPath: "\(place.data)/\(name)")
                try change.finish()
                server = try Server(configuration, log: log)
                try await plan.untilWhole()
                #expect(try await plan.status(0).actors.count == count)
                try await plan.expectAll(Self.keys, at: 0)
                server.stop()
            }
        }

        @Test("A directory with damage, or of no node, is not divided")
        func refusals() async throws {
            let plan = try ClusterPlan(1)
            let place = plan.places[0]
            #expect(throws: ShardChangeError.self) {
                try ShardChange(place.data).prepare(2) { _ in }
            }
            var log = Logger(label: "martlet") { StreamLogHandler.standardError(label: $0) }
            log.logLevel = .critical
            try Server(plan.configuration(0), log: log).stop()
            let files = FileManager.default
            let name = try #require(
                try files.contentsOfDirectory(atPath: place.data).first { $0.hasPrefix("log") })
            let path = "\(place.data)/\(name)"
            var bytes = try Data(contentsOf: URL(filePath: path))
            bytes[60] ^= 0x10
            try bytes.write(to: URL(filePath: path))
            #expect {
                try ShardChange(place.data).prepare(2) { _ in }
            } throws: {
                "\($0)".contains("start the node and wait")
            }
        }
    }
}
