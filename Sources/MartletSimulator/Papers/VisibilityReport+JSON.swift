// The report for programs: keys sorted, so that equal reports are equal bytes.
internal import MartletBase
internal import MartletViews

extension VisibilityReport {
    /// The report as one JSON object. Times are in milliseconds.
    package var json: String { JSONText.lines(Document(self)) }

    private struct Document: Encodable {
        struct Figures: Encodable {
            let read: Double
            let write: Double
            let visible: Double

            init(_ figures: QuorumFigures) {
                read = Double(figures.read.nanoseconds) / 1e6
                write = Double(figures.write.nanoseconds) / 1e6
                visible = Double(figures.visible.nanoseconds) / 1e6
            }
        }
        struct Line: Encodable {
            let latency: String
            let r: Int
            let w: Int
            let writes: Int
            let reads: Int
            let freshAtOnce: Double
            let measured: Figures
            let low: Figures
            let high: Figures
            let paper: Figures?
            let isNear: Bool
        }
        let experiment: String
        let seed: UInt64
        let n: Int
        let probability: Double
        let passed: Bool
        let rows: [Line]

        init(_ report: VisibilityReport) {
            experiment = report.experiment.name
            seed = report.seed
            n = report.experiment.replicaCount
            probability = report.experiment.probability
            passed = report.passed
            rows = report.rows.map { row in
                Line(
                    latency: row.latency, r: row.pair.r, w: row.pair.w, writes: row.writes,
                    reads: row.reads, freshAtOnce: row.freshAtOnce,
                    measured: Figures(row.measured), low: Figures(row.interval.low),
                    high: Figures(row.interval.high), paper: row.paper.map(Figures.init),
                    isNear: row.isNear)
            }
        }
    }
}
