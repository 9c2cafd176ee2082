// Case files: what is written is read, a run is known again, and leaving one thing out does not
// change the others.
import MartletSimulator
import Testing

@Suite("Replay")
struct ReplayTests {
    static let text = """
        # Two faults, and quotes: "a" 'b' {c}.
        nodes: 3
        duration: 3s
        clients: 3
        keys: 10
        faults:
          - crash: {node: 2, at: 500ms, for: 1s}
          - isolate: {node: 3, at: 1s, for: 1s}

        """

    static func scenario() throws -> Scenario { try Scenario.load(text: text, name: "two faults") }

    @Test("A case file gives the same run, and its text again")
    func sameAgain() throws {
        let scenario = try Self.scenario()
        var reduction = Reduction()
        reduction.faults = [1]
        reduction.clients = [0, 2]
        reduction.requestLimit = 40
        reduction.duration = .milliseconds(2_500)
        reduction.valueBytesLimit = 20
        let report = Simulation.run(scenario, seed: 5, reduced: reduction)
        let kept = SimulationCase(scenario, reduced: reduction, as: report)
        let read = try SimulationCase.load(text: kept.text)
        #expect(read.text == kept.text)
        #expect(read.reduction == reduction)
        #expect(read.scenario.text == Self.text)
        #expect(read.difference(from: read.replayed()) == nil)
        #expect(read.schedule.count == 1 && read.schedule[0].hasPrefix("isolation of n3"))
    }

    @Test("Another run is told from the one that the case keeps")
    func otherRun() throws {
        let scenario = try Self.scenario()
        let kept = SimulationCase(scenario, as: Simulation.run(scenario, seed: 5))
        let other = Simulation.run(scenario, seed: 6)
        #expect(kept.difference(from: other)?.contains("log hash") == true)
        var failed = kept
        failed.verdict = "failed"
        failed.promise = .convergence
        #expect(failed.difference(from: kept.replayed())?.contains("this run passed") == true)
        var lenient = kept
        lenient.hashText = nil
        #expect(lenient.difference(from: other) == nil)
    }

    @Test("What is kept of a run stays as it was")
    func keptStays() throws {
        let scenario = try Self.scenario()
        let whole = Simulation.run(scenario, seed: 5)
        #expect(Simulation.run(scenario, seed: 5, reduced: Reduction()).logHash == whole.logHash)
        var reduction = Reduction()
        reduction.faults = [1]
        let part = Simulation.run(scenario, seed: 5, reduced: reduction)
        #expect(part.faults.map(\.description) == [whole.faults[1].description])
        reduction.faults = []
        reduction.clients = []
        let quiet = Simulation.run(scenario, seed: 5, reduced: reduction)
        #expect(quiet.faults.isEmpty && quiet.operations.writes == 0)
        reduction.clients = [1]
        reduction.requestLimit = 3
        let short = Simulation.run(scenario, seed: 5, reduced: reduction)
        #expect(short.operations.answered == 3)
    }

    @Test(
        "Files that are no cases are told so",
        arguments: [
            ("seed: 1\n", "a case needs name"), ("[1]\n", "a case must have keys"),
            (
                "{name: a, seed: -1, verdict: passed, scenario: 'nodes: 3'}",
                "-1 is no 64-bit number"
            ),
            (
                "{name: a, seed: 1, verdict: passed, scenario: 'nodes: 0'}",
                "case:1: nodes is 0"
            ),
            (
                "{name: a, seed: 1, verdict: failed, promise: peace, scenario: 'nodes: 3'}",
                "peace is no promise"
            ),
            (
                "{name: a, seed: 1, verdict: passed, scenario: 'nodes: 3', reduction: {nodes: 9}}",
                "nodes must be 1 to 3"
            ),
        ])
    func errorsAreTold(text: String, expected: String) {
        do {
            _ = try SimulationCase.load(text: text)
            Issue.record("no error")
        } catch {
            #expect(error.description.contains(expected), "\(error)")
        }
    }
}
