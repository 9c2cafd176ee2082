// Disks that are lost: what a run asks back of their nodes, and what it does not.
import MartletSimulator
import Testing

@Suite("Lost disks in simulation")
struct LostDiskTests {
    /// A small cluster with more keys than are written again soon.
    private static func scenario(_ faults: String, more: String = "") throws -> Scenario {
        try Scenario.load(
            text: """
                nodes: 3
                n: 3
                duration: 5s
                clients: 4
                keys: 300
                popularity: uniform
                settle: 1m
                \(more)
                faults:
                \(faults)
                """, name: "lost disks")
    }

    @Test("A node that has lost its disk is filled again, and the run is one that can be replayed")
    func one() throws {
        let scenario = try Self.scenario(
            "  - lost-disk: {node: 2, at: 2s, for: 500ms}",
            more: "expects: [lost-disk, exchange-mended]")
        let report = Simulation.run(scenario, seed: 1)
        #expect(report.verdict == .passed, "\(report)")
        #expect(report.faults[0].description == "lost-disk of n2 at 3.000s for 0.500s")
        #expect(report.count(.lostDisk) == 1 && report.count(.crash) == 1)
        let file = SimulationCase(scenario, as: report).text
        #expect(try SimulationCase.load(text: file).difference(from: report) == nil)
    }

    @Test(
        "Of what three have, two lose nothing by losing their disks at once",
        arguments: [1, 2, 3] as [UInt64])
    func twoOfThree(seed: UInt64) throws {
        let scenario = try Self.scenario(
            """
              - lost-disk: {node: 1, at: 2s, for: 500ms}
              - lost-disk: {node: 3, at: 2s, for: 1s}
            """, more: "options: {w: all, dw: all}")
        let report = Simulation.run(scenario, seed: seed)
        #expect(report.verdict == .passed, "\(report)")
        #expect(report.count(.lostDisk) == 2 && report.count(.exchangeMended) > 0)
    }

    @Test("A disk may be lost while its node is down, and again before it is filled")
    func whileDown() throws {
        let scenario = try Self.scenario(
            """
              - crash: {node: 2, at: 1s, for: 2s}
              - lost-disk: {node: 2, at: 2s, for: 100ms}
              - lost-disk: {node: 2, at: 3200ms, for: 300ms}
            """)
        let report = Simulation.run(scenario, seed: 4)
        #expect(report.verdict == .passed, "\(report)")
        #expect(report.count(.lostDisk) == 2 && report.count(.crash) == 2)
    }

    #if DEBUG
        @Test("What is lost after a disk was lost is found like any other loss")
        func laterLoss() throws {
            let scenario = try Scenario.load(
                text: """
                    {nodes: 3, partitions: 1024, duration: 6s, clients: 4, keys: 5000,
                     popularity: uniform, faults: [{lost-disk: {node: 2, at: 200ms, for: 100ms}}]}
                    """, name: "later-loss")
            let report = Simulation.run(scenario, seed: 1, planting: .losesVersions)
            #expect(report.verdict == .failed(.acknowledgedWrites), "\(report)")
        }
    #endif
}
