// Experiments: what the coordinator does under a paper's latencies, against the paper's model
// reckoned without it; and the planner against random tokens.
import Foundation
import MartletBase
import MartletSimulator
import Testing

/// The paper's model without a store: W, A, R and S of each replica, in milliseconds.
private struct Model {
    let replicas = 3
    let write: (inout SeededRandom) -> Double
    let other: (inout SeededRandom) -> Double
    var random = SeededRandom(seed: 9, stream: "model")

    /// How long a write takes, a read, and how long after the write's end the read must begin to
    /// see it; 0 when that is at once.
    mutating func trial(r: Int, w: Int) -> (write: Double, read: Double, fresh: Double) {
        let arrivals = (0..<replicas).map { _ in write(&random) }
        let end = arrivals.map { $0 + other(&random) }.sorted()[w - 1]
        let reads = (0..<replicas).map { _ in (asked: other(&random), took: other(&random)) }
        let order = reads.indices.sorted {
            reads[$0].asked + reads[$0].took < reads[$1].asked + reads[$1].took
        }
        let fresh = order.prefix(r).map { arrivals[$0] - end - reads[$0].asked }.min() ?? 0
        let last = reads[order[r - 1]]
        return (end, last.asked + last.took, max(0, fresh))
    }

    static func mixture(
        _ share: Double, minimum: Double, shape: Double, rate: Double
    ) -> (inout SeededRandom) -> Double {
        { random in
            let isPareto = random.unit() < share
            let chance = 1 - random.unit()
            return isPareto ? minimum / pow(chance, 1 / shape) : -log(chance) / rate
        }
    }
}

/// A file holds another kind of experiment than was asked for.
private struct WrongKind: Error {}

@Suite("Papers")
struct PaperTests {
    private static let root =
        "/" + #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
        + "/Simulations/papers"

    private static func visibility(
        trials: Int, quorums: String, probability: String = "95%"
    ) throws -> VisibilityExperiment {
        let text = """
            experiment: t-visibility
            trials: \(trials)
            probability: \(probability)
            quorums: [\(quorums)]
            latencies:
              - name: disk
                write: [38% pareto 1.05ms 1.51, 62% exponential 0.183/ms]
                ack: &ssd [91.22% pareto 0.235ms 10, 8.78% exponential 1.66/ms]
                read: *ssd
                response: *ssd
            """
        guard case .visibility(let experiment) = try Experiment.load(text: text, name: "quick")
        else { throw WrongKind() }
        return experiment
    }

    @Test(
        "Latencies and staleness are those of the model",
        arguments: [(r: 1, w: 1), (r: 1, w: 2), (r: 2, w: 1)])
    func coordinatorFollowsModel(r: Int, w: Int) throws {
        let ssd = Model.mixture(0.9122, minimum: 0.235, shape: 10, rate: 1.66)
        let disk = Model.mixture(0.38, minimum: 1.05, shape: 1.51, rate: 0.183)
        var model = Model(write: disk, other: ssd)
        let count = 20_000
        let trials = (0..<count).map { _ in model.trial(r: r, w: w) }
        func quantile(_ value: ((write: Double, read: Double, fresh: Double)) -> Double) -> Double {
            trials.map(value).sorted()[count * 95 / 100]
        }
        let experiment = try Self.visibility(trials: 1_000, quorums: "r=\(r) w=\(w)")
        let row = try #require(experiment.run(seed: 1, jobs: 1).rows.first)
        func isNear(_ found: Duration, _ asked: Double, _ share: Double) -> Bool {
            abs(Double(found.nanoseconds) / 1e6 - asked) <= share * asked
        }
        #expect(isNear(row.measured.read, quantile(\.read), 0.05), "\(row) \(quantile(\.read))")
        #expect(isNear(row.measured.write, quantile(\.write), 0.1), "\(row) \(quantile(\.write))")
        #expect(isNear(row.measured.visible, quantile(\.fresh), 0.2), "\(row) \(quantile(\.fresh))")
        let atOnce = Double(trials.count { $0.fresh == 0 }) / Double(count)
        #expect(abs(row.freshAtOnce - atOnce) < 0.1, "\(row) \(atOnce)")
    }

