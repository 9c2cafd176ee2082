// Experiments as tables: what was measured beside what the paper says.
internal import MartletBase
internal import MartletSimulator

/// The table of a t-visibility experiment.
func lines(of report: VisibilityReport) -> [String] {
    let experiment = report.experiment
    var table = TextTable([
        ("latency", .left), ("R", .right), ("W", .right), ("read ms", .right), ("paper", .right),
        ("write ms", .right), ("paper", .right), ("t ms", .right), ("paper", .right),
        ("95% of t", .left), ("fresh at once", .right), ("", .left),
    ])
    for row in report.rows {
        func cells(_ path: KeyPath<QuorumFigures, Duration>) -> [String] {
            [
                milliseconds(row.measured[keyPath: path]),
                row.paper.map { milliseconds($0[keyPath: path]) } ?? "–",
            ]
        }
        table.add(
            [row.latency, "\(row.pair.r)", "\(row.pair.w)"] + cells(\.read) + cells(\.write)
                + cells(\.visible)
                + [
                    "\(milliseconds(row.interval.low.visible)) – "
                        + milliseconds(row.interval.high.visible),
                    decimal(row.freshAtOnce * 100, 1) + "%",
                    row.paper == nil ? "" : row.isNear ? "near" : "off",
                ])
    }
    let share = decimal(experiment.probability * 100, 1) + "%"
    let reads = report.rows.reduce(0) { $0 + $1.reads }
    let writes = report.rows.reduce(0) { $0 + $1.writes }
    return [
        "\(experiment.name): latencies at \(share), and t after which \(share) of reads are fresh; "
            + "N = \(experiment.replicaCount)", "",
    ] + table.lines + [
        "",
        "\(writes) writes and \(reads) reads, seed \(report.seed); near: the intervals of 95% "
            + "reach to within \(decimal(experiment.latencyTolerance * 100, 0))% of the paper's "
            + "latencies and \(decimal(experiment.visibilityTolerance * 100, 0))% of its t",
    ]
}

/// The table of a load balance experiment.
func lines(of report: BalanceReport) -> [String] {
    let experiment = report.experiment
    var table = TextTable(
        [
            ("nodes", .right), ("planner", .right), ("least", .right), ("after a join", .right),
            ("least", .right), ("moved", .right),
        ]
            + experiment.tokenCounts.flatMap { count in
                [(counted(count, "token"), .right), ("least", .right)]
            })
    for row in report.rows {
        table.add(
            ["\(row.nodeCount)"] + cells(of: [row.planned, row.joined])
                + [decimal(row.moved, 3)] + cells(of: row.tokens))
    }
    return [
        "\(experiment.name): mean load over that of the hottest node, "
            + "\(counted(experiment.ringCount, "ring")) each, N = \(experiment.replicaCount), "
            + "Q = \(experiment.partitions); what a join moved over the least that it could", "",
    ] + table.lines + ["", "seed \(report.seed)"]
}

private func cells(of efficiencies: [Efficiency]) -> [String] {
    efficiencies.flatMap { [decimal($0.mean, 3), decimal($0.least, 3)] }
}

private func milliseconds(_ duration: Duration) -> String {
    decimal(Double(duration.nanoseconds) / 1e6, 2)
}
