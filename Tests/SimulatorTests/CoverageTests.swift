// What a search has come by, and which configurations it goes back to.
import MartletBase
import Testing

@testable import MartletSimulator

@Suite("Coverage")
struct CoverageTests {
    /// A scenario in which seeds differ in what befalls them.
    static func scenario() throws -> Scenario {
        let text = """
            nodes: 3
            duration: 300ms
            clients: 2
            keys: 5
            settle: 10s
            swarm: 0.5
            faults: [{crash: {node: any, at: 50ms..200ms, for: 100ms, count: 2}}]
            """
        return try Scenario.load(text: text, name: "crashes")
    }

    @Test("Everything that can occur has a name of its own")
    func names() {
        #expect(Set(Coverage.names).count == Coverage.names.count)
        #expect(Coverage.names.contains("storage/log-torn"))
        #expect(Coverage.names.contains("crash"))
    }

    @Test("A thing counts once for each run in which it occurred; what never did is named")
    func counting() throws {
        let scenario = try Self.scenario()
        let reports = (1...4).map { Simulation.run(scenario, seed: $0) }
        var coverage = Coverage()
        for report in reports { coverage.count(report) }
        let crash = Occurrence.crash.rawValue
        #expect(coverage.runCounts[crash] == reports.count { $0.count(.crash) > 0 })
        let learnt = try #require(Coverage.names.firstIndex(of: "node/ring-learnt"))
        #expect(coverage.runCounts[learnt] == 4)
        let never = coverage.neverOccurred
        #expect(never.contains("overload") && !never.contains("node/ring-learnt"))
        #expect(coverage.gaps.split(separator: "\n").allSatisfy { $0.count <= 100 })
        #expect(coverage.table.contains("  4  node/ring-learnt"))
    }

    @Test("A joint seed has the configuration of one and the events of another")
    func jointSeeds() throws {
        let joint = try #require(JointSeed.joining(configuration: 3, with: 8))
        #expect(JointSeed.configuration(of: joint) == 3)
        #expect(JointSeed.configuration(of: 8) == 8)
        #expect(JointSeed.joining(configuration: 1 << 31, with: 8) == nil)
        #expect(JointSeed.joining(configuration: 3, with: 1 << 32) == nil)

        let scenario = try Self.scenario()
        for configuration in UInt64(1)...6 {
            let joint = try #require(JointSeed.joining(configuration: configuration, with: 8))
            let left = scenario.leftOut(seed: configuration)
            #expect(scenario.leftOut(seed: joint) == left)
            #expect(Simulation.run(scenario, seed: joint).leftOut == left)
        }
        let report = Simulation.run(scenario, seed: joint)
        #expect(report.seed == joint)
        #expect(Simulation.run(scenario, seed: joint).logHash == report.logHash)
        #expect(Simulation.run(scenario, seed: 3).logHash != report.logHash)
    }

    @Test("A configuration in which something rare occurred is gone back to, with other events")
    func preference() throws {
        let scenario = try Self.scenario()
        var preference = Preference(scenarioCount: 1)
        #expect(preference.seed(inPlaceOf: 9, scenario: 0) == 9)
        for seed in UInt64(1)...6 {
            preference.learn(Simulation.run(scenario, seed: seed), scenario: 0)
        }
        for seed in UInt64(7)...30 {
            let preferred = preference.seed(inPlaceOf: seed, scenario: 0)
            #expect((1...6).contains(JointSeed.configuration(of: preferred)))
            #expect(preferred == preference.seed(inPlaceOf: seed, scenario: 0))
        }
    }

    @Test("A search without an end prefers, the same on one thread and on several")
    func preferringSearch() throws {
        let scenario = try Self.scenario()
        func seeds(jobs: Int) -> [UInt64] {
            var seeds: [UInt64] = []
            let search = Search([scenario], firstSeed: 1, seedCount: nil, jobs: jobs)
            struct Enough: Error {}
            try? search.run(until: { false }) { run in
                seeds.append(run.report.seed)
                if seeds.count == 64 { throw Enough() }
            }
            return seeds
        }
        let alone = seeds(jobs: 1)
        #expect(Array(alone.prefix(32)) == Array(1...32))
        #expect(alone.dropFirst(32).contains { $0 >= 1 << 63 })
        #expect(alone.dropFirst(32).contains { $0 < 1 << 63 })
        #expect(seeds(jobs: 2) == alone)
    }
}
