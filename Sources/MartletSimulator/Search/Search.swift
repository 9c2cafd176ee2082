// Many runs: every scenario under one seed after the other, on several threads, in rounds. A run
// stays on one thread; what a round found is told in the order of its runs, so that the same search
// tells the same, however many threads there are. Which cases are kept is `Findings`'.
//
// A search that is bounded by time plays every other seed, from the second round on, in a
// configuration that `Preference` chooses.
internal import Dispatch
internal import Synchronization

/// A search over scenarios and seeds.
package struct Search: Sendable {
    /// The runs of one round for each thread: the most that wait for their turn to be told.
    private static let roundRunsPerJob = 8
    /// The runs of one round of a search that goes by what the rounds before have shown: the same
    /// number however many threads there are.
    private static let preferringRoundRuns = 32
    /// The most threads.
    package static let jobLimit = 256

    /// What is played, each under every seed.
    package var scenarios: [Scenario]
    /// The first seed.
    package var firstSeed: UInt64
    /// How many seeds; nil for as many as the time allows.
    package var seedCount: UInt64?
    /// How many threads, 1 … `jobLimit`.
    package var jobs: Int
    /// Plays a scenario under a seed.
    package var play: @Sendable (Scenario, UInt64) -> SimulationReport = {
        Simulation.run($0, seed: $1)
    }

    /// A search; at least one scenario.
    package init(_ scenarios: [Scenario], firstSeed: UInt64, seedCount: UInt64?, jobs: Int) {
        self.scenarios = scenarios
        self.firstSeed = firstSeed
        self.seedCount = seedCount
        self.jobs = min(max(1, jobs), Self.jobLimit)
    }

    /// One run that is over.
    package struct Run: Sendable {
        /// The scenario.
        package let scenario: Scenario
        /// What came of it.
        package let report: SimulationReport
    }

    /// Runs until all seeds are done or `isOver` says so, which is asked before each run; runs that
    /// have begun are ended and told.
    ///
    /// - Parameters:
    ///   - begins: told of each run before it begins, on the run's thread: what is noted there is
    ///     all that stays of a run that takes the process down.
    ///   - finished: told of each run as it ends, in any order, on any thread, one at a time.
    ///   - tell: told of each run in the order of seeds, scenarios within a seed, on this thread.
    package func run(
        until isOver: @Sendable () -> Bool,
        begins: @Sendable (Scenario, UInt64) -> Void = { _, _ in },
        finished: @Sendable (SimulationReport) -> Void = { _ in },
        tell: (Run) throws -> Void
    ) rethrows {
        let last = seedCount.map { firstSeed + $0 } ?? .max
        var seed = firstSeed
        var preference = seedCount == nil ? Preference(scenarioCount: scenarios.count) : nil
        let roundRuns =
            preference == nil ? Self.roundRunsPerJob * jobs : Self.preferringRoundRuns
        let seedsPerRound = max(1, roundRuns / scenarios.count)
        while seed < last, !isOver() {
            let end = min(last, seed + min(UInt64(seedsPerRound), last - seed))
            let plan = plan(seed..<end, preference)
            for (run, scenario) in round(
                plan, until: isOver, begins: begins, finished: finished)
            {
                preference?.learn(run.report, scenario: scenario)
                try tell(run)
            }
            seed = end
        }
    }

    /// What is played in a round: every scenario under one seed after the other.
    private func plan(
        _ seeds: Range<UInt64>, _ preference: Preference?
    ) -> [(scenario: Int, seed: UInt64)] {
        seeds.flatMap { seed in
            scenarios.indices.map { scenario in
                let isPlain = (seed - firstSeed).isMultiple(of: 2)
                let preferred = preference?.seed(inPlaceOf: seed, scenario: scenario)
                return (scenario, isPlain ? seed : preferred ?? seed)
            }
        }
    }

    /// The runs of `plan` that were begun before the end, in order, with the places of their
    /// scenarios.
    private func round(
        _ plan: [(scenario: Int, seed: UInt64)], until isOver: @Sendable () -> Bool,
        begins: @Sendable (Scenario, UInt64) -> Void,
        finished: @Sendable (SimulationReport) -> Void
    ) -> [(run: Run, scenario: Int)] {
        let count = plan.count
        let next = Atomic(0)
        let reports = Mutex([SimulationReport?](repeating: nil, count: count))
        DispatchQueue.concurrentPerform(iterations: min(jobs, count)) { _ in
            while !isOver() {
                let number = next.wrappingAdd(1, ordering: .relaxed).oldValue
                guard number < count else { return }
                let scenario = scenarios[plan[number].scenario]
                let seed = plan[number].seed
                begins(scenario, seed)
                let report = play(scenario, seed)
                reports.withLock {
                    $0[number] = report
                    finished(report)
                }
            }
        }
        return reports.withLock { reports in
            reports.enumerated().compactMap { number, report in
                report.map {
                    let scenario = plan[number].scenario
                    return (Run(scenario: scenarios[scenario], report: $0), scenario)
                }
            }
        }
    }
}
