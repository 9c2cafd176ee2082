// Experiments: files that reproduce a figure or a table of a paper, instead of a scenario with
// faults and promises. They say which by the key `experiment`.
internal import MartletBase
internal import MartletRing

/// What a file of `Simulations/papers` declares.
package enum Experiment: Sendable {
    /// How soon writes are seen (PBS).
    case visibility(VisibilityExperiment)
    /// How evenly a ring shares its load (Dynamo).
    case balance(BalanceExperiment)

    /// Reads the experiment in the file at `path`; nil when it holds a scenario.
    package static func load(path: String) throws(ScenarioError) -> Experiment? {
        let file = path.split(separator: "/").last.map(String.init) ?? path
        let name = file.split(separator: ".").first.map(String.init) ?? file
        return try load(text: try Scenario.text(at: path), name: name, source: path)
    }

    /// Reads the experiment `name` from `text`; errors name `source`.
    package static func load(
        text: String, name: String, source: String = "experiment"
    ) throws(ScenarioError) -> Experiment? {
        let section = try Section(text: text, source: source, called: "an experiment")
        guard section.has("experiment") else { return nil }
        var kind = Kind.visibility
        try section.read("experiment", into: &kind) { (word) throws(WordError) in
            if let kind = Kind(rawValue: word) { return kind }
            let known = Kind.allCases.map(\.rawValue).joined(separator: " or ")
            throw WordError(problem: "\(word) is no experiment: write \(known)")
        }
        switch kind {
        case .visibility:
            var experiment = VisibilityExperiment(name: name)
            try section.read(into: &experiment)
            return .visibility(experiment)
        case .balance:
            var experiment = BalanceExperiment(name: name)
            try section.read(into: &experiment)
            return .balance(experiment)
        }
    }

    private enum Kind: String, CaseIterable {
        case visibility = "t-visibility"
        case balance = "load-balance"
    }
}

extension Section {
    fileprivate func read(
        into experiment: inout VisibilityExperiment
    ) throws(ScenarioError) {
        try expect(only: [
            "experiment", "description", "n", "trials", "probability", "tolerance", "quorums",
            "latencies",
        ])
        try read("description", into: &experiment.description) { (text) throws(WordError) in text }
        try read("n", into: &experiment.replicaCount, ScenarioText.count)
        try read("trials", into: &experiment.trials, ScenarioText.count)
        try read("probability", into: &experiment.probability, ScenarioText.share)
        if let tolerance = try section("tolerance") {
            try tolerance.expect(only: ["latency", "t"])
            try tolerance.read("latency", into: &experiment.latencyTolerance, ScenarioText.share)
            try tolerance.read("t", into: &experiment.visibilityTolerance, ScenarioText.share)
        }
        try readList("quorums", into: &experiment.quorums, ScenarioText.quorumPair)
        for entry in try sections("latencies", called: "a latency") {
            experiment.latencies.append(try entry.latency())
        }
        guard (1...Topology.replicaCountLimit - 1).contains(experiment.replicaCount),
            (100...100_000_000).contains(experiment.trials),
            (0.5...0.999_99).contains(experiment.probability)
        else {
            throw error(
                "n must be 1 to \(Topology.replicaCountLimit - 1), trials 100 to 100000000, "
                    + "probability 50% to 99.999%")
        }
        let replicas = 1...experiment.replicaCount
        for pair in experiment.quorums
        where !replicas.contains(pair.r) || !replicas.contains(pair.w) {
            throw error("r=\(pair.r) w=\(pair.w) is not within 1 and n")
        }
        guard !experiment.quorums.isEmpty, !experiment.latencies.isEmpty else {
            throw error("an experiment needs quorums and latencies")
        }
    }

    private func latency() throws(ScenarioError) -> QuorumLatency {
        try expect(only: ["name", "write", "ack", "read", "response", "remote", "paper"])
        var latency = QuorumLatency()
        try read("name", into: &latency.name) { (text) throws(WordError) in text }
        latency.write = try mixture("write")
        latency.acknowledgement = try mixture("ack")
        latency.read = try mixture("read")
        latency.response = try mixture("response")
        try read("remote", into: &latency.remote, ScenarioText.duration)
        var rows: [(pair: QuorumPair, figures: QuorumFigures)] = []
        if has("paper") { try readList("paper", into: &rows, ScenarioText.paperRow) }
        for row in rows { latency.paper[row.pair] = row.figures }
        return latency
    }

    private func mixture(_ key: String) throws(ScenarioError) -> LatencyDistribution {
        var parts: [(share: Double, part: LatencyDistribution.Part)] = []
        try readList(key, into: &parts, ScenarioText.latencyPart)
        let sum = parts.reduce(0) { $0 + $1.share }
        guard (sum - 1).magnitude < 1e-9 else {
            throw error("the shares of \(key) are \(sum) together, and must be 1")
        }
        return LatencyDistribution(parts: parts)
    }

    fileprivate func read(into experiment: inout BalanceExperiment) throws(ScenarioError) {
        try expect(only: [
            "experiment", "description", "n", "partitions", "nodes", "tokens", "rings",
        ])
        try read("description", into: &experiment.description) { (text) throws(WordError) in text }
        try read("n", into: &experiment.replicaCount, ScenarioText.count)
        try read("partitions", into: &experiment.partitionCount) { (text) throws(WordError) in
            guard let count = PartitionCount(try ScenarioText.count(text)) else {
                throw WordError(problem: "\(text) is no power of two up to 16384")
            }
            return count
        }
        try readList("nodes", into: &experiment.nodeCounts, ScenarioText.count)
        try readList("tokens", into: &experiment.tokenCounts, ScenarioText.count)
        try read("rings", into: &experiment.ringCount, ScenarioText.count)
        guard experiment.nodeCounts.allSatisfy((1...Topology.memberLimit).contains),
            experiment.tokenCounts.allSatisfy((1...10_000).contains),
            (1...Topology.replicaCountLimit).contains(experiment.replicaCount),
            (1...100_000).contains(experiment.ringCount)
        else {
            throw error(
                "nodes must be 1 to \(Topology.memberLimit), tokens 1 to 10000, n 1 to "
                    + "\(Topology.replicaCountLimit), rings 1 to 100000")
        }
    }
}

extension ScenarioText {
    /// `r=1 w=2`.
    static func quorumPair(_ text: String) throws(WordError) -> QuorumPair {
        let fields = try fields(text, named: ["r", "w"])
        return QuorumPair(r: try count(fields[0]), w: try count(fields[1]))
    }

    /// `r=1 w=1 read=5.58ms write=10.83ms t=1364ms`.
    static func paperRow(
        _ text: String
    ) throws(WordError) -> (pair: QuorumPair, figures: QuorumFigures) {
        let fields = try fields(text, named: ["r", "w", "read", "write", "t"])
        return (
            QuorumPair(r: try count(fields[0]), w: try count(fields[1])),
            QuorumFigures(
                read: try duration(fields[2]), write: try duration(fields[3]),
                visible: try duration(fields[4]))
        )
    }

    /// The values of `name=value` words, which come in the order of `names`.
    private static func fields(
        _ text: String, named names: [String]
    ) throws(WordError) -> [String] {
        let words = text.split(separator: " ")
        var values: [String] = []
        for (word, name) in zip(words, names) where word.hasPrefix(name + "=") {
            values.append(String(word.dropFirst(name.count + 1)))
        }
        guard values.count == names.count, words.count == names.count else {
            throw WordError(
                problem: "\(text) does not say " + names.map { "\($0)=…" }.joined(separator: " "))
        }
        return values
    }
}
