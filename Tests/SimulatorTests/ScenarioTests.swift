// Every scenario of the project under several seeds, and that one seed is one run.
import MartletSimulator
import Testing

/// The folder `Simulations` of this checkout.
private func simulation(_ name: String) throws -> Scenario {
    let here = #filePath.split(separator: "/").dropLast(3)
    return try Scenario.load(path: "/" + here.joined(separator: "/") + "/Simulations/\(name).yaml")
}

@Suite("Scenarios")
struct ScenarioTests {
    static let names = [
        "node-down-during-writes", "partition-and-heal", "crash-of-every-node",
        "fallbacks-stand-in", "flaky-network",
    ]

    @Test("Every promise holds, and what is expected occurs", arguments: names, 1...UInt64(6))
    func promisesHold(name: String, seed: UInt64) throws {
        let report = Simulation.run(try simulation(name), seed: seed)
        #expect(report.verdict == .passed, "\(report)")
    }
}
