// Staleness and availability as measured: fresh where nothing is away, behind where one home is
// asked that was cut off, and the same numbers in every run of one seed.
import MartletSimulator
import Testing

@Suite("Staleness")
struct StalenessTests {
    private static func report(_ text: String, seed: UInt64 = 1) throws -> SimulationReport {
        Simulation.run(try Scenario.load(text: text, name: "staleness"), seed: seed)
    }

    @Test("Reads and writes by quorum, of homes that are all there, miss nothing", arguments: 1...3)
    func quorumsMissNothing(seed: Int) throws {
        let report = try Self.report(
            "{nodes: 3, duration: 4s, clients: 6, keys: 5}", seed: UInt64(seed))
        #expect(report.verdict == .passed)
        #expect(report.staleness.reads > 100)
        #expect(report.staleness.staleReads == 0)
        #expect(report.staleness.missed.most == 0 && report.staleness.age.most == .zero)
    }

    @Test("Behind a partition, reads of one home miss what the others have taken")
    func partitionsMakeReadsStale() throws {
        let report = try Self.report(
            """
            {nodes: 3, duration: 8s, clients: 6, keys: 5, options: {w: [1], r: [1], dw: [0]},
             faults: [{isolate: {node: 1, at: 1s, for: 6s}}]}
            """)
        let staleness = report.staleness
        #expect(report.verdict == .passed)
        #expect(staleness.staleReads > 10 && staleness.staleReads < staleness.reads)
        #expect(staleness.missed.most > 10)
        #expect(staleness.age.most > .milliseconds(10) && staleness.age.most < .seconds(8))
        #expect(staleness.age.median <= staleness.age.p99)
        #expect(staleness.age.p99 <= staleness.age.most)
    }

    @Test("What fails while a majority is away shows in the worst seconds alone")
    func availabilityBySecond() throws {
        let report = try Self.report(
            """
            {nodes: 3, n: 3, duration: 10s, clients: 6,
             faults: [{crash-all: {at: 3s, for: 2s, loss: everything}}]}
            """)
        #expect(report.availabilitySpread.least < 0.5)
        #expect(report.availabilitySpread.median == 1)
        #expect(report.availability < 1)
    }

    @Test("The measures are part of the report, for people and programs; wall time is not")
    func measuresAreReported() throws {
        let report = try Self.report("{nodes: 3, duration: 2s, clients: 2}")
        #expect(report.json.contains("\"staleReads\" : 0"))
        #expect(report.json.contains("\"availabilityBySecond\""))
        #expect(!report.description.contains("took"))
        let text = report.text(wall: .milliseconds(10), command: "martlet simulate x")
        #expect(text.contains("took        10.0ms: "))
        #expect(text.contains("again       martlet simulate x"))
    }
}
