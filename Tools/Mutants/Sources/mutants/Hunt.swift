// One mutant against the tests and the simulator: the same seeds as the program without a mutation
// passes, until the first failure or the end of the budget.
import Foundation

/// What came of one mutant.
struct Verdict: Codable {
    /// By what it was found.
    enum Outcome: String, Codable {
        /// A broken promise, named in `by`.
        case promise
        /// A run in which nothing of what it is about occurred.
        case vacuous
        /// The process went down.
        case trap
        /// A run had no end.
        case hang
        /// Unit tests failed.
        case test
        case survived
        /// Nothing that was played came by it.
        case neverReached = "never reached"
    }

    let outcome: Outcome
    /// The promise, the trap's text, or the test.
    var by = ""
    /// The run that found it.
    var scenario = ""
    var seed: UInt64 = 0
    /// How long it took, in seconds of the processor; the budget for what survived.
    var seconds = 0.0
}

/// How mutants are hunted.
struct Hunt {
    /// How long a run may go on after the budget is over, in seconds of the processor.
    private static let grace = 40
    /// The address space of a simulator, in KiB.
    private static let memoryLimit = 6 << 20
    /// How long the unit tests of one mutant may go on, in seconds of the processor.
    private static let testLimit = 300

    let program: URL
    let place: URL
    let scenarios: [String]
    let firstSeed: UInt64
    let budget: Int
    let targets: [String]
    /// Whose unit tests are run; nil to leave them out.
    let tested: MutatedTree?
    let mutantCount: Int

    /// Whether the tests and the budget's seeds pass without a mutation, and the mutants that the
    /// runs came by.
    func baseline(budget: Int) throws -> Set<Int> {
        if let tested {
            let output = Output(of: limited(tested.testCommand(of: targets), to: Self.testLimit))
            guard output.succeeded else {
                throw Failure(
                    "the unit tests fail without a mutation:\n\(output.text.suffix(4_000))")
            }
        }
        let file = place.appending(path: "reached").path
        try? FileManager.default.removeItem(atPath: file)
        let verdict = search(mutant: 0, budget: budget, variables: ["MARTLET_REACHED": file])
        if verdict.outcome != .survived {
            // It is told, and counts for no mutant: each finding is played again without one.
            say(
                "without a mutation: \(verdict.outcome.rawValue) \(verdict.by) at "
                    + "\(verdict.scenario) seed \(verdict.seed)")
        }
        let bytes = try Data(contentsOf: URL(filePath: file))
        return Set((1...mutantCount).filter { bytes[$0] != 0 })
    }

    /// Hunts one mutant: by the unit tests, and in simulations where these come by it.
    func verdict(on mutation: Mutation, isReached: Bool) -> Verdict {
        if let tested {
            let began = Date()
            let output = Output(
                of: limited(tested.testCommand(of: [mutation.target]), to: Self.testLimit),
                variables: environment(mutation.id))
            if !output.succeeded {
                let line = output.text.split(separator: "\n").first {
                    $0.contains("✘") || $0.contains("Fatal error: ")
                }
                return Verdict(
                    outcome: .test, by: String((line ?? "no end, or no word").prefix(200)),
                    seconds: Date().timeIntervalSince(began))
            }
        }
        if !isReached { return Verdict(outcome: .neverReached) }
        return search(mutant: mutation.id, budget: budget, variables: [:])
    }

    /// The command with a bound on the processor's time of each of its processes.
    private func limited(_ command: [String], to seconds: Int) -> [String] {
        ["sh", "-c", "ulimit -t \(seconds); exec \"$@\"", "sh"] + command
    }

    // MARK: Simulating

    private func command(from seed: UInt64, for seconds: Int, _ scenarios: [String]) -> [String] {
        let player =
            [
                "sh", "-c", "ulimit -v \(Self.memoryLimit); exec \"$@\"", "sh", program.path,
                "\(seed)", "\(seconds)",
            ] + scenarios
        return limited(player, to: seconds + Self.grace)
    }

    private func search(mutant: Int, budget: Int, variables: [String: String]) -> Verdict {
        let variables = variables.merging(environment(mutant)) { $1 }
        var seconds = 0.0
        var seed = firstSeed
        // What fails without the mutation too is no finding: the search goes on behind it.
        while seconds < Double(budget) {
            let left = budget - Int(seconds)
            var last = Play()
            let program = LiveProgram(
                command(from: seed, for: left, scenarios), variables: variables)
            let end = program.run { last.hear($0) }
            seconds += last.seconds
            guard end != .ended(0) else { break }
            var found = last.verdict(end)
            found.seconds = seconds
            if mutant == 0 || passesWithout(found) { return found }
            seed = found.seed + 1
        }
        return Verdict(outcome: .survived, seconds: Double(budget))
    }

    /// What the player has said last.
    private struct Play {
        private var scenario = ""
        private var seed: UInt64 = 0
        private var outcome: Verdict.Outcome?
        private var by = ""
        private(set) var seconds = 0.0

        /// Takes in a line: `WORD NAME SEED TENTHS WHY`, or a trap's last words.
        mutating func hear(_ line: String) {
            let words = line.split(separator: " ", maxSplits: 4).map(String.init)
            if words.count > 3, ["begins", "failed", "vacuous"].contains(words[0]) {
                (scenario, seed) = (words[1], UInt64(words[2]) ?? 0)
                seconds = (Double(words[3]) ?? 0) / 10
                if words[0] == "begins" { return }
                outcome = words[0] == "failed" ? .promise : .vacuous
                by = words.count > 4 ? words[4] : ""
            } else if let range = line.range(of: "Fatal error: ") {
                by = Mutation.flat(String(line[range.upperBound...]))
            }
        }

        /// What that says of a program which came to this end.
        func verdict(_ end: LiveProgram.End) -> Verdict {
            Verdict(
                outcome: outcome ?? (end.isOutOfTime ? .hang : .trap), by: by,
                scenario: scenario, seed: seed)
        }
    }

    /// Whether the run passes when no mutation is on.
    private func passesWithout(_ found: Verdict) -> Bool {
        guard let path = scenarios.first(where: { $0.hasSuffix("/\(found.scenario).yaml") }) else {
            return true
        }
        let end = LiveProgram(
            command(from: found.seed, for: 0, [path]), variables: environment(0)
        ).run { _ in }
        return end == .ended(0)
    }

    private func environment(_ mutant: Int) -> [String: String] {
        ["MARTLET_MUTANT": "\(mutant)", "SWIFT_BACKTRACE": "enable=no"]
    }
}
