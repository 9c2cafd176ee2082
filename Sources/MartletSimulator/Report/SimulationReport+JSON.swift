// The report for programs: keys sorted, so that equal reports are equal bytes.
internal import MartletBase
internal import MartletViews

extension SimulationReport {
    /// The report as one JSON object. Times are in seconds: instants since the run's start,
    /// and durations, whose names end in `After` or say what they last.
    package var json: String { JSONText.lines(Document(self)) }

    private struct Document: Encodable {
        let scenario: String
        let seed: UInt64
        let verdict: String
        let brokenPromise: String?
        let witness: String?
        let brokenAt: Double?
        let missing: [String]
        let unrestBegan: Double?
        let healedAt: Double?
        let faults: [String]
        let leftOut: [String]
        let reads: Int
        let writes: Int
        let answered: Int
        let availability: Double
        let availabilityBySecond: [String: Double]
        let staleReads: Int
        let staleWritesMissed: [String: Int]
        let staleAge: [String: Double]
        let failures: [String: Int]
        let latencyMedian: Double
        let latencyP99: Double
        let occurrences: [String: Int]
        let rareBranches: [String]
        let hintsKept: Int
        let hintsDelivered: Int
        let hintsLost: Int
        let hintsPending: Int
        let convergedWithHints: Bool
        let core: String?
        let coreSettledAfter: Double?
        let hintsDrainedAfter: Double?
        let settledAfter: Double?
        let simulatedTime: Double
        let events: Int
        let logHash: String

        init(_ report: SimulationReport) {
            scenario = report.scenario
            seed = report.seed
            verdict = report.verdict.name
            if case .failed(let promise) = report.verdict {
                brokenPromise = promise.rawValue
            } else {
                brokenPromise = nil
            }
            if case .vacuous(let missing) = report.verdict {
                self.missing = missing.map(\.name)
            } else {
                missing = []
            }
            witness = report.witness
            brokenAt = report.brokenAt.map(Self.seconds)
            faults = report.listedFaults.map(\.description)
            unrestBegan = report.unrestBegan.map(Self.seconds)
            healedAt = report.healed.map(Self.seconds)
            leftOut = report.leftOut
            reads = report.operations.reads
            writes = report.operations.writes
            answered = report.operations.answered
            availability = report.availability
            availabilityBySecond = [
                "least": report.availabilitySpread.least,
                "median": report.availabilitySpread.median,
                "tenth": report.availabilitySpread.tenth,
            ]
            staleReads = report.staleness.staleReads
            let missed = report.staleness.missed
            staleWritesMissed = [
                "median": missed.median, "most": missed.most, "p99": missed.p99,
                "p999": missed.p999,
            ]
            let age = report.staleness.age
            staleAge = [
                "median": Self.seconds(age.median), "most": Self.seconds(age.most),
                "p99": Self.seconds(age.p99), "p999": Self.seconds(age.p999),
            ]
            failures = Dictionary(
                uniqueKeysWithValues: report.failures.map { ($0.reason, $0.count) })
            latencyMedian = Self.seconds(report.latency.median)
            latencyP99 = Self.seconds(report.latency.p99)
            occurrences = Dictionary(
                uniqueKeysWithValues: report.occurrences.map { ($0.occurrence.name, $0.count) })
            rareBranches = report.rareBranches
            hintsKept = report.hints.kept
            hintsDelivered = report.hints.delivered
            hintsLost = report.hints.lost
            hintsPending = report.hints.pending
            convergedWithHints = report.convergedWithHints
            core = report.core
            coreSettledAfter = report.coreSettledAfter.map(Self.seconds)
            hintsDrainedAfter = report.hintsDrainedAfter.map(Self.seconds)
            settledAfter = report.settledAfter.map(Self.seconds)
            simulatedTime = Self.seconds(report.simulatedTime)
            events = report.events
            logHash = report.hashText
        }

        private static func seconds(_ duration: Duration) -> Double {
            Double(duration.nanoseconds) / 1e9
        }
    }
}
