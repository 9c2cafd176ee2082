// Disks that are slow, full and at fault: what a run shows of each, and what it asks of the nodes.
import MartletSimulator
import Testing

@Suite("Faults of disks")
struct DiskFaultTests {
    @Test(
        "A full disk takes no writes and serves reads, and takes writes again when there is space")
    func full() throws {
        let scenario = try NodeFaultTests.scenario(
            "  - full-disk: {node: 2, at: 1s, for: 1500ms}", more: "n: 3")
        // How much a node holds in memory before it needs its disk is drawn.
        let report = try #require(
            (1...8 as ClosedRange<UInt64>).lazy.map { Simulation.run(scenario, seed: $0) }
                .first { $0.verdict != .passed || $0.count(.writesRefused) > 0 })
        #expect(report.verdict == .passed, "\(report)")
        #expect(report.faults[0].description == "full-disk of n2 at 2.000s for 1.500s")
        #expect(report.count(.diskFull) == 1)
        #expect(report.availability > 0.9, "\(report)")
        #expect(report.settledAfter != nil)
    }

    @Test("A node that crashed starts on its full disk, and settles when there is space")
    func fullAtStart() throws {
        let scenario = try NodeFaultTests.scenario(
            """
              - full-disk: {node: 2, at: 1s, for: 2s}
              - crash: {node: 2, at: 1500ms, for: 200ms, loss: everything}
            """)
        let report = Simulation.run(scenario, seed: 1)
        #expect(report.verdict == .passed, "\(report)")
        #expect(report.count(.diskFull) == 1 && report.count(.crash) == 1)
        #expect(report.count(.startRefused) == 0)
        #expect(report.settledAfter != nil)
    }

    @Test("A slow disk makes writes that wait for it slow")
    func slow() throws {
        let slow = try NodeFaultTests.scenario(
            "  - slow-disk: {node: any, factor: 40, at: 0s, for: 1m, count: 8}",
            more: "options: {w: all, dw: all}")
        var whole = Reduction()
        whole.faults = []
        let report = Simulation.run(slow, seed: 2)
        let before = Simulation.run(slow, seed: 2, reduced: whole)
        #expect(report.verdict == .passed, "\(report)")
        #expect(report.count(.diskSlow) == 8 && report.faults[0].name.hasSuffix(", 40 times"))
        let latencies = (report.latency.median, before.latency.median)
        #expect(latencies.0 > latencies.1 * 2, "\(latencies)")
    }

    @Test(
        "What a faulty disk loses comes back from the others, or its node stays down",
        arguments: 1...4)
    func faulty(seed: UInt64) throws {
        let scenario = try NodeFaultTests.scenario(
            """
              - faulty-disk: {node: 2, at: 500ms, for: 2s, read-errors: 5%, flipped-bits: 3%}
              - bit-flip: {node: 2, at: 1s..3s, count: 3}
              - crash: {node: 2, at: 3s, for: 500ms}
            """, more: "nodes: 4\nn: 3\nsettle: 2m")
        let report = Simulation.run(scenario, seed: seed)
        #expect(report.verdict == .passed, "\(report)")
        #expect(report.count(.diskFault) == 4)
        let file = SimulationCase(scenario, as: report).text
        let read = try SimulationCase.load(text: file)
        #expect(read.difference(from: read.replayed()) == nil)
    }

    @Test(
        "A home that has lost data and is alone names writes as a stand-in until it has a new name",
        arguments: [1, 5, 10, 12, 26, 32] as [UInt64])
    func alone(seed: UInt64) throws {
        let scenario = try NodeFaultTests.scenario(
            """
              - faulty-disk: {node: 2, at: 500ms, for: 3s, read-errors: 20%, flipped-bits: 10%}
              - slow-disk: {node: 2, factor: 50, at: 500ms, for: 3s}
              - isolate: {node: 2, at: 1s, for: 2s}
            """, more: "n: 3\nvalue-bytes: 500..4000\noptions: {w: 1, r: 1, dw: 0}\nsettle: 2m")
        let report = Simulation.run(scenario, seed: seed)
        #expect(report.verdict == .passed, "\(report)")
    }

    @Test("A log that could not be synced takes nothing until its node is started anew")
    func failedSync() throws {
        let scenario = try NodeFaultTests.scenario(
            "  - faulty-disk: {node: 3, at: 500ms, for: 2s, sync-errors: 50%}")
        let report = Simulation.run(scenario, seed: 2)
        #expect(report.verdict == .passed, "\(report)")
        #expect(report.faults[0].name == "faulty-disk of n3, sync-errors 5000/10000")
        #expect(report.count(.writesRefused) > 0 && report.count(.crash) == 1)
    }
}
