// Scenario files: what they say, and how their errors are told.
import MartletSimulator
import MartletWire
import Testing

private func problem(_ text: String) -> String? {
    do {
        _ = try Scenario.load(text: text, name: "bad", source: "bad.yaml")
        return nil
    } catch {
        return error.description
    }
}

@Suite("Scenario files")
struct ScenarioFileTests {
    @Test("Settings, ranges and faults are read")
    func everythingIsRead() throws {
        let scenario = try Scenario.load(
            text: """
                description: all of it
                nodes: 5
                zones: 2
                duration: 1m
                network: {delay: 100us..1.5ms, loss: 0.5%..5%}
                options: {w: [1, quorum, all], r: quorum}
                faults:
                  - crash: {node: any, at: 2s..5s, for: 3s..8s, count: 1..2, chance: 50%}
                  - partition: {groups: [[1, 2], [3, 4, 5]], at: 10s, for: 5s}
                  - one-way: {from: 1, to: any, at: 1s, for: 1s}
                expects: [crash, sibling, crash-of-every-node]
                """, name: "all")
        #expect(scenario.nodeCount == 5)
        #expect(scenario.duration == .seconds(60))
        #expect(scenario.network.delay == .microseconds(100)...(.microseconds(1_500)))
        #expect(scenario.network.loss == 0.005...0.05)
        #expect(scenario.workload.w == [.count(1), .majority, .all])
        #expect(scenario.workload.r == [.majority])
        #expect(scenario.faults.count == 3)
        #expect(scenario.faults[0].count == 1...2)
        #expect(scenario.expects == [.crash, .sibling, .crashOfEveryNode])
    }

    @Test(
        "Errors name the line and what may have been meant",
        arguments: [
            (
                "nodes: 3\nclinets: 4\n",
                "bad.yaml:2: a scenario knows no clinets; did you mean clients?"
            ),
            ("network:\n  delai: 1ms\n", "bad.yaml:2: network knows no delai; did you mean delay?"),
            ("duration: 3 parsecs\n", "duration: 3 parsecs is no duration"),
            ("duration: 5s\nsettle: -1s\n", "bad.yaml:2: settle: -1s is no duration"),
            ("network: {loss: 5%..1%}\n", "loss: 5%..1% runs downwards"),
            (
                "nodes: 3\nexpects: [crush]\n",
                "bad.yaml:2: expects: crush is nothing that can occur; did you mean crash?"
            ),
            ("nodes: 0\n", "nodes is 0, must be 1 to 64"),
            ("partitions: 100\n", "must be a power of two"),
            (
                "nodes: 3\nfaults: [{crash: {node: 4, at: 1s, for: 1s}}]\n",
                "bad.yaml:2: a fault is for node 4 of 3"
            ),
            ("faults: [{crash: {node: any, at: 1s}}]\n", "a fault needs at and for"),
            ("faults: [{pause: {node: any, at: 1s}}]\n", "a fault needs at and for"),
            (
                "faults: [{crash: {node: any, at: 1s, for: 1s, loops: 21}}]\n",
                "loops must be 1 to 20"
            ),
            ("faults: [{clock-jump: {node: any, at: 1s}}]\n", "a clock-jump needs by"),
            ("clocks: {drift: 1s}\n", "drift: 1s is no drift: write 100ppm or -100ppm"),
            ("faults: [{explode: {at: 1s, for: 1s}}]\n", "a fault knows no explode"),
            ("mix: {gets: 0.9, deletes: 0.2}\n", "gets and deletes are more than all"),
            ("[1, 2]\n", "a scenario must have keys"),
            ("nodes: 3\na: [\n", "bad.yaml:3: not YAML: "),
            ("nodes: 3\nnodes: 4\n", "bad.yaml:1: nodes stands more than once"),
            ("", "bad.yaml:1: is empty"),
            (
                "nodes: 3\n\nmix: {gets: 0.9, deletes: 0.2}\n",
                "bad.yaml:3: mix: gets and deletes are more than all"
            ),
            (
                "faults:\n  - crash: {at: 1s, for: 1s}\n  - pause: {node: 9, at: 1s, for: 1s}\n",
                "bad.yaml:3: a fault is for node 9 of 3"
            ),
            (
                "faults:\n  - crash: {at: 1s, for: 1s}\n    pause: {at: 1s, for: 1s}\n",
                "bad.yaml:2: a fault is of one kind, this is of 2"
            ),
        ])
    func errorsAreTold(text: String, expected: String) {
        let found = problem(text)
        #expect(found?.contains(expected) == true, "\(found ?? "no error")")
    }

    @Test("A case tells the line of its file, not of the scenario in it")
    func errorsInCases() {
        let text = """
            name: x
            seed: 1
            verdict: passed
            scenario: |
              nodes: 3
              clinets: 4
            """
        let error = #expect(throws: ScenarioError.self) {
            try SimulationCase.load(text: text, source: "kept.yaml")
        }
        #expect(error?.description.hasPrefix("kept.yaml:6: a scenario knows no clinets") == true)
    }

    @Test(
        "Every scenario of the project loads and says what it is for", arguments: Simulations.names)
    func projectScenariosLoad(name: String) throws {
        let scenario = try Simulations.load(name)
        #expect(scenario.name == name)
        #expect(!scenario.description.isEmpty && !scenario.expects.isEmpty)
    }
}
