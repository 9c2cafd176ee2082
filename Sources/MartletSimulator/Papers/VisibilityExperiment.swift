// Probabilistically bounded staleness (Bailis et al., "Probabilistically Bounded Staleness for
// Practical Partial Quorums", VLDB 2012), as a file declares it: which latencies, which quorums,
// and what the paper says of them. `VisibilityTrials` measures.

/// How soon after its acknowledgement a write is seen, for latencies and quorums of a paper.
package struct VisibilityExperiment: Sendable {
    /// The name, for reports: that of its file, without the extension.
    package let name: String
    /// What it is for, and how the paper's model maps to ours.
    package internal(set) var description = ""
    /// N: replicas of each key, beside the coordinator.
    package internal(set) var replicaCount = 3
    /// Writes for each latency and quorum, each followed by reads.
    package var trials = 200_000
    /// The chance of a fresh read that defines t, and the quantile of the latencies shown.
    package internal(set) var probability = 0.999
    /// How far latencies may be from the paper's.
    package internal(set) var latencyTolerance = 0.05
    /// How far t may be from the paper's.
    package internal(set) var visibilityTolerance = 0.15
    /// How many replicas answer reads and writes, each pair for each latency.
    package internal(set) var quorums: [QuorumPair] = []
    /// The latencies.
    var latencies: [QuorumLatency] = []

    /// The experiment `name` without any latency.
    init(name: String) {
        self.name = name
    }
}

/// How many replicas must answer a read, and acknowledge a write.
package struct QuorumPair: Hashable, Sendable {
    /// R.
    package let r: Int
    /// W.
    package let w: Int
}

/// How long each message of a read and a write takes: the paper's WARS.
struct QuorumLatency: Sendable {
    /// What the paper calls it.
    var name = ""
    /// W: the write, from its coordinator to a replica.
    var write = LatencyDistribution.none
    /// A: its acknowledgement.
    var acknowledgement = LatencyDistribution.none
    /// R: the read, from its coordinator to a replica.
    var read = LatencyDistribution.none
    /// S: what the replica answers.
    var response = LatencyDistribution.none
    /// On top of each message to and from a replica that is not the operation's own; `zero` where
    /// all are near. Which one is near is drawn for each operation.
    var remote = Duration.zero
    /// What the paper says.
    var paper: [QuorumPair: QuorumFigures] = [:]
}

/// What is known of one latency and one pair of quorums.
package struct QuorumFigures: Hashable, Sendable {
    /// Read latency, at the quantile asked for.
    package let read: Duration
    /// Write latency, at the same.
    package let write: Duration
    /// t: this long after its acknowledgement a write is seen with the probability asked for.
    package let visible: Duration
}

extension LatencyDistribution {
    /// No time at all.
    static let none = LatencyDistribution(parts: [(1, .pareto(minimum: 0, shape: 1))])
}
