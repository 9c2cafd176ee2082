// Many runs: what they print as they go, and what is left of them.
internal import Foundation
internal import MartletSimulator
internal import Synchronization

extension Simulate {
    /// Runs every scenario under every seed, until the time is over or somebody stops it.
    func search(_ scenarios: [Scenario]) throws {
        let stop = StopSignals()
        defer { withExtendedLifetime(stop) {} }
        let isStopping = stop.question
        let end = timeLimit.map { ContinuousClock.now + $0.duration }
        let count = seeds ?? (timeLimit == nil ? 1 : nil)
        let progress = SearchProgress(
            runCount: count.map { Int($0) * scenarios.count }, limit: timeLimit?.duration)
        var findings = Findings()
        var found = Coverage()
        var contents = SimulationFiles.Contents()
        var shown: (scenario: Scenario, report: SimulationReport)?
        let search = Search(
            scenarios, firstSeed: seed, seedCount: count,
            jobs: jobs ?? ProcessInfo.processInfo.activeProcessorCount)
        let underWay = RunsUnderWay(directory: keep)
        defer { underWay.end() }
        try underWay.begin()
        search.run(
            until: { isStopping() || end.map { ContinuousClock.now >= $0 } ?? false },
            begins: { underWay.begins($0, seed: $1) },
            finished: {
                underWay.ended($0)
                progress.count($0)
            },
            tell: { run in
                findings.count(run.report)
                found.count(run.report)
                findings.keep(run)
                contents.add(run.report, command: command(of: run.report))
                if shown?.report.verdict ?? .passed == .passed {
                    shown = (run.scenario, run.report)
                }
                guard let text = text(of: run.report) else { return }
                Console.progress(nil)
                Console.line(text)
            })
        Console.progress(nil)
        if !json {
            Console.line(progress.text)
            Console.line(coverage ? found.table : found.gaps)
        }
        if let shown, let trace = files.trace {
            // Only runs that are shown are traced: the same seed is the same run.
            let again = Simulation.run(shown.scenario, seed: shown.report.seed, tracing: trace)
            contents.show(again, trace, command: command(of: again))
        }
        try files.write(contents)
        for run in findings.kept {
            try leave(
                SimulationCase(run.scenario, as: run.report), called: caseName(of: run.report))
        }
        if findings.failureCount + findings.vacuousCount > 0 { throw CommandStatus.failed }
    }

    /// A line for a run that passed, unless there is no end to them, and the report of others.
    private func text(of report: SimulationReport) -> String? {
        if json { return report.json }
        guard report.verdict == .passed else { return report.description }
        if timeLimit != nil { return nil }
        return "\(report.scenario) seed \(report.seed): passed, log hash \(report.hashText)"
    }
}

/// How far a search is, drawn on the terminal as its runs end.
final class SearchProgress: Sendable {
    private static let drawingInterval = Duration.milliseconds(100)
    private static let barWidth = 24

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

    /// Takes in a run that is over.
    func count(_ report: SimulationReport) {
        state.withLock { state in
            state.findings.count(report)
            guard state.drawn.duration(to: .now) >= Self.drawingInterval else { return }
            state.drawn = .now
            Console.progress("\(bar(state.findings)) \(text(of: state.findings))")
        }
    }

    /// Runs, runs a second, simulated hours, and how many did not pass.
    var text: String { state.withLock { text(of: $0.findings) } }

    private var seconds: Double { began.duration(to: .now) / .seconds(1) }

    private func bar(_ findings: Findings) -> String {
        let ofRuns = runCount.map { Double(findings.runCount) / Double($0) } ?? 0
        let ofTime = limit.map { seconds / ($0 / .seconds(1)) } ?? 0
        let filled = Int(min(1, max(ofRuns, ofTime)) * Double(Self.barWidth))
        return "▕" + String(repeating: "█", count: filled)
            + String(repeating: " ", count: Self.barWidth - filled) + "▏"
    }

    private func text(of findings: Findings) -> String {
        let rate = Double(findings.runCount) / max(seconds, 0.001)
        let hours = findings.simulatedTime / .seconds(3_600)
        let passed = findings.runCount - findings.failureCount - findings.vacuousCount
        return "\(findings.runCount) runs, \(Self.tenths(rate))/s, \(Self.tenths(hours)) simulated "
            + "hours: \(passed) passed, \(findings.failureCount) failed, "
            + "\(findings.vacuousCount) vacuous"
    }

    private static func tenths(_ number: Double) -> String {
        let tenths = Int((number * 10).rounded())
        return "\(tenths / 10).\(tenths % 10)"
    }
}
