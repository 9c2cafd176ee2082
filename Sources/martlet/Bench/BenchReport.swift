// A whole benchmark as a person reads it, and as a program does. No IO.
internal import MartletClient

/// What was measured, on what, and what came of it.
struct BenchReport: Hashable, Sendable {
    /// What one node held when a cluster's cases were done.
    struct Volume: Hashable, Sendable {
        var dw: Quorum
        var keys: Int64
        var bytes: Int
    }

    var machine: Machine
    var plan: BenchPlan
    /// Where the data lay.
    var fileSystem: String
    /// What `redis-benchmark --version` says.
    var loadVersion: String
    /// What `redis-server --version` says; nil without a yardstick.
    var redisVersion: String?
    var volumes: [Volume]
    var results: [BenchResult]
}

// MARK: Text

extension BenchReport {
    /// The lines to print: what was measured, the table, how to read it.
    var lines: [String] {
        var rows = [
            ("machine", machineText),
            ("nodes", nodesText),
            ("load", loadText),
            ("data", dataText),
        ]
        if let redisVersion {
            rows.append(
                ("yardstick", "\(redisVersion), one process, no persistence, in turns with Martlet")
            )
        }
        var lines = Columns.lines(rows) + [""] + table.lines + [""]
        lines.append("Medians of \(counted(plan.runs, "run")), after one that fills the store.")
        lines.append("CPU: µs of processor time a request, of all nodes and of n1.")
        if redisVersion != nil { lines.append("÷ redis: requests/s by Redis's, run by run.") }
        if isFree {
            lines.append(
                "\(fileSystem) is no disk: syncs cost nothing on it; --dir chooses one.")
        }
        return lines
    }

    private var isFree: Bool { ["tmpfs", "ramfs"].contains(fileSystem) }

    private var machineText: String {
        "\(counted(machine.cores, "core")) of \(machine.model), "
            + "\(bytesText(machine.memoryBytes)) memory, \(machine.kernel), "
            + "load \(decimal(machine.load, 1)) before"
    }

    private var nodesText: String {
        let dws = plan.dws.map { "\($0)" }.joined(separator: " and ")
        let count = BenchPlan.nodeCount
        return
            "\(count) here: n \(count), w \(BenchPlan.quorum), r \(BenchPlan.quorum), dw \(dws); "
            + "sync \(plan.sync) on \(fileSystem)"
            + plan.settings.filter { !$0.hasPrefix("storage.sync=") }.map { "; \($0)" }.joined()
    }

    private var loadText: String {
        "\(loadVersion) here, to n1 alone: -c \(BenchPlan.connectionCount) "
            + "-d \(BenchPlan.valueBytes) -r \(BenchPlan.keyCount)"
    }

    private var dataText: String {
        volumes.map { "\($0.keys) keys, \(bytesText($0.bytes)) on each node with dw \($0.dw)" }
            .joined(separator: "; ")
    }

    private var table: TextTable {
        var columns: [(title: String, side: TextTable.Side)] = [
            ("case", .left), ("requests", .right), ("requests/s", .right), ("min–max", .right),
            ("p50 ms", .right), ("p99 ms", .right), ("CPU all", .right), ("CPU n1", .right),
        ]
        if redisVersion != nil { columns.append(("÷ redis", .right)) }
        var table = TextTable(columns)
        for result in results {
            let requests = "\(result.benchCase.requests)"
            let martlet = BenchSummary(result.martlet)
            var row = [result.benchCase.name, requests] + Self.cells(martlet)
            row.append(decimal(martlet.coordinatorMicroseconds.median, 1))
            if redisVersion != nil { row.append(result.ratio.map { decimal($0.median, 2) } ?? "-") }
            table.add(row)
            if redisVersion == nil || result.redis.isEmpty { continue }
            table.add(["  redis", requests] + Self.cells(BenchSummary(result.redis)) + ["-", ""])
        }
        return table
    }

    private static func cells(_ summary: BenchSummary) -> [String] {
        let rate = summary.requestsPerSecond
        return [
            decimal(rate.median, 0), "\(decimal(rate.least, 0))–\(decimal(rate.most, 0))",
            decimal(summary.p50Milliseconds.median, 2), decimal(summary.p99Milliseconds.median, 2),
            decimal(summary.processorMicroseconds.median, 1),
        ]
    }
}

// MARK: JSON

/// What `martlet bench --json` prints.
struct BenchJSON: Encodable {
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

    init(_ report: BenchReport) {
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
