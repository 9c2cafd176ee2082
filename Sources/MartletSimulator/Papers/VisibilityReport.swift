// What was measured of a `VisibilityExperiment`, beside what its paper says.
internal import Dispatch
internal import MartletBase
internal import Synchronization

/// The rows of an experiment, latency by latency.
package struct VisibilityReport: Sendable {
    /// One latency with one pair of quorums.
    package struct Row: Sendable {
        /// What the paper calls the latency.
        package let latency: String
        /// How many replicas answered.
        package let pair: QuorumPair
        /// Writes made.
        package let writes: Int
        /// Reads made.
        package let reads: Int
        /// The share of reads that saw a write which was acknowledged as they began.
        package let freshAtOnce: Double
        /// What was measured.
        package let measured: QuorumFigures
        /// Between what it lies with 95% confidence, given so many trials.
        package let interval: (low: QuorumFigures, high: QuorumFigures)
        /// What the paper says; nil where this project has no figures of it.
        package let paper: QuorumFigures?
        /// Whether its interval reaches to where it is as near to the paper as was asked.
        package let isNear: Bool
    }

    /// The experiment.
    package let experiment: VisibilityExperiment
    /// From what everything random followed.
    package let seed: UInt64
    /// One row for each latency and pair.
    package let rows: [Row]

    /// Whether every row is as near to the paper as was asked.
    package var passed: Bool { rows.allSatisfy(\.isNear) }
}

extension VisibilityExperiment {
    /// Measures every row, on `jobs` threads; the same experiment and seed give the same report.
    ///
    /// - Parameter finished: told how many rows of how many are done, on any thread, one at a time.
    package func run(
        seed: UInt64, jobs: Int, finished: @Sendable (Int, Int) -> Void = { _, _ in }
    ) -> VisibilityReport {
        let tasks = latencies.flatMap { latency in quorums.map { (latency, $0) } }
        let rows = Mutex([VisibilityReport.Row?](repeating: nil, count: tasks.count))
        let next = Atomic(0)
        DispatchQueue.concurrentPerform(iterations: min(max(1, jobs), tasks.count)) { _ in
            while true {
                let number = next.wrappingAdd(1, ordering: .relaxed).oldValue
                guard number < tasks.count else { return }
                let row = measure(tasks[number].0, tasks[number].1, seed: seed)
                rows.withLock {
                    $0[number] = row
                    finished($0.count { $0 != nil }, tasks.count)
                }
            }
        }
        return VisibilityReport(
            experiment: self, seed: seed, rows: rows.withLock { $0.compactMap(\.self) })
    }

    private func measure(
        _ latency: QuorumLatency, _ pair: QuorumPair, seed: UInt64
    ) -> VisibilityReport.Row {
        let stand: QuorumStand
        var streams = SeededRandom(seed: seed, stream: "\(latency.name) \(pair.r) \(pair.w)")
        do {
            stand = try QuorumStand(latency, replicaCount: replicaCount, seed: streams.next())
        } catch { fatalError("an empty disk in memory does not open: \(error)") }
        var trials = VisibilityTrials(pair, on: stand, replicaCount: replicaCount)
        let stale = 1 - probability
        let first = trials.run(self.trials / 20, offsets: VisibilityEstimate.firstOffsets)
        let second = trials.run(
            self.trials / 5, offsets: VisibilityEstimate.secondOffsets(first, stale: stale))
        let third = trials.run(
            self.trials, offsets: VisibilityEstimate.thirdOffsets(second, stale: stale))
        let measured = figures(of: trials, third)
        let interval = (
            low: figures(of: trials, third, deviations: -2),
            high: figures(of: trials, third, deviations: 2)
        )
        let paper = latency.paper[pair]
        return VisibilityReport.Row(
            latency: latency.name, pair: pair, writes: trials.writes.count,
            reads: trials.reads.count, freshAtOnce: 1 - first[0].staleShare, measured: measured,
            interval: interval, paper: paper,
            isNear: paper.map { isNear(interval.low, interval.high, to: $0) } ?? true)
    }

    /// The figures, or what they would be if chance was so many standard deviations off.
    private func figures(
        of trials: VisibilityTrials, _ tallies: [OffsetTally], deviations: Double = 0
    ) -> QuorumFigures {
        func quantile(_ durations: [Duration]) -> Duration {
            let deviation = (probability * (1 - probability) / Double(durations.count)).squareRoot()
            return VisibilityEstimate.quantile(durations, probability + deviations * deviation)
        }
        let stale = 1 - probability
        let deviation = 1 / (stale * Double(tallies[0].reads)).squareRoot()
        let factor = max(1 - deviations * deviation, Self.leastFactor)
        return QuorumFigures(
            read: quantile(trials.reads), write: quantile(trials.writes),
            visible: VisibilityEstimate.crossing(tallies, stale: stale * factor))
    }

    /// What a share may at the least be of the one looked for: few trials could not tell it from
    /// nothing.
    private static let leastFactor = 0.05

    /// Whether what lies between `low` and `high` may be as near to the paper as was asked.
    private func isNear(
        _ low: QuorumFigures, _ high: QuorumFigures, to paper: QuorumFigures
    ) -> Bool {
        func isWithin(_ share: Double, _ path: KeyPath<QuorumFigures, Duration>) -> Bool {
            let asked = Double(paper[keyPath: path].nanoseconds)
            return Double(high[keyPath: path].nanoseconds) >= asked * (1 - share)
                && Double(low[keyPath: path].nanoseconds) <= asked * (1 + share)
        }
        return isWithin(latencyTolerance, \.read) && isWithin(latencyTolerance, \.write)
            && isWithin(visibilityTolerance, \.visible)
    }
}
