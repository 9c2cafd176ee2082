// Bursts of requests: what the schedule tells of them, who is refused, and that they are over when
// they are said to be.
import MartletSimulator
import Testing

@Suite("Overload")
struct OverloadTests {
    @Test("In a burst clients ask so many times as often, and not before or after")
    func rate() throws {
        let scenario = try NodeFaultTests.scenario(
            "  - overload: {factor: 8, at: 1s, for: 1500ms}", more: "rate: 10")
        let (report, lines) = NodeFaultTests.lines(scenario, seed: 1)
        #expect(report.verdict == .passed, "\(report)")
        #expect(
            report.faults.map(\.description) == [
                "overload, 8 times the rate at 2.000s for 1.500s"
            ])
        #expect(report.count(.overload) == 1 && report.count(.overloadRefused) == 0)
        let begin = try #require(lines.firstIndex { $0.contains(" fault: ") })
        let end = try #require(lines.firstIndex { $0.contains(" over: ") })
        let asked = (0..<begin, begin..<end, end..<lines.count)
        let before = lines[asked.0].count { $0.contains(" is asked by ") }
        let during = lines[asked.1].count { $0.contains(" is asked by ") }
        let after = lines[asked.2].count { $0.contains(" is asked by ") }
        // Four clients, each 10 times in a second, 80 times in one of the burst.
        #expect(before > 25 && before < 55, "\(before)")
        #expect(during > 350 && during < 550, "\(during)")
        #expect(after > 40 && after < 80, "\(after)")
    }

    @Test("A node that takes one request at a time refuses others, which breaks no promise")
    func refused() throws {
        let scenario = try NodeFaultTests.scenario(
            "  - overload: {factor: 50, at: 1s, for: 1s}", more: "limits: {requests: 1}")
        let report = Simulation.run(scenario, seed: 1)
        #expect(report.verdict == .passed, "\(report)")
        #expect(report.count(.overloadRefused) > 0)
        #expect(report.failures.map(\.reason).contains("overloaded"))
        #expect(report.settledAfter != nil)
    }

    @Test("A burst can be left out, and a case with one is the same run again")
    func replayed() throws {
        let scenario = try NodeFaultTests.scenario(
            """
              - overload: {factor: 3..9, at: 1s, for: 1s, count: 2}
              - crash: {node: 1, at: 1s, for: 500ms}
            """, more: "limits: {requests: 1..4}")
        var reduction = Reduction()
        reduction.faults = [1, 2]
        let report = Simulation.run(scenario, seed: 6, reduced: reduction)
        #expect(report.count(.overload) == 1 && report.count(.crash) == 1)
        let file = SimulationCase(scenario, reduced: reduction, as: report).text
        let read = try SimulationCase.load(text: file)
        #expect(read.difference(from: read.replayed()) == nil)
    }

    @Test(
        "Settings that mean nothing are told",
        arguments: [
            ("faults: [{overload: {factor: 1, at: 1s, for: 1s}}]", "1 is not between 2 and 1000"),
            ("faults: [{overload: {factor: 5, at: 1s}}]", "a fault needs at and for"),
            ("faults: [{overload: {node: 1, at: 1s, for: 1s}}]", "overload knows no node"),
            ("limits: {requests: 0..4}", "0 is not between 1 and 1000000"),
            ("limits: {memory: 4}", "limits knows no memory"),
            ("swarm: 2", "swarm: 2 is not between 0 and 1"),
        ])
    func errorsAreTold(text: String, expected: String) {
        let error = #expect(throws: ScenarioError.self) {
            try Scenario.load(text: "{\(text)}", name: "bad")
        }
        #expect(error?.description.contains(expected) == true, "\(String(describing: error))")
    }
}
