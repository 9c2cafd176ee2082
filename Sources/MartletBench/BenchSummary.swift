// Repeated measurements of one case, and the figures that stand for them. No IO.

/// One measurement of one case on one system.
package struct BenchSample: Hashable, Sendable {
    /// What the load told.
    var load: LoadReport
    /// Processor time of all processes of the system, in microseconds a request.
    var processorMicroseconds: Double
    /// The part of it of the process that the load was sent to.
    var coordinatorMicroseconds: Double
}

/// What many measurements of one thing come to.
package struct Spread: Hashable, Sendable, Encodable {
    /// The one in the middle; of an even number, the mean of the two.
    package var median: Double
    /// The least.
    package var least: Double
    /// The greatest.
    package var most: Double

    /// The spread of at least one measurement. O(n log n).
    init(_ values: [Double]) {
        precondition(!values.isEmpty, "a spread of nothing")
        let sorted = values.sorted()
        let middle = sorted.count / 2
        median =
            sorted.count.isMultiple(of: 2)
            ? (sorted[middle - 1] + sorted[middle]) / 2 : sorted[middle]
        least = sorted[0]
        most = sorted[sorted.count - 1]
    }
}

/// The figures of one case on one system.
package struct BenchSummary: Hashable, Sendable, Encodable {
    /// Requests answered in a second.
    package var requestsPerSecond: Spread
    /// The latency that half of the requests stayed within.
    package var p50Milliseconds: Spread
    /// The latency that 99 of 100 requests stayed within.
    package var p99Milliseconds: Spread
    /// Processor time of all processes, a request.
    package var processorMicroseconds: Spread
    /// The part of it of the process that the load was sent to.
    package var coordinatorMicroseconds: Spread

    /// The figures of at least one measurement.
    package init(_ samples: [BenchSample]) {
        requestsPerSecond = Spread(samples.map(\.load.requestsPerSecond))
        p50Milliseconds = Spread(samples.map(\.load.p50Milliseconds))
        p99Milliseconds = Spread(samples.map(\.load.p99Milliseconds))
        processorMicroseconds = Spread(samples.map(\.processorMicroseconds))
        coordinatorMicroseconds = Spread(samples.map(\.coordinatorMicroseconds))
    }
}

/// One case, measured.
package struct BenchResult: Hashable, Sendable {
    /// What was measured.
    package var benchCase: BenchCase
    /// One for each run.
    package var martlet: [BenchSample]
    /// As many, each right after the Martlet's of its run; none without a yardstick.
    package var redis: [BenchSample]

    /// Requests a second relative to Redis's, run by run: what the machine did to both cancels out.
    package var ratio: Spread? {
        let pairs = zip(martlet, redis).filter { $1.load.requestsPerSecond > 0 }
        if pairs.isEmpty { return nil }
        return Spread(pairs.map { $0.load.requestsPerSecond / $1.load.requestsPerSecond })
    }
}
