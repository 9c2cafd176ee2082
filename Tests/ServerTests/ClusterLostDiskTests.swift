// A node whose disk is lost, replaced in place, against three servers in one process.
import MartletBase
import MartletClient
import MartletLocal
import MartletServer
import MartletViews
import Testing

@testable import martlet

extension Clusters {
    @Suite("A lost disk")
    struct LostDisk {
        @Test(
            "A node goes on in place on an empty directory, and all that was there is there again")
        func replaced() async throws {
            try await ServerCluster.run(3) { cluster in
                let plan = cluster.plan
                let keys = (0..<200).map { "key-\($0)" }
                try await plan.withClient(0) { client in
                    for key in keys {
                        try await client.put(key, key, consistency: WriteConsistency(w: .all))
                    }
                }
                let lost = try await plan.status(2)
                await cluster.stop(2)
                try await plan.withClient(0) { _ = try await $0.put("late", "late") }
                try await cluster.startOver(2, inPlaceOf: lost.id)
                // It has its ring back, by gossip, and takes its part again.
                try await plan.untilWhole()
                let back = try await plan.status(2)
                #expect(back.id == lost.id && back.actors != lost.actors)
                #expect(back.members.filter(\.inRing).count == 3)

                let clients = await NodeClients.connect(
                    to: plan.places.map {
                        NodeClients.Place(name: $0.name, endpoint: "127.0.0.1:\($0.client)")
                    })
                var run = RepairRun(clients, words: ["MARTLET.REPAIR"])
                try await run.watch()
                await clients.close()
                try await eventually("nothing is in doubt any more") {
                    try await plan.withClient(2) {
                        try await $0.view(RingView.self, ["MARTLET.RING"])
                    }.settled?.doubted == 0
                }
                // Alone, it answers from its own disk or not at all.
                await cluster.stop(0)
                await cluster.stop(1)
                try await plan.expectAll(keys + ["late"], at: 2, ReadConsistency(r: .one))

                // With what it holds, and the identity still in its configuration.
                await cluster.stop(2)
                try await cluster.start(2)
                #expect(try await plan.status(2).id == lost.id)
            }
        }
    }
}
