// Experiments: what papers measured, measured again on this system.
internal import ArgumentParser
internal import Foundation
internal import MartletSimulator

extension Simulate {
    /// Runs the files that are experiments, when they are; false when they are scenarios.
    func runExperiments() throws -> Bool {
        var experiments: [Experiment] = []
        for path in scenarios {
            if let experiment = try Experiment.load(path: path) { experiments.append(experiment) }
        }
        if experiments.isEmpty { return false }
        guard experiments.count == scenarios.count, seeds == nil, timeLimit == nil, compare == nil,
            shrink == nil, !log, files.html == nil, files.junit == nil
        else {
            throw CommandFailure(
                "an experiment goes with --seed, --jobs and --json, and with no scenario")
        }
        var passed = true
        for experiment in experiments {
            switch experiment {
            case .visibility(let visibility):
                let report = measure(visibility)
                passed = passed && report.passed
                if json { Console.line(report.json) } else { Console.lines(lines(of: report)) }
            case .balance(let balance):
                let report = balance.run(seed: seed)
                passed = passed && report.passed
                if json { Console.line(report.json) } else { Console.lines(lines(of: report)) }
            }
        }
        if !passed { throw CommandStatus.failed }
        return true
    }

    private func measure(_ visibility: VisibilityExperiment) -> VisibilityReport {
        defer { Console.progress(nil) }
        Console.progress("\(visibility.name): measuring")
        return visibility.run(
            seed: seed, jobs: jobs ?? ProcessInfo.processInfo.activeProcessorCount
        ) { done, all in
            Console.progress("\(visibility.name): \(done) of \(all) measured")
        }
    }
}
