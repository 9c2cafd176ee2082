// The phase in which some nodes stay away: who they are follows from the seed; the others settle.
import MartletSimulator
import Testing

@Suite("The core")
struct CoreTests {
    private static func scenario(_ core: String) throws -> Scenario {
        try Scenario.load(
            text: "{nodes: 4, duration: 1s, clients: 2, keys: 5, settle: 30s\(core)}",
            name: "core")
    }

    @Test("Each seed draws anew who stays away, and those who are left settle without them")
    func drawnAnew() throws {
        let scenario = try Self.scenario(", core: 30%..80%")
        var cores: Set<String> = []
        for seed in 1...6 as ClosedRange<UInt64> {
            let report = Simulation.run(scenario, seed: seed)
            #expect(report.verdict == .passed, "\(report)")
            #expect(report.coreSettledAfter != nil && report.count(.coreAlone) == 1)
            #expect(report.description.contains("left alone  \(report.core ?? "nobody")"))
            cores.insert(report.core ?? "")
        }
        #expect(cores.count > 3, "\(cores)")
    }

    @Test("Where all nodes are the core, the run is the one without")
    func everybody() throws {
        let whole = Simulation.run(try Self.scenario(", core: 100%"), seed: 1)
        #expect(whole.core == nil && whole.count(.coreAlone) == 0)
        #expect(whole.logHash == Simulation.run(try Self.scenario(""), seed: 1).logHash)
    }
}
