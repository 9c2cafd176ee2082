// Nodes join and leave a cluster of real servers with data, as an operator has them do so.
import Foundation
import MartletClient
import MartletViews
import Testing

extension ClusterPlan {
    /// What node `index` knows of the ring.
    func ring(_ index: Int) async throws -> RingView {
        try await view(index, ["MARTLET.RING"])
    }

    func view<View: Decodable & Sendable>(_ index: Int, _ words: [String]) async throws -> View {
        let reply = try await withClient(index) {
            try await $0.command(words.map { Array($0.utf8) })
        }
        let json = try #require(reply.text)
        return try JSONDecoder().decode(View.self, from: Data(json.utf8))
    }

    /// Waits until `indices` know a ring of `epoch` or later in which nothing moves, and have
    /// nothing left to take over or to hand over.
    func untilNothingMoves(_ indices: [Int], since epoch: UInt64) async throws {
        for index in indices {
            try await eventually("nothing moves at \(places[index].name)") {
                let transfers: TransfersView = try await view(
                    index, ["MARTLET.CLUSTER", "TRANSFERS"])
                return transfers.epoch >= epoch && transfers.moving == 0
                    && transfers.groups.isEmpty
            }
        }
    }

    /// Waits until node 0 knows that node `index` runs, and node `index` the ring.
    func untilKnown(_ index: Int) async throws {
        let name = places[index].name
        try await eventually("\(name) and the others know each other") {
            let known = try await ring(0).members.contains {
                $0.name == name && $0.state == "alive"
            }
            let status = try await status(index)
            return known && status.ready
        }
    }
}

extension Clusters {
    @Suite("Nodes join and leave")
    struct Joining {
        private static let keys = (0..<600).map { "key-\($0)" }

        private static let strict = ReadConsistency(r: .majority, pr: .majority)

        private func write(
            _ keys: some Sequence<String> & Sendable, _ plan: ClusterPlan, at index: Int
        )
            async throws
        {
            try await plan.withClient(index) { client in
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for key in keys {
                        group.addTask {
                            try await client.put(
                                key, key, consistency: WriteConsistency(w: .majority, pw: .majority)
                            )
                        }
                    }
                    try await group.waitForAll()
                }
            }
        }

        private func expectAll(_ plan: ClusterPlan, at indices: [Int]) async throws {
            for index in indices {
                try await plan.expectAll(Self.keys, at: index, Self.strict)
                try await plan.expectAll(
                    Self.keys, at: index, ReadConsistency(r: .all, pr: .all))
            }
        }

        @Test("A fourth node gets its share, and one of the first leaves; nothing is lost")
        func joinAndLeave() async throws {
            try await ServerCluster.run(3, spare: 1) { cluster in
                let plan = cluster.plan
                try await write(Self.keys.prefix(300), plan, at: 0)
                try await cluster.start(3)
                try await plan.untilKnown(3)
                let fresh = try await plan.ring(3)
                #expect(fresh.epoch == 1, "who joins knows the ring before")
                try await plan.expectAll(Array(Self.keys.prefix(300)), at: 3)

                try await plan.withClient(0) { client in
                    #expect(try await client.stage(.join("n4")) == ["n4 joins"])
                    let json = try await client.planStaged()
                    let view = try JSONDecoder().decode(PlanView.self, from: Data(json))
                    #expect(view.nextEpoch == 2 && view.transfers == view.leastTransfers)
                    #expect(view.nodes.last?.name == "n4" && view.nodes.last?.gained == 48)
                    await #expect(throws: MartletError.self) {
                        try await client.commitStaged(epoch: 1)
                    }
                    #expect(try await client.commitStaged(epoch: 2) == 2)
                }
                try await write(Self.keys.dropFirst(300), plan, at: 3)
                try await plan.untilNothingMoves(Array(0..<4), since: 3)
                let ring = try await plan.ring(3)
                #expect(ring.members.map(\.partitionsAsHome) == [48, 48, 48, 48])
                try await expectAll(plan, at: Array(0..<4))
                #expect(try await plan.status(3).keys.held > 300)

                try await plan.withClient(3) { client in
                    #expect(try await client.stage(.leave("n2")) == ["n2 leaves"])
                    try await client.commitStaged()
                }
                try await plan.untilNothingMoves(Array(0..<4), since: ring.epoch + 2)
                let smaller = try await plan.ring(0)
                #expect(smaller.members.filter(\.inRing).map(\.name) == ["n1", "n3", "n4"])
                #expect(try await plan.status(1).keys.held == 0, "n2 has handed over all")
                try await expectAll(plan, at: [0, 2, 3])
                await cluster.stop(1)
                try await plan.expectAll(Self.keys, at: 3, Self.strict)
            }
        }

        @Test("A lost node is removed, and its copies are made again from the others'")
        func remove() async throws {
            try await ServerCluster.run(4) { cluster in
                let plan = cluster.plan
                try await write(Self.keys, plan, at: 0)
                await cluster.stop(1)
                try await eventually("n1 finds that n2 is away") {
                    try await plan.ring(0).members.contains { $0.state == "unreachable" }
                }
                let epoch = try await plan.withClient(0) { client in
                    try await client.stage(.leave("n2"))
                    let json = try await client.planStaged()
                    let view = try JSONDecoder().decode(PlanView.self, from: Data(json))
                    #expect(view.warnings.contains { $0.hasPrefix("n2 does not answer: what") })
                    #expect(view.tolerance.before == 0 && view.tolerance.after == 1)
                    return try await client.commitStaged()
                }
                try await plan.untilNothingMoves([0, 2, 3], since: epoch + 1)
                try await expectAll(plan, at: [0, 2, 3])
            }
        }

        @Test("A change is called off midway, and the homes before have everything")
        func cancel() async throws {
            try await ServerCluster.run(3, spare: 1) { cluster in
                let plan = cluster.plan
                try await write(Self.keys, plan, at: 0)
                try await cluster.start(3)
                try await plan.untilKnown(3)
                try await plan.withClient(1) { client in
                    try await client.stage(.join("n4"))
                    try await client.commitStaged()
                }
                // What has moved by then stays.
                let epoch = try await plan.withClient(1) { try await $0.cancelMoves() }
                #expect(epoch >= 3)
                try await plan.untilNothingMoves(Array(0..<4), since: epoch)
                try await expectAll(plan, at: Array(0..<3))

                let first = try await plan.ring(0)
                #expect(first.members.map(\.partitionsAsHome) == [64, 64, 64, 0])
            }
        }
    }
}
