// A run as a file keeps it: the scenario itself, the seed, what is left out, and what came of it.
// How it is written is beside this file.
internal import MartletBase

/// A run that can be played again, whole in itself.
package struct SimulationCase: Sendable {
    /// The scenario, with its text.
    package var scenario: Scenario
    /// The seed.
    package var seed: UInt64
    /// What of the run is left out.
    package var reduction: Reduction
    /// Why the case is kept, for people.
    package var note = ""
    /// The word of the verdict: `passed`, `failed`, `vacuous`, or `unfinished` where the run took
    /// the process down.
    package var verdict: String
    /// The promise that was broken; nil when none was.
    package var promise: Promise?
    /// What showed it.
    package var witness: String?
    /// The run's log hash; nil where only the verdict is to be the same, as in a case that once
    /// failed and must no longer.
    package var hashText: String?
    /// The faults that came to pass, one line each, for people: the seed says them again. Their
    /// times are since the run's start.
    package var schedule: [String]

    /// The case of a run that has been played.
    package init(
        _ scenario: Scenario, reduced reduction: Reduction = Reduction(),
        as report: SimulationReport
    ) {
        self.scenario = scenario
        self.reduction = reduction
        seed = report.seed
        verdict = report.verdict.name
        if case .failed(let promise) = report.verdict { self.promise = promise }
        witness = report.witness
        hashText = report.hashText
        schedule = report.listedFaults.map(\.description)
    }

    /// The case of a run that begins now, as it stays if the process does not live to its end.
    package init(unfinished scenario: Scenario, seed: UInt64) {
        self.init(scenario, seed: seed, verdict: "unfinished")
    }

    init(_ scenario: Scenario, seed: UInt64, verdict: String) {
        self.scenario = scenario
        self.seed = seed
        self.verdict = verdict
        reduction = Reduction()
        schedule = []
    }

    /// Plays it again.
    package func replayed() -> SimulationReport {
        Simulation.run(scenario, seed: seed, reduced: reduction)
    }

    /// What is other in `report` than the case says, in a sentence; nil when it is the same run, or
    /// has the same verdict where no hash is kept.
    package func difference(from report: SimulationReport) -> String? {
        let again = SimulationCase(scenario, reduced: reduction, as: report)
        func told(_ one: SimulationCase) -> String {
            one.verdict + (one.promise.map { " (\($0.rawValue))" } ?? "")
        }
        if again.verdict != verdict || again.promise != promise {
            return "the case says \(told(self)), this run \(told(again))"
        }
        guard let hashText, hashText != report.hashText else { return nil }
        return "the verdict is the same, the run is not: log hash \(report.hashText), the case "
            + "says \(hashText)"
    }
}
