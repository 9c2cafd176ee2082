// What befalls single nodes: each kind as a scenario writes it, as the schedule tells it, and as
// the run shows it; replayed and left out like any other fault.
import MartletSimulator
import Testing

@Suite("Faults of single nodes")
struct NodeFaultTests {
    /// A small busy cluster with `faults`, and `more` settings.
    static func scenario(_ faults: String, more: String = "") throws -> Scenario {
        try Scenario.load(
            text: """
                \(more.contains("nodes:") ? "" : "nodes: 3")
                duration: 4s
                clients: 4
                keys: 12
                \(more)
                faults:
                \(faults)
                """, name: "one fault")
    }

    /// The lines of the run's log.
    static func lines(_ scenario: Scenario, seed: UInt64) -> (SimulationReport, [Substring]) {
        var lines: [Substring] = []
        let report = Simulation.run(scenario, seed: seed) { lines.append($0.text[...]) }
        return (report, lines)
    }

    @Test("A process that is stopped handles nothing, and then everything at once")
    func pause() throws {
        let scenario = try Self.scenario(
            "  - pause: {node: 2, at: 1s, for: 1500ms}", more: "settings: standard")
        let (report, lines) = Self.lines(scenario, seed: 4)
        #expect(report.verdict == .passed, "\(report)")
        #expect(report.faults.map(\.description) == ["pause of n2 at 2.000s for 1.500s"])
        #expect(report.count(.pause) == 1)
        let begin = try #require(lines.firstIndex { $0.hasSuffix(" fault: pause of n2") })
        let end = try #require(lines.firstIndex { $0.hasSuffix(" n2 goes on after its pause") })
        // Clients ask it, and messages to it are lost; nothing else is of it.
        for line in lines[begin..<end] where line.contains(" n2 ") {
            let words = line.split(separator: " ", maxSplits: 2)
            let isPassive = ["is asked by", "does not hear", "leaves"].contains {
                words[2].hasPrefix($0)
            }
            #expect(words[1] != "n2" || isPassive, "\(line)")
        }
        let instant = lines[end].split(separator: " ")[0]
        #expect(lines[end...].count { $0.hasPrefix("\(instant) n2 <- ") } > 5)
    }

    @Test("A pause that would outlast the run ends with it, and a crash ends one too")
    func pauseEnds() throws {
        let scenario = try Self.scenario(
            """
              - pause: {node: 1, at: 3s, for: 1m}
              - pause: {node: 3, at: 1s, for: 2s}
              - crash: {node: 3, at: 2s, for: 500ms}
            """)
        let report = Simulation.run(scenario, seed: 1)
        #expect(report.verdict == .passed, "\(report)")
        #expect(report.count(.pause) == 2 && report.count(.crash) == 1)
    }

    @Test("Wall clocks are set, and drift, to either side; nothing but expiry goes by them")
    func clocks() throws {
        let scenario = try Self.scenario(
            "  - clock-jump: {node: any, at: 1s..3s, by: -30s..30s, count: 3}",
            more: "clocks: {skew: -1m..1m, drift: -100ppm..100ppm}\nmix: {expiring: 50%}")
        let report = Simulation.run(scenario, seed: 2)
        #expect(report.verdict == .passed, "\(report)")
        #expect(report.count(.clockJump) == 3)
        #expect(report.faults.allSatisfy { $0.name.hasPrefix("clock-jump of ") })
        #expect(report.faults.allSatisfy { !$0.description.contains(" for ") })
    }

    @Test("A crash loop is so many crashes, each of which can be left out")
    func crashLoop() throws {
        let scenario = try Self.scenario("  - crash: {node: 2, at: 500ms, for: 300ms, loops: 4}")
        let whole = Simulation.run(scenario, seed: 5)
        #expect(whole.verdict == .passed, "\(whole)")
        #expect(whole.faults.count == 4)
        #expect(whole.faults[3].name.hasSuffix(", 4 of 4"))
        #expect(whole.count(.crash) == 4 && whole.count(.crashLoop) == 3)
        var reduction = Reduction()
        reduction.faults = [0, 2]
        let part = Simulation.run(scenario, seed: 5, reduced: reduction)
        #expect(part.count(.crash) == 2)
    }

    @Test("Nodes are found under other addresses, seeds and all nodes too", arguments: 1...3)
    func move(seed: UInt64) throws {
        let scenario = try Self.scenario(
            """
              - move: {node: 1, at: 500ms, for: 500ms, loss: nothing}
              - move: {node: 2, at: 700ms, for: 1s}
              - move: {node: 3, at: 900ms, for: 200ms}
              - move: {node: 1, at: 2s, for: 100ms}
            """)
        let report = Simulation.run(scenario, seed: seed)
        #expect(report.verdict == .passed, "\(report)")
        #expect(report.count(.move) == 4 && report.count(.crash) == 4)
        #expect(report.faults[0].description == "move of n1 losing nothing at 1.500s for 0.500s")
    }

    @Test("They are kept, replayed and left out as other faults are")
    func replayed() throws {
        let scenario = try Self.scenario(
            """
              - pause: {node: any, at: 500ms..1s, for: 1s..2s}
              - clock-jump: {node: any, at: 1s..3s, by: -30s..-1s}
            """)
        for kept in [[0], [1]] {
            var reduction = Reduction()
            reduction.faults = kept
            let report = Simulation.run(scenario, seed: 3, reduced: reduction)
            let whole = Simulation.run(scenario, seed: 3)
            #expect(report.faults.map(\.description) == kept.map { whole.faults[$0].description })
            let file = SimulationCase(scenario, reduced: reduction, as: report).text
            let read = try SimulationCase.load(text: file)
            #expect(read.difference(from: read.replayed()) == nil)
        }
    }
}
