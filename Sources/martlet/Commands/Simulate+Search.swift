// Many runs: what they print as they go, and what is left of them.
internal import Foundation
internal import MartletLocal
internal import MartletSimulator

extension Simulate {
    /// Runs every scenario under every seed, until the time is over or somebody stops it.
    func search(_ scenarios: [Scenario]) throws {
        let stop = StopSignals()
        defer { withExtendedLifetime(stop) {} }
        let isStopping = stop.question
        let end = timeLimit.map { ContinuousClock.now + $0.duration }
        let count = seeds ?? (timeLimit == nil ? 1 : nil)
        let progress = SearchProgress(
            runCount: count.map { Int(clamping: $0) * scenarios.count }, limit: timeLimit?.duration)
        var findings = Findings()
        var found = Coverage()
        var contents = SimulationFiles.Contents()
        var shown: (scenario: Scenario, report: SimulationReport)?
        let search = search(of: scenarios, seedCount: count)
        if !json {
            Console.line(
                SearchProgress.plan(
                    scenarioCount: scenarios.count, seedCount: count, limit: timeLimit?.duration,
                    jobs: search.jobs))
        }
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
                guard let text = text(of: run.report, isFew: progress.isFew) else { return }
                Console.progress(nil)
                Console.line(text)
            })
        Console.progress(nil)
        if !json {
            // Of a few runs most things never occur, and that says little.
            if coverage || !progress.isFew { Console.line(coverage ? found.table : found.gaps) }
            Console.line(progress.summary)
        }
        if let shown, let trace = files.trace(of: key) {
            // Only runs that are shown are traced: the same seed is the same run.
            let again = played(shown.scenario, seed: shown.report.seed, tracing: trace)
            contents.show(again, trace, command: command(of: again))
        }
        try files.write(contents)
        for run in findings.kept {
            try leave(
                SimulationCase(run.scenario, as: run.report), called: caseName(of: run.report))
        }
        if findings.failureCount + findings.vacuousCount > 0 { throw CommandStatus.failed }
    }

    private func search(of scenarios: [Scenario], seedCount: UInt64?) -> Search {
        var search = Search(
            scenarios, firstSeed: seed, seedCount: seedCount,
            jobs: jobs ?? ProcessInfo.processInfo.activeProcessorCount)
        search.play = play
        return search
    }

    /// Plays a run of a search as the options ask for it.
    private var play: @Sendable (Scenario, UInt64) -> SimulationReport {
        #if DEBUG
            return { [plant] in Simulation.run($0, seed: $1, planting: plant) }
        #else
            return { Simulation.run($0, seed: $1) }
        #endif
    }

    /// A line for a run that passed, where runs are few, and the report of others.
    private func text(of report: SimulationReport, isFew: Bool) -> String? {
        var report = report
        report.listsWhatFollows = after
        if json { return report.json }
        guard report.verdict == .passed else { return report.description }
        if !isFew { return nil }
        return "\(report.scenario) seed \(report.seed): passed, log hash \(report.hashText)"
    }
}
