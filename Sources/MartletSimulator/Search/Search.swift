// Many runs: every scenario under one seed after the other, on several threads, in rounds. A run
// stays on one thread; what a round found is told in the order of its runs, so that the same search
// tells the same, however many threads there are. Which cases are kept is `Findings`'.
internal import Dispatch
internal import Synchronization

/// A search over scenarios and seeds.
package struct Search: Sendable {
    /// The runs of one round for each thread: the most that wait for their turn to be told.
    private static let roundRunsPerJob = 8
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
        let seedsPerRound = max(1, Self.roundRunsPerJob * jobs / scenarios.count)
        while seed < last, !isOver() {
            let end = min(last, seed + min(UInt64(seedsPerRound), last - seed))
            let runs = round(seed..<end, until: isOver, begins: begins, finished: finished)
            for run in runs { try tell(run) }
            seed = end
        }
    }

    /// The runs of `seeds` that were begun before the end, in order.
    private func round(
        _ seeds: Range<UInt64>, until isOver: @Sendable () -> Bool,
        begins: @Sendable (Scenario, UInt64) -> Void,
        finished: @Sendable (SimulationReport) -> Void
    ) -> [Run] {
        let count = seeds.count * scenarios.count
        let next = Atomic(0)
        let reports = Mutex([SimulationReport?](repeating: nil, count: count))
        DispatchQueue.concurrentPerform(iterations: min(jobs, count)) { _ in
            while !isOver() {
                let number = next.wrappingAdd(1, ordering: .relaxed).oldValue
                guard number < count else { return }
                let scenario = scenarios[number % scenarios.count]
                let seed = seeds.lowerBound + UInt64(number / scenarios.count)
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
                report.map { Run(scenario: scenarios[number % scenarios.count], report: $0) }
            }
        }
    }
}
