// How far a search is: what it will be, a line that is drawn again on a terminal as runs end, and
// what it came to.
internal import Foundation
internal import MartletSimulator
internal import Synchronization

/// Counts the runs of a search, and tells how many are left and how long they may take.
final class SearchProgress: Sendable {
    private static let drawingInterval = Duration.milliseconds(100)
    private static let barWidth = 24
    /// Up to so many runs, each that passes has a line of its own.
    private static let fewRunsLimit = 100

    private struct State {
        var findings = Findings()
        var drawn: ContinuousClock.Instant
    }

    private let runCount: Int?
    private let limit: Duration?
    private let began = ContinuousClock.now
    private let state: Mutex<State>

    /// Of so many runs, or of so much time, or both.
    init(runCount: Int?, limit: Duration?) {
        (self.runCount, self.limit) = (runCount, limit)
        state = Mutex(State(drawn: began))
    }

    /// Whether there is an end to the runs, and it is near.
    var isFew: Bool { runCount.map { $0 <= Self.fewRunsLimit } ?? false }

    /// Takes in a run that is over.
    func count(_ report: SimulationReport) {
        state.withLock { state in
            state.findings.count(report)
            guard state.drawn.duration(to: .now) >= Self.drawingInterval else { return }
            state.drawn = .now
            Console.progress(
                Self.line(
                    state.findings, of: runCount, limit: limit, after: began.duration(to: .now)))
        }
    }

    /// What the search came to.
    var summary: String {
        state.withLock { state in
            let taken = began.duration(to: .now)
            let rate = Double(state.findings.runCount) / max(taken / .seconds(1), 0.001)
            return Self.outcome(state.findings) + ", in \(Self.text(taken)), "
                + "\(Self.tenths(rate)) runs/s"
        }
    }

    // MARK: Words

    /// What a search will do: `23 scenarios under 200 seeds: 4600 runs, 2 at a time`.
    static func plan(
        scenarioCount: Int, seedCount: UInt64?, limit: Duration?, jobs: Int
    ) -> String {
        let time = limit.map { ", for \(text($0)) at most" } ?? ""
        let scenarios = "\(scenarioCount) scenario\(scenarioCount == 1 ? "" : "s")"
        guard let seedCount else {
            return "\(scenarios) under one seed after another\(time), \(jobs) at a time"
        }
        let (count, _) = seedCount.multipliedReportingOverflow(by: UInt64(scenarioCount))
        return "\(scenarios) under \(seedCount) seed\(seedCount == 1 ? "" : "s"): \(count) runs, "
            + "\(jobs) at a time\(time)"
    }

    /// How far a search is that has gone on for `taken`: a bar, counts, and the time left.
    static func line(
        _ findings: Findings, of runCount: Int?, limit: Duration?, after taken: Duration
    ) -> String {
        let ofRuns = runCount.map { Double(findings.runCount) / Double(max(1, $0)) } ?? 0
        let ofTime = limit.map { taken / $0 } ?? 0
        let share = min(1, max(ofRuns, ofTime))
        let filled = Int(share * Double(barWidth))
        let bar =
            "▕" + String(repeating: "█", count: filled)
            + String(repeating: " ", count: barWidth - filled) + "▏"
        let left = share > 0 ? ", \(text(taken * (1 / share - 1))) left" : ""
        let all = runCount.map { " of \($0)" } ?? ""
        return "\(bar) \(outcome(findings, of: all))\(left)"
    }

    /// `200 runs, 1.5 simulated hours, 0 failed, 0 vacuous`.
    static func outcome(_ findings: Findings, of all: String = "") -> String {
        "\(findings.runCount)\(all) run\(findings.runCount == 1 && all.isEmpty ? "" : "s"), "
            + "\(tenths(findings.simulatedTime / .seconds(3_600))) simulated hours, "
            + "\(findings.failureCount) failed, \(findings.vacuousCount) vacuous"
    }

    /// `45s`, `3m 20s`, `2h 5m`.
    static func text(_ duration: Duration) -> String {
        let seconds = Int((duration / .seconds(1)).rounded())
        if seconds < 60 { return "\(seconds)s" }
        if seconds < 3_600 { return "\(seconds / 60)m \(seconds % 60)s" }
        return "\(seconds / 3_600)h \(seconds % 3_600 / 60)m"
    }

    private static func tenths(_ number: Double) -> String {
        let tenths = Int((number * 10).rounded())
        return "\(tenths / 10).\(tenths % 10)"
    }
}
