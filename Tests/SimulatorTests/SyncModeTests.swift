// Lazy sync modes: what they may lose is lost, and what they may not is held against them.
import MartletSimulator
import Testing

@Suite("Sync modes")
struct SyncModeTests {
    private static func run(_ mode: String, losing loss: String) throws -> SimulationReport {
        let text = """
            {nodes: 3, duration: 6s, clients: 4, keys: 20, disk: {sync-mode: \(mode)},
             options: {w: [quorum], dw: [quorum]},
             faults: [{crash-all: {at: 3s, for: 500ms, loss: \(loss)}}]}
            """
        return Simulation.run(try Scenario.load(text: text, name: "lazy"), seed: 1)
    }

    @Test(
        "A loss of power takes what counted as durable, and breaks no promise",
        arguments: ["200ms", "operating_system"])
    func powerIsLost(mode: String) throws {
        let report = try Self.run(mode, losing: "everything")
        #expect(report.verdict == .passed, "\(report)")
        #expect(report.count(.durableLoss) > 0)
        #expect(!report.failures.contains { $0.reason == "no-topology" }, "\(report)")
    }

    @Test("A kill takes nothing that counted as durable", arguments: ["200ms", "operating_system"])
    func processesAreKilled(mode: String) throws {
        let report = try Self.run(mode, losing: "nothing")
        #expect(report.verdict == .passed, "\(report)")
        #expect(report.count(.durableLoss) == 0)
    }

    @Test("Where every write is synced, no crash takes what counted as durable")
    func everyWrite() throws {
        let report = try Self.run("every_write", losing: "everything")
        #expect(report.verdict == .passed, "\(report)")
        #expect(report.count(.durableLoss) == 0)
    }

    /// Each write leaves a hint for the third node, which is cut off for two thirds of the run.
    @Test(
        "Hints go home as quickly where logs are synced seldom as where every write is",
        arguments: ["every_write", "20s", "operating_system"])
    func handOff(mode: String) throws {
        let text = """
            {nodes: 3, duration: 3s, settle: 20s, clients: 4, rate: 50, keys: 200,
             popularity: uniform, disk: {sync-mode: \(mode)}, options: {w: [1], dw: [0]},
             mix: {gets: 0, deletes: 0}, settings: standard,
             faults: [{partition: {groups: [[1, 2], [3]], at: 100ms, for: 2s}}]}
            """
        let scenario = try Scenario.load(text: text, name: "hand-off")
        let report = Simulation.run(scenario, seed: 4)
        #expect(report.verdict == .passed, "\(report)")
        #expect(report.hints.delivered > 150)
        let drained = try #require(report.hintsDrainedAfter)
        #expect(drained < .seconds(5), "\(report)")
    }

    @Test("A word that is no mode is told what one is")
    func noMode() {
        #expect(throws: ScenarioError.self) {
            try Scenario.load(text: "{disk: {sync-mode: sometimes}}", name: "lazy")
        }
    }
}
