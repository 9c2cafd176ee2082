// Playing a kept case again, making it small, and holding a run against another executable's.
internal import Foundation
internal import MartletLocal
internal import MartletSimulator

extension Simulate {
    /// How long shrinking takes at most, unless told.
    private static let shrinkingBound = Duration.seconds(60)

    private func load(case path: String) throws -> SimulationCase {
        let text: String
        do { text = try String(contentsOfFile: path, encoding: .utf8) } catch {
            throw CommandFailure(
                "\(path) cannot be read: \(error.localizedDescription)", status: .usage)
        }
        return try SimulationCase.load(text: text, source: path)
    }

    /// Plays a case and says whether it is the same run.
    func replayCase(at path: String) throws {
        let kept = try load(case: path)
        try checkKey(of: kept.scenario)
        let trace = files.trace(of: key)
        let report = played(
            kept.scenario, seed: kept.seed, reduced: kept.reduction, tracing: trace,
            logging: logging)
        Console.line(json ? report.json : report.description)
        try files.write(
            report, trace, command: "martlet simulate --replay \(path)\(planted)")
        if let difference = kept.difference(from: report) {
            throw CommandFailure("not as the case says: \(difference)")
        }
        if !json {
            let same = kept.hashText == nil ? "the same verdict" : "the same run, event for event"
            Console.line("  replayed    \(same)")
        }
    }

    /// Makes a case, or the run of a seed, small.
    func shrinkCase(_ what: String) throws {
        var (scenario, seed, reduction): (Scenario, UInt64, Reduction)
        if let number = UInt64(what) {
            (scenario, seed, reduction) = (try Scenario.load(path: scenarios[0]), number, .init())
        } else {
            let kept = try load(case: what)
            (scenario, seed, reduction) = (kept.scenario, kept.seed, kept.reduction)
        }
        let stop = StopSignals()
        let clock = ContinuousClock()
        let end = clock.now + (timeLimit?.duration ?? Self.shrinkingBound)
        var runCount = 0
        let shrinker = Shrinker(
            scenario, from: reduction, until: { stop.isStopping || clock.now >= end }
        ) { [scenario, seed] candidate in
            runCount += 1
            Console.progress("run \(runCount): \(candidate)")
            return played(scenario, seed: seed, reduced: candidate)
        }
        guard var shrinker else {
            Console.progress(nil)
            throw CommandFailure("\(scenario.name) seed \(seed) breaks no promise")
        }
        shrinker.shrink()
        Console.progress(nil)
        try tell(shrinker, of: scenario)
    }

    private func tell(_ shrinker: Shrinker, of scenario: Scenario) throws {
        let report = shrinker.report
        Console.line(json ? report.json : report.description)
        if !json {
            Console.line("  kept        \(shrinker.reduction), in \(shrinker.runCount) runs")
        }
        let name = "\(caseName(of: report))-small"
        try leave(
            SimulationCase(scenario, reduced: shrinker.reduction, as: report), called: name)
        if files.areAny {
            let trace = files.trace(of: key)
            let shown = played(
                scenario, seed: report.seed, reduced: shrinker.reduction, tracing: trace)
            try files.write(
                shown, trace,
                command: "martlet simulate --replay \(keep)/\(name).yaml\(planted)")
        }
        guard shrinker.isVerified else {
            throw CommandFailure("played again it was another run: martlet is not deterministic")
        }
    }

    /// Runs the seed here and in `program`, and shows where the two part.
    func compareRun(of scenario: Scenario, with program: String) throws {
        var lines: [String] = []
        let report = played(scenario, seed: seed) { lines.append($0.marked) }
        let other = try output(
            of: program,
            ["simulate", scenarios[0], "--seed", "\(seed)", "--log", "--marked", "--after"])
        let head = "\(scenario.name) seed \(seed): "
        guard let end = other.lastIndex(where: { $0.hasPrefix(head) }) else {
            throw CommandFailure("\(program) printed no report of \(scenario.name)")
        }
        // A line of the log may itself be of several lines.
        let own = lines.flatMap { $0.components(separatedBy: "\n") }
        if let divergence = Divergence(own, Array(other[..<end])) {
            throw CommandFailure("\(divergence)")
        }
        Console.line("\(head)the same run in \(program), log hash \(report.hashText)")
        if report.verdict != .passed {
            Console.line("\(report)")
            throw CommandStatus.failed
        }
    }

    private func output(of program: String, _ arguments: [String]) throws -> [String] {
        let process = Process()
        let pipe = Pipe()
        process.executableURL = URL(fileURLWithPath: program)
        process.arguments = arguments
        process.standardOutput = pipe
        do { try process.run() } catch {
            throw CommandFailure(
                "\(program) cannot be run: \(error.localizedDescription)", status: .usage)
        }
        let data = pipe.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        return String(decoding: data, as: UTF8.self).components(separatedBy: "\n")
    }
}
