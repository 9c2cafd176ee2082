// What is known of the mutants of one build, as a file: an interrupted hunt goes on where it was.
import Foundation

/// The mutations of a draw that do not compile, as far as is known.
struct Broken: Codable {
    let plan: Ledger.Plan
    let ids: Set<Int>

    init(plan: Ledger.Plan, ids: Set<Int>) { (self.plan, self.ids) = (plan, ids) }

    /// What was left of an earlier build of this plan.
    init?(at url: URL, of plan: Ledger.Plan) {
        guard let data = try? Data(contentsOf: url),
            let broken = try? JSONDecoder().decode(Broken.self, from: data), broken.plan == plan
        else { return nil }
        self = broken
    }
}

/// The mutants of a build and the verdicts on them.
struct Ledger: Codable {
    /// What the mutants were drawn from.
    struct Plan: Codable, Equatable {
        var targets: [String]
        var count: Int
        var seed: UInt64
        var configuration: String
    }

    let plan: Plan
    /// Those that compile, in the order in which they are hunted.
    let mutations: [Mutation]
    /// Those that were drawn and do not compile.
    let droppedCount: Int
    var verdicts: [Int: Verdict] = [:]

    init(plan: Plan, mutations: [Mutation], droppedCount: Int) {
        (self.plan, self.mutations, self.droppedCount) = (plan, mutations, droppedCount)
    }

    /// What was left of an earlier hunt; nil when nothing was, or nothing of this plan.
    init?(at url: URL, of plan: Plan) {
        guard let data = try? Data(contentsOf: url),
            let ledger = try? JSONDecoder().decode(Ledger.self, from: data), ledger.plan == plan
        else { return nil }
        self = ledger
    }

    func write(to url: URL) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .prettyPrinted]
        try encoder.encode(self).write(to: url)
    }

    /// Those still to be hunted: without a verdict, or that have survived a smaller budget.
    func open(budget: Int) -> [Mutation] {
        mutations.filter { mutation in
            guard let verdict = verdicts[mutation.id] else { return true }
            return verdict.outcome == .survived && verdict.seconds < Double(budget)
        }
    }

    // MARK: Report

    /// The table by target, with the share that is found of those that anything came by, what found
    /// how many, and every survivor.
    var text: String {
        var lines = [
            Self.row(
                "target",
                ["mutants", "tests", "simulation", "survived", "not reached", "found"])
        ]
        for target in plan.targets { lines.append(row(target, of: [target])) }
        lines.append(row("all", of: plan.targets))
        lines.append("\(droppedCount) more that were drawn do not compile")
        lines += ["", "found by"]
        let found = verdicts.values.filter { ![.survived, .neverReached].contains($0.outcome) }
        let ways = Dictionary(grouping: found) { verdict in
            verdict.outcome == .promise ? verdict.by : verdict.outcome.rawValue
        }
        for (way, verdicts) in ways.sorted(by: {
            ($1.value.count, $0.key) < ($0.value.count, $1.key)
        }) {
            let seconds = verdicts.map(\.seconds).sorted()
            lines.append(
                "  \(Self.padded("\(verdicts.count)", 4, left: true))  \(Self.padded(way, 30)) "
                    + "after \(Int(seconds[seconds.count / 2])) s, at most \(Int(seconds.last ?? 0)) s"
            )
        }
        for (outcome, title) in [
            (Verdict.Outcome.survived, "survived"), (.neverReached, "never reached"),
        ] {
            let those = mutations.filter { verdicts[$0.id]?.outcome == outcome }
            lines += ["", "\(title): \(those.count)"] + those.map { "  \($0.id)  \($0.summary)" }
        }
        return lines.joined(separator: "\n")
    }

    private func row(_ name: String, of targets: [String]) -> String {
        let verdicts = mutations.filter { targets.contains($0.target) }
            .compactMap { self.verdicts[$0.id] }
        let survived = verdicts.count { $0.outcome == .survived }
        let unreached = verdicts.count { $0.outcome == .neverReached }
        let tested = verdicts.count { $0.outcome == .test }
        let played = verdicts.count - tested - survived - unreached
        let reached = tested + played + survived
        let share = reached == 0 ? "-" : "\((tested + played) * 100 / reached)%"
        let counts = [verdicts.count, tested, played, survived, unreached]
        return Self.row(name, counts.map { "\($0)" } + [share])
    }

    private static func row(_ name: String, _ cells: [String]) -> String {
        padded(name, 22) + cells.map { "  " + padded($0, 12, left: true) }.joined()
    }

    private static func padded(_ text: String, _ width: Int, left: Bool = false) -> String {
        let space = String(repeating: " ", count: max(0, width - text.count))
        return left ? space + text : text + space
    }
}