    @Test("With R + W > N every read is fresh at once")
    func strictQuorums() throws {
        let experiment = try Self.visibility(trials: 100, quorums: "r=2 w=2, r=1 w=3, r=3 w=1")
        let report = experiment.run(seed: 1, jobs: 1)
        #expect(report.rows.map(\.measured.visible) == [.zero, .zero, .zero])
        #expect(report.rows.map(\.freshAtOnce) == [1, 1, 1])
    }

    @Test("One experiment and seed are one report, however many threads measure")
    func sameSeedSameReport() throws {
        let experiment = try Self.visibility(trials: 100, quorums: "r=1 w=1, r=2 w=1")
        let report = experiment.run(seed: 5, jobs: 1)
        #expect(experiment.run(seed: 5, jobs: 2).json == report.json)
        #expect(experiment.run(seed: 6, jobs: 1).json != report.json)
    }

    @Test("The project's experiment is of the paper's four latencies, with its figures")
    func paperFileLoads() throws {
        guard case .visibility(let experiment) = try Experiment.load(path: Self.root + "/pbs.yaml")
        else { throw WrongKind() }
        var quick = experiment
        quick.trials = 100
        let rows = quick.run(seed: 1, jobs: 2).rows
        #expect(rows.map(\.latency) == ["LNKD-SSD", "LNKD-DISK", "YMMR", "WAN"])
        #expect(rows.map(\.paper?.visible.milliseconds) == [1, 45, 1_364, 113])
        // 75 ms there and back stand between a far replica and a quick answer.
        #expect(rows[3].measured.read < .milliseconds(150))
    }

    @Test("The planner shares out no worse than random tokens, for every number of nodes")
    func plannerIsNoWorse() throws {
        let path = Self.root + "/dynamo-figure-8.yaml"
        guard case .balance(var experiment) = try Experiment.load(path: path)
        else { throw WrongKind() }
        experiment.ringCount = 1
        let report = experiment.run(seed: 1)
        #expect(report.rows.count >= 6)
        for row in report.rows {
            #expect(row.isNoWorse && row.planned.least > 0.98, "\(row)")
            #expect(row.joined.least > 0.98 && row.moved == 1, "\(row)")
        }
        #expect(report.passed)
    }

    @Test("A scenario is no experiment")
    func scenariosAreNone() throws {
        #expect(try Experiment.load(text: "nodes: 3", name: "scenario") == nil)
    }

    @Test(
        "Errors say what to write",
        arguments: [
            ("experiment: t-invisibility", "write t-visibility or load-balance"),
            ("{experiment: t-visibility, quorums: [r=1]}", "r=1 does not say r=… w=…"),
            ("{experiment: t-visibility, quorums: [r=1 w=4]}", "r=1 w=4 is not within 1 and n"),
            ("{experiment: t-visibility}", "needs quorums and latencies"),
            (
                "{experiment: t-visibility, latencies: [{name: x, write: [50% pareto 1ms 2]}]}",
                "must be 1"
            ),
            (
                "{experiment: t-visibility, latencies: [{name: x, write: [all normal 1ms]}]}",
                "is no share"
            ),
            ("{experiment: load-balance, nodes: [0]}", "nodes must be 1 to"),
            ("{experiment: load-balance, tocens: [1]}", "did you mean tokens?"),
        ])
    func errorsAreTold(text: String, expected: String) {
        do {
            _ = try Experiment.load(text: text, name: "bad")
            Issue.record("\(text) is read")
        } catch { #expect(error.description.contains(expected), "\(error)") }
    }

    @Test("Logarithms and powers are libm's to thirteen digits")
    func logarithms() {
        var random = SeededRandom(seed: 1, stream: "logarithms")
        for _ in 0..<2_000 {
            let exponent = (random.unit() - 0.5) * 100
            let power = Logarithm.power(ofTwoTo: exponent)
            #expect(abs(power / exp2(exponent) - 1) < 1e-13)
            #expect(abs(Logarithm.base2(of: power) - exponent) < 1e-12)
        }
        #expect(Logarithm.base2(of: 1) == 0 && Logarithm.power(ofTwoTo: 10) == 1_024)
    }
}
