// What a whole benchmark came to, as a value and as a program reads it. No IO.
package import MartletClient

/// What was measured, on what, and what came of it.
package struct BenchReport: Hashable, Sendable {
    /// What one node held when a cluster's cases were done.
    package struct Volume: Hashable, Sendable {
        /// The cluster's.
        package var dw: Quorum
        /// Keys with a value.
        package var keys: Int64
        /// Bytes of its tables and memtables.
        package var bytes: Int
    }

    /// Where it was measured.
    package var machine: Machine
    /// What was measured.
    package var plan: BenchPlan
    /// Where the data lay.
    package var fileSystem: String
    /// What `redis-benchmark --version` says.
    package var loadVersion: String
    /// What `redis-server --version` says; nil without a yardstick.
    package var redisVersion: String?
    /// One for each cluster.
    package var volumes: [Volume]
    /// One for each case.
    package var results: [BenchResult]
}

/// What `martlet bench --json` prints.
package struct BenchJSON: Encodable {
    /// What the nodes were told.
    struct Configuration: Encodable {
        var n = BenchPlan.nodeCount
        var r = BenchPlan.quorum
        var w = BenchPlan.quorum
        var sync: String
        var settings: [String]
        var fileSystem: String
    }

    /// What the load was.
    struct Load: Encodable {
        var version: String
        var connections = BenchPlan.connectionCount
        var valueBytes = BenchPlan.valueBytes
        var keys = BenchPlan.keyCount
        var runs: Int
    }

    /// What each node held.
    struct Volume: Encodable {
        var dw: String
        var keys: Int64
        var bytes: Int
    }

    /// One case.
    struct Case: Encodable {
        var command: BenchCase.Verb
        var pipeline: Int
        var dw: String?
        var requests: Int
        var martlet: BenchSummary
        var redis: BenchSummary?
        var ratio: Spread?
    }

    var machine: Machine
    var configuration: Configuration
    var load: Load
    var redisVersion: String?
    var volumes: [Volume]
    var cases: [Case]

    /// The figures of `report`.
    package init(_ report: BenchReport) {
        machine = report.machine
        configuration = Configuration(
            sync: report.plan.sync, settings: report.plan.settings, fileSystem: report.fileSystem)
        load = Load(version: report.loadVersion, runs: report.plan.runs)
        redisVersion = report.redisVersion
        volumes = report.volumes.map { Volume(dw: "\($0.dw)", keys: $0.keys, bytes: $0.bytes) }
        cases = report.results.map { result in
            Case(
                command: result.benchCase.verb, pipeline: result.benchCase.pipeline,
                dw: result.benchCase.dw.map { "\($0)" }, requests: result.benchCase.requests,
                martlet: BenchSummary(result.martlet),
                redis: result.redis.isEmpty ? nil : BenchSummary(result.redis),
                ratio: result.ratio)
        }
    }
}
