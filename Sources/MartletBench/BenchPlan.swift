// What a benchmark measures, worked out before anything is started: cases, sizes, arguments. No IO.
package import MartletClient

/// What is measured, how often and on what.
package struct BenchPlan: Hashable, Sendable {
    /// Nodes, all of them home replicas of every key.
    package static let nodeCount = 3
    /// Connections of the load.
    package static let connectionCount = 50
    /// Bytes of a value.
    package static let valueBytes = 100
    /// Keys are drawn from so many.
    package static let keyCount = 100_000
    /// Commands sent at once to fill the store before anything is measured.
    static let fillPipeline = 16
    /// Replicas that must answer a read or have a write.
    package static let quorum = 2

    /// Commands that a connection sends at once, one case each.
    package var pipelines: [Int]
    /// Replicas that must have synced a write, one cluster each.
    package var dws: [Quorum]
    /// Requests of each measurement; nil for what takes a few seconds.
    package var requests: Int?
    /// Measurements of each case.
    package var runs: Int
    /// Further settings of the nodes, as `martlet start --set` has them.
    package var settings: [String]

    /// The plan with these.
    package init(
        pipelines: [Int], dws: [Quorum], requests: Int?, runs: Int, settings: [String]
    ) {
        self.pipelines = pipelines
        self.dws = dws
        self.requests = requests
        self.runs = runs
        self.settings = settings
    }

    /// The cases of the cluster with `dw`. Reads are the same whatever `dw` is, and so are measured
    /// with the first alone.
    func cases(dw: Quorum) -> [BenchCase] {
        let verbs: [BenchCase.Verb] = dw == dws.first ? [.set, .get] : [.set]
        return verbs.flatMap { verb in
            pipelines.map { pipeline in
                BenchCase(
                    verb: verb, pipeline: pipeline, dw: verb == .set ? dw : nil,
                    requests: requestCount(pipeline: pipeline))
            }
        }
    }

    /// What fills the store with `dw` before its cases: nearly all keys, so that reads find them.
    func fill(dw: Quorum) -> BenchCase {
        BenchCase(
            verb: .set, pipeline: Self.fillPipeline, dw: dw,
            requests: requestCount(pipeline: Self.fillPipeline))
    }

    /// What the nodes are told, for `martlet start --set`: the quorums by name, so that the report
    /// can say what was measured.
    func nodeSettings(dw: Quorum) -> [String] {
        [
            "replication.r=\(Self.quorum)", "replication.w=\(Self.quorum)",
            "replication.dw=\(dw)", "storage.sync=\(sync)",
        ] + settings.filter { !$0.hasPrefix(Self.syncSetting) }
    }

    /// When a write counts as synced, as conf/martlet.yaml has it.
    package var sync: String {
        settings.last { $0.hasPrefix(Self.syncSetting) }
            .map { String($0.dropFirst(Self.syncSetting.count)) } ?? "every_write"
    }

    private static let syncSetting = "storage.sync="

    /// 50,000 one at a time and up to 200,000 in pipelines: a few seconds of either.
    private func requestCount(pipeline: Int) -> Int {
        requests ?? min(200_000, 50_000 * pipeline)
    }
}

/// One line of the result.
package struct BenchCase: Hashable, Sendable {
    /// What is asked.
    package enum Verb: String, Sendable, Encodable {
        /// A write.
        case set = "SET"
        /// A read.
        case get = "GET"
    }

    /// What is asked.
    package var verb: Verb
    /// Commands sent at once on a connection.
    package var pipeline: Int
    /// Replicas that must have synced; nil for reads.
    package var dw: Quorum?
    /// Requests of one measurement.
    package var requests: Int

    /// A few words that tell it from the others.
    package var name: String { "\(verb.rawValue) P \(pipeline)" + (dw.map { " dw=\($0)" } ?? "") }

    /// What `redis-benchmark` is told to put this load on `port` of 127.0.0.1.
    func arguments(port: UInt16) -> [String] {
        [
            "-h", "127.0.0.1", "-p", "\(port)", "-c", "\(BenchPlan.connectionCount)",
            "-d", "\(BenchPlan.valueBytes)", "-r", "\(BenchPlan.keyCount)", "-P", "\(pipeline)",
            "-n", "\(requests)", "-t", verb.rawValue.lowercased(), "--csv",
        ]
    }
}
