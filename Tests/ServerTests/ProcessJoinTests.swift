// Real nodes join and leave by the command line, and die on the way.
import Glibc
import MartletClient
import MartletViews
import Testing

extension Clusters.Processes {
    /// What a command of the CLI has printed, and how it ended.
    private struct Run {
        var output: String
        var ending: ProcessNode.Ending
    }

    private func martlet(_ words: [String], at plan: ClusterPlan) async throws -> Run {
        let node = try ProcessNode(words + ["--node", "127.0.0.1:\(plan.places[0].client)"])
        let ending = try await blocking { try node.awaitEnd() }
        return Run(output: node.output, ending: ending)
    }

    /// Runs a command that is to succeed, and gives back what it has printed.
    @discardableResult
    private func run(_ words: String..., at plan: ClusterPlan) async throws -> String {
        let run = try await martlet(words, at: plan)
        #expect(run.ending == .exited(0), "\(words): \(run.output)")
        return run.output
    }

    @Test("By the command line a node joins, is killed while it fills, and goes on; one leaves")
    func joinByCommandLine() async throws {
        try await ProcessCluster.run(3, spare: 1) { cluster in
            let plan = cluster.plan
            let keys = (0..<400).map { "key-\($0)" }
            try await plan.withClient(0) { client in
                for key in keys { try await client.put(key, key) }
            }
            try await cluster.start(3)
            try await plan.untilKnown(3)

            let early = try await martlet(["cluster", "plan"], at: plan)
            #expect(early.ending == .exited(1) && early.output.hasSuffix(": nothing is staged\n"))
            #expect(try await run("cluster", "join", "n4", at: plan).contains("\n  n4 joins\n"))
            let text = try await run("cluster", "plan", at: plan)
            #expect(text.contains("epoch 1 to 2: 48 of 64 partitions move, in 48 copies, as few"))
            let stale = try await martlet(["cluster", "commit", "--epoch", "9"], at: plan)
            #expect(stale.ending == .exited(1) && stale.output.contains("the ring is of epoch 1"))
            let decided = try await run("cluster", "commit", "--epoch", "2", "--json", at: plan)
            #expect(decided.contains("\"moving\" : 48"), "\(decided)")

            try await cluster.end(3, by: SIGKILL)
            try await cluster.start(3)
            let watched = try await run("transfers", "--watch", at: plan)
            #expect(watched.hasSuffix(": nothing moves\n"))
            try await plan.untilNothingMoves(Array(0..<4), since: 3)
            #expect(try await plan.ring(3).members.map(\.partitionsAsHome) == [48, 48, 48, 48])
            let all = ReadConsistency(r: .all, pr: .all)
            try await plan.expectAll(keys, at: 3, all)

            try await run("cluster", "remove", "n2", at: plan)
            try await run("cluster", "commit", at: plan)
            try await run("transfers", "--watch", at: plan)
            #expect(try await run("ring", at: plan).contains("n2 has left the ring: stop it"))
            #expect(try await cluster.end(1, by: SIGTERM) == .exited(0))
            try await plan.expectAll(keys, at: 3, all)
        }
    }
}
