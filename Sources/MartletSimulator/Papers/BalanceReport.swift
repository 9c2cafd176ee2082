// How even the rings of a `BalanceExperiment` were.
internal import MartletViews

/// The rows of an experiment, one for each number of nodes.
package struct BalanceReport: Sendable {
    /// Rings of one size.
    package struct Row: Sendable, Encodable {
        /// How many nodes they had.
        package let nodeCount: Int
        /// Ours.
        package let planned: Efficiency
        /// Ours after one node more has joined.
        package let joined: Efficiency
        /// The homes that this changed, over those that it had to change for that; the mean.
        package let moved: Double
        /// With tokens at random, in the order of the experiment's numbers of tokens.
        package let tokens: [Efficiency]

        /// Whether our least even ring was at least as even as those with tokens were on average.
        package var isNoWorse: Bool { tokens.allSatisfy { planned.least >= $0.mean } }
    }

    /// The experiment.
    package let experiment: BalanceExperiment
    /// From what everything random followed.
    package let seed: UInt64
    /// One row for each number of nodes.
    package let rows: [Row]

    /// Whether the planner was no worse with any number of nodes.
    package var passed: Bool { rows.allSatisfy(\.isNoWorse) }

    /// The report as one JSON object.
    package var json: String { JSONText.lines(Document(self)) }

    private struct Document: Encodable {
        let experiment: String
        let seed: UInt64
        let n: Int
        let partitions: Int
        let tokenCounts: [Int]
        let rings: Int
        let passed: Bool
        let rows: [Row]

        init(_ report: BalanceReport) {
            experiment = report.experiment.name
            seed = report.seed
            n = report.experiment.replicaCount
            partitions = report.experiment.partitions
            tokenCounts = report.experiment.tokenCounts
            rings = report.experiment.ringCount
            passed = report.passed
            rows = report.rows
        }
    }
}
