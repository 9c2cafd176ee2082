// What a search of simulations says of itself: what it will do, how far it is, what it came to.
import MartletSimulator
import Testing

@testable import martlet

@Suite("Progress of a search")
struct SearchProgressTests {
    @Test("The plan counts the runs")
    func plan() {
        #expect(
            SearchProgress.plan(scenarioCount: 23, seedCount: 200, limit: nil, jobs: 2)
                == "23 scenarios under 200 seeds: 4600 runs, 2 at a time")
        #expect(
            SearchProgress.plan(scenarioCount: 1, seedCount: nil, limit: .seconds(600), jobs: 4)
                == "1 scenario under one seed after another, for 10m 0s at most, 4 at a time")
    }

    @Test("On the way it says how many runs are over, of how many, and how long the rest takes")
    func line() throws {
        var findings = Findings()
        let scenario = try Scenario.load(
            text: "{nodes: 1, n: 1, duration: 1s, clients: 1, expects: [crash]}", name: "vacuous")
        findings.count(Simulation.run(scenario, seed: 1))
        let line = SearchProgress.line(findings, of: 4, limit: nil, after: .seconds(50))
        #expect(line.hasPrefix("▕██████                  ▏ 1 of 4 runs, "))
        #expect(line.hasSuffix(" simulated hours, 0 failed, 1 vacuous, 2m 30s left"))
        let timed = SearchProgress.line(
            findings, of: nil, limit: .seconds(3_600), after: .seconds(900))
        #expect(timed.contains("▏ 1 run, ") && timed.hasSuffix(", 45m 0s left"))
        let begun = SearchProgress.line(Findings(), of: 4, limit: nil, after: .seconds(1))
        #expect(begun.hasSuffix("0 vacuous"))
    }

    @Test(
        "Times are told as people say them",
        arguments: [(45, "45s"), (60, "1m 0s"), (3_599, "59m 59s"), (7_500, "2h 5m")])
    func times(seconds: Int, text: String) {
        #expect(SearchProgress.text(.seconds(seconds)) == text)
    }

    @Test("Lines of single runs are for searches of few")
    func few() {
        #expect(SearchProgress(runCount: 100, limit: nil).isFew)
        #expect(!SearchProgress(runCount: 101, limit: nil).isFew)
        #expect(!SearchProgress(runCount: nil, limit: .seconds(1)).isFew)
    }
}
