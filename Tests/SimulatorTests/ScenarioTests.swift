// Every scenario of the project under several seeds, and that scenario and seed are one run.
import MartletSimulator
import Testing

/// The scenarios of this checkout.
enum Simulations {
    static let names = [
        "node-down-during-writes", "partition-and-heal", "crash-of-every-node",
        "fallbacks-stand-in", "flaky-network", "every-knob", "carts-and-counters",
        "clocks-and-pauses", "restless-nodes", "flapping-partitions", "swizzle", "torn-network",
        "core-heals", "slow-and-full-disks", "overload",
        "everything", "bad-disks", "deletes-and-absences", "lost-disks", "lazy-disks",
        "power-loss-of-all", "gaps-of-a-minority", "slow-syncs",
    ]

    static func load(_ name: String) throws -> Scenario {
        let root = "/" + #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
        return try Scenario.load(path: "\(root)/Simulations/\(name).yaml")
    }
}

@Suite("Scenarios")
struct ScenarioTests {
    /// `make guard` plays another seed, in the debug build too.
    @Test("Every promise holds, and what is expected occurs", arguments: Simulations.names)
    func promisesHold(name: String) throws {
        let report = Simulation.run(try Simulations.load(name), seed: 1)
        #expect(report.verdict == .passed, "\(report)")
    }

    @Test("One scenario and seed are one run, to the last event and byte")
    func sameSeedSameRun() throws {
        let scenario = try Simulations.load("flaky-network")
        let first = Simulation.run(scenario, seed: 3)
        let second = Simulation.run(scenario, seed: 3)
        #expect(first.logHash == second.logHash)
        #expect(first.json == second.json)
        #expect(Simulation.run(scenario, seed: 4).logHash != first.logHash)
    }

    @Test("Reading the log's lines changes nothing")
    func printingChangesNothing() throws {
        let scenario = try Simulations.load("crash-of-every-node")
        var lines = 0
        let told = Simulation.run(scenario, seed: 2) { _ in lines += 1 }
        #expect(told.logHash == Simulation.run(scenario, seed: 2).logHash)
        #expect(lines >= told.events)
    }

    @Test("A run without what its scenario expects is vacuous, not passed")
    func nothingHappened() throws {
        let scenario = try Scenario.load(
            text: "{nodes: 3, duration: 1s, clients: 1, expects: [acknowledged-write, crash]}",
            name: "quiet")
        #expect(Simulation.run(scenario, seed: 1).verdict == .vacuous([.crash]))
    }
}
