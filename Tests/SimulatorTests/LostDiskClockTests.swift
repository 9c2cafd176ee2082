// A node that starts on an empty disk must not show an earlier time than before: scenarios that ask
// for it are refused, and draws that would come to it set the clock back by less.
import MartletBase
import Testing

@testable import MartletSimulator

@Suite("Clocks of lost disks")
struct LostDiskClockTests {
    private static func scenario(_ faults: String) throws -> Scenario {
        try Scenario.load(
            text: "nodes: 3\nduration: 20s\nclients: 2\nkeys: 5\nfaults:\n\(faults)\n",
            name: "clocks", source: "clocks.yaml")
    }

    @Test(
        "A clock that is set back further than time has passed is refused, with line and bound",
        arguments: [
            (
                """
                  - clock-jump: {node: 2, at: 3s, by: -10s}
                  - lost-disk: {node: 2, at: 5s, for: 1s}
                """, 7, "by 10.0s", "2.0s is allowed"
            ),
            (
                """
                  - lost-disk: {node: 2, at: 5s, for: 1s}
                  - clock-jump: {node: 2, at: 5500ms, by: -1s}
                """, 7, "by 1.0s", "500.0ms is allowed"
            ),
            (
                """
                  - clock-jump: {node: 2, at: 3s, by: 10s, for: 1s}
                  - lost-disk: {node: 2, at: 5s, for: 1s}
                """, 7, "by 10.0s", "1.0s is allowed"
            ),
            (
                """
                  - lost-disk: {node: 2, at: 5s..6s, for: 1s..2s}
                  - clock-jump: {node: 2, at: 3s, by: -1h..-1m}
                """, 7, "by 60.0s", "3.0s is allowed"
            ),
        ])
    func refused(faults: String, line: Int, size: String, allowed: String) {
        let error = #expect(throws: ScenarioError.self) { try Self.scenario(faults) }
        #expect(error?.source == "clocks.yaml" && error?.line == line, "\(error as Any)")
        for part in ["the clock of n2", size, allowed, "CONSISTENCY.md"] {
            #expect(error?.problem.contains(part) == true, "\(error as Any)")
        }
    }

    @Test(
        "What is within the bound, of other nodes, or after the start, is taken as it is",
        arguments: [
            "  - clock-jump: {node: 2, at: 3s, by: -2s}\n  - lost-disk: {node: 2, at: 5s, for: 1s}",
            "  - clock-jump: {node: 1, at: 3s, by: -1h}\n  - lost-disk: {node: 2, at: 5s, for: 1s}",
            "  - clock-jump: {node: 2, at: 3s, by: 1h}\n  - lost-disk: {node: 2, at: 5s, for: 1s}",
            "  - clock-jump: {node: 2, at: 7s, by: -1h}\n  - lost-disk: {node: 2, at: 5s, for: 1s}",
        ])
    func taken(faults: String) throws {
        let scenario = try Self.scenario(faults)
        let drawn = Schedule(scenario, seed: 1).faults
        let jump = try #require(drawn.first { $0.name.hasPrefix("clock-jump") })
        guard case .node(.clockJump(_, by: scenario.jump)) = jump.action else {
            Issue.record("\(jump) is not by \(scenario.jump)")
            return
        }
    }

    @Test("Of a drawn clock never more is taken than a lost disk allows", arguments: [0, -50_000])
    func drawn(drift: Int) throws {
        var scenario = try Self.scenario(
            """
              - clock-jump: {node: any, at: 1s..10s, by: -20s..20s, count: 4}
              - clock-jump: {node: any, at: 1s..10s, for: 1s..3s, by: -20s..20s, count: 4}
              - lost-disk: {node: any, at: 2s..12s, for: 1s..3s, count: 2}
            """)
        scenario.clockDrift = drift...drift
        var lessened = 0
        for seed in 1...60 as ClosedRange<UInt64> {
            let faults = Schedule(scenario, seed: seed).faults
            for loss in faults where loss.name.hasPrefix("lost-disk") {
                guard case .node(.lostDisk(let node)) = loss.action else { continue }
                var (shown, clock) = (Duration.zero, WallClock(driftMillionths: drift))
                // Every 50 ms of the node's life, and of its first moments on the empty disk.
                for step in 0...320 {
                    let now = Duration.milliseconds(step * 50)
                    clock = WallClock(driftMillionths: drift)
                    for fault in faults {
                        guard case .node(.clockJump(node, by: let by)) = fault.action else {
                            continue
                        }
                        if now >= fault.at { clock.jump(by: by, at: .start + now) }
                        if fault.lasting > .zero, now >= fault.at + fault.lasting {
                            clock.jump(by: .zero - by, at: .start + now)
                        }
                    }
                    let shows = Duration.milliseconds(clock.milliseconds(at: .start + now))
                    if now < loss.at { shown = max(shown, shows) }
                    if now >= loss.at, now <= loss.at + loss.lasting {
                        #expect(shows >= shown - .milliseconds(20), "seed \(seed): \(loss)")
                    }
                }
            }
            lessened += faults.count {
                $0.name.hasPrefix("clock-jump") && $0.name.hasSuffix("+0ms")
            }
        }
        #expect(lessened > 0)
    }

    @Test("A run with a clock as far back as is allowed keeps every promise", arguments: 1...3)
    func kept(seed: UInt64) throws {
        let scenario = try Self.scenario(
            """
              - clock-jump: {node: 2, at: 1s, by: -4s}
              - lost-disk: {node: 2, at: 5s, for: 200ms}
            """)
        let report = Simulation.run(scenario, seed: seed)
        #expect(report.verdict == .passed, "\(report)")
        #expect(report.count(.lostDisk) == 1 && report.count(.clockJump) == 1)
    }
}

extension Scenario {
    /// By how much its one clock is set.
    fileprivate var jump: Duration {
        for fault in faults {
            if case .node(.clockJump(_, let by)) = fault.kind { return by.lowerBound }
        }
        return .zero
    }
}
