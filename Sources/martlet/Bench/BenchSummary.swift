// Repeated measurements of one case, and the figures that stand for them. No IO.

/// One measurement of one case on one system.
struct BenchSample: Hashable, Sendable {
    /// What the load told.
    var load: LoadReport
    /// Processor time of all processes of the system, in microseconds a request.
    var processorMicroseconds: Double
    /// The part of it of the process that the load was sent to.
    var coordinatorMicroseconds: Double
}

/// What many measurements of one thing come to.
struct Spread: Hashable, Sendable, Encodable {
    var median: Double
    var least: Double
    var most: Double

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
struct BenchSummary: Hashable, Sendable, Encodable {
    var requestsPerSecond: Spread
    var p50Milliseconds: Spread
    var p99Milliseconds: Spread
    var processorMicroseconds: Spread
    var coordinatorMicroseconds: Spread

    /// The figures of at least one measurement.
    init(_ samples: [BenchSample]) {
        requestsPerSecond = Spread(samples.map(\.load.requestsPerSecond))
        p50Milliseconds = Spread(samples.map(\.load.p50Milliseconds))
        p99Milliseconds = Spread(samples.map(\.load.p99Milliseconds))
        processorMicroseconds = Spread(samples.map(\.processorMicroseconds))
        coordinatorMicroseconds = Spread(samples.map(\.coordinatorMicroseconds))
    }
}

/// One case, measured.
struct BenchResult: Hashable, Sendable {
    var benchCase: BenchCase
    /// One for each run.
    var martlet: [BenchSample]
    /// As many, each right after the Martlet's of its run; none without a yardstick.
    var redis: [BenchSample]

    /// Requests a second relative to Redis's, run by run: what the machine did to both cancels out.
    var ratio: Spread? {
        let pairs = zip(martlet, redis).filter { $1.load.requestsPerSecond > 0 }
        if pairs.isEmpty { return nil }
        return Spread(pairs.map { $0.load.requestsPerSecond / $1.load.requestsPerSecond })
    }
}
