// Seeds that do without some classes of trouble: which, how often, and that the rest stays as
// it is.
import MartletSimulator
import Testing

@Suite("Swarm")
struct SwarmTests {
    private static func scenario(_ share: String) throws -> Scenario {
        try NodeFaultTests.scenario(
            """
              - crash: {node: 1, at: 500ms..1s, for: 300ms, loops: 3}
              - partition: {at: 1s..2s, for: 1s, flapping: 200ms..400ms}
              - pause: {node: any, at: 500ms..2s, for: 500ms, count: 2}
              - overload: {factor: 2..4, at: 1s..2s, for: 1s}
            """, more: "network: {loss: 1%, reordering: 5%}\nclocks: {skew: -1s..1s}\n\(share)")
    }

    private static let classes = [
        "crash", "loops", "partition", "flapping", "pause", "overload", "loss", "reordering",
        "skew",
    ]

    @Test("Each class that there is is left out in its share of the seeds, each on its own")
    func shares() throws {
        let scenario = try Self.scenario("swarm: 30%")
        var counts: [String: Int] = [:]
        var sets: Set<[String]> = []
        for seed in 1...200 as ClosedRange<UInt64> {
            let leftOut = scenario.leftOut(seed: seed)
            for name in leftOut { counts[name, default: 0] += 1 }
            sets.insert(leftOut)
        }
        #expect(counts.keys.sorted() == Self.classes.sorted())
        #expect(counts.values.allSatisfy { (35...85).contains($0) }, "\(counts)")
        #expect(sets.count > 60)
    }

    @Test("What is left out does not occur; what stays is what it was", arguments: 1...6)
    func rest(seed: UInt64) throws {
        let whole = Simulation.run(try Self.scenario("swarm: 0"), seed: seed)
        let thinned = Simulation.run(try Self.scenario("swarm: 50%"), seed: seed)
        #expect(whole.verdict == .passed && whole.leftOut.isEmpty, "\(whole)")
        #expect(thinned.verdict == .passed, "\(thinned)")
        #expect(thinned.count(.swarm) == thinned.leftOut.count)
        let absent = thinned.leftOut
        let gone: [(String, Occurrence)] = [
            ("crash", .crash), ("loops", .crashLoop), ("partition", .partition),
            ("flapping", .flapping), ("pause", .pause), ("overload", .overload),
        ]
        for (name, occurrence) in gone where absent.contains(name) {
            #expect(thinned.count(occurrence) == 0, "\(name)")
        }
        let kept = absent.contains("loops") || absent.contains("flapping")
        let faults = Set(whole.faults.map(\.description))
        if !kept { #expect(thinned.faults.allSatisfy { faults.contains($0.description) }) }
    }

    @Test("Without a swarm, and with one that leaves nothing out, a run is the same")
    func none() throws {
        let plain = Simulation.run(try Self.scenario(""), seed: 3)
        let none = Simulation.run(try Self.scenario("swarm: 0%"), seed: 3)
        #expect(plain.logHash == none.logHash && none.count(.swarm) == 0)
    }

    @Test("With everything left out nothing goes wrong")
    func all() throws {
        let report = Simulation.run(try Self.scenario("swarm: 100%"), seed: 3)
        #expect(report.verdict == .passed, "\(report)")
        #expect(report.leftOut.sorted() == Self.classes.sorted())
        #expect(report.faults.isEmpty && report.count(.messageReordered) == 0)
    }
}
