// What the CLI asks of all nodes at once, against three servers in one process.
import MartletClient
import MartletLocal
import MartletServer
import MartletViews
import Testing

@testable import martlet

extension Clusters {
    @Suite("Repair and explanation of a cluster")
    struct Repairing {
        private static func explain(_ key: String, _ plan: ClusterPlan) async throws -> Explanation
        {
            let place = try await plan.withClient(0) {
                try await $0.view(KeyView.self, ["MARTLET.KEY", key])
            }
            return await Explanation.ask(of: key, at: place)
        }

        private static func repair(_ plan: ClusterPlan) async -> (RepairRun, NodeClients) {
            let clients = await NodeClients.connect(
                to: plan.places.map {
                    NodeClients.Place(name: $0.name, endpoint: "127.0.0.1:\($0.client)")
                })
            return (RepairRun(clients, words: ["MARTLET.REPAIR"]), clients)
        }

        @Test("A deleted key is explained at every home, until its last trace is gone from all")
        func deletedKey() async throws {
            try await ServerCluster.run(3) { cluster in
                let plan = cluster.plan
                let all = WriteConsistency(w: .all)
                try await plan.withClient(0) { client in
                    let written = try await client.put("k", "v", consistency: all)
                    let context = try #require(written.context)
                    _ = try await client.delete("k", context: context, consistency: all)
                }
                let deleted = try await Self.explain("k", plan)
                #expect(deleted.nodes.map(\.node) == deleted.place.homes.map(\.name))
                #expect(deleted.away.isEmpty && deleted.nodes.allSatisfy(\.isHome))
                let lines = ExplanationText.lines(deleted)
                #expect(lines.contains("all 3 homes hold the same"), "\(lines)")
                try await eventually("the last trace is gone") {
                    try await Self.explain("k", plan).nodes.allSatisfy { $0.object == nil }
                }
                let gone = try await Self.explain("k", plan)
                for view in gone.nodes {
                    let settling = try #require(view.settling)
                    #expect(settling.watermark != nil && settling.tree?.count == 0)
                }
            }
        }

        @Test("A home that is away is told by repairs and explanations, and its hints are shown")
        func awayHome() async throws {
            try await ServerCluster.run(3) { cluster in
                let plan = cluster.plan
                await cluster.stop(2)
                try await plan.withClient(0) { _ = try await $0.put("k", "v") }
                try await eventually("a hint for n3 is explained") {
                    let explanation = try await Self.explain("k", plan)
                    return explanation.away == ["n3"]
                        && explanation.nodes.contains { $0.hints.map(\.home) == ["n3"] }
                        && explanation.nodes.contains {
                            $0.settling?.heldBackBy.contains("n3, a home, cannot be reached")
                                == true
                        }
                }
                var (run, clients) = await Self.repair(plan)
                try await run.begin()
                await clients.close()
                #expect(
                    run.report.away == ["n3"] && run.report.nodes.map(\.partitions) == [64, 64])

                try await cluster.start(2)
                try await plan.untilWhole()
                try await plan.untilNoHints()
                (run, clients) = await Self.repair(plan)
                try await run.watch()
                await clients.close()
                #expect(run.report.isComplete && run.report.away.isEmpty)
                #expect(run.report.nodes.allSatisfy { $0.partitions == 64 && $0.compared >= 128 })
                let explanation = try await Self.explain("k", plan)
                let first = try #require(explanation.nodes.first?.object)
                #expect(explanation.nodes.count == 3)
                #expect(explanation.nodes.allSatisfy { $0.object == first && $0.hints.isEmpty })
            }
        }
    }
}
