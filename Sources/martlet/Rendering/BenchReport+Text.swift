// A whole benchmark as a person reads it.
internal import MartletBench
internal import MartletClient

extension Machine {
    /// What of it decides how fast it is, on one line.
    var text: String {
        "\(processorText), \(bytesText(memoryBytes)) memory, \(kernel), "
            + "load \(decimal(load, 1)) before"
    }

    /// Its processors alone.
    var processorText: String { "\(counted(cores, "core")) of \(model)" }
}

extension BenchReport {
    /// The lines to print: what was measured, the table, how to read it.
    var lines: [String] {
        var rows = [
            ("machine", machine.text),
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
