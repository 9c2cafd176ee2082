// What a benchmark plans, how it sums up, and what it prints, without a process.
import ArgumentParser
import MartletClient
import MartletViews
import Testing

@testable import MartletBench
@testable import martlet

private let plan = BenchPlan(
    pipelines: [1, 16], dws: [.majority, .count(0)], requests: nil, runs: 3, settings: [])

@Suite("BenchPlan")
struct BenchPlanTests {
    @Test("Reads are measured once, writes with each DW")
    func cases() {
        #expect(
            plan.cases(dw: .majority).map(\.name)
                == ["SET P 1 dw=quorum", "SET P 16 dw=quorum", "GET P 1", "GET P 16"])
        #expect(plan.cases(dw: .count(0)).map(\.name) == ["SET P 1 dw=0", "SET P 16 dw=0"])
    }

    @Test("Requests grow with the pipeline up to a limit, unless they are given")
    func requests() {
        #expect(plan.cases(dw: .count(0)).map(\.requests) == [50_000, 200_000])
        var given = plan
        given.requests = 7
        #expect(given.cases(dw: .majority).allSatisfy { $0.requests == 7 })
        #expect(given.fill(dw: .majority).requests == 7)
    }

    @Test("The load is what the figures of others are made with")
    func arguments() {
        let words = plan.cases(dw: .majority)[3].arguments(port: 9).joined(separator: " ")
        #expect(
            words == "-h 127.0.0.1 -p 9 -c 50 -d 100 -r 100000 -P 16 -n 200000 -t get --csv")
    }

    @Test("The nodes are told the quorums and the sync by name")
    func settings() {
        var plan = plan
        plan.settings = ["storage.compress_log=false", "storage.sync=200ms"]
        #expect(plan.sync == "200ms")
        #expect(
            plan.nodeSettings(dw: .count(0)) == [
                "replication.r=2", "replication.w=2", "replication.dw=0", "storage.sync=200ms",
                "storage.compress_log=false",
            ])
    }

    @Test("The command line takes lists, and shows them as they are given")
    func commandLine() throws {
        let standard = try #require(Martlet.parseAsRoot(["bench"]) as? BenchCluster)
        #expect(standard.pipeline.defaultValueDescription == "1,16")
        #expect(standard.dw.defaultValueDescription == "quorum,0")
        let command = try #require(
            Martlet.parseAsRoot(["bench", "--pipeline", "4", "--dw", "2,one"]) as? BenchCluster)
        #expect(command.pipeline.elements == [4])
        #expect(command.dw.elements.map(\.quorum) == [.count(2), .count(1)])
    }

    @Test(
        "What measures nothing is refused",
        arguments: [
            ["--dw", "3"], ["--dw", "all"], ["--dw", "0,0"], ["--dw", ""], ["--pipeline", "0"],
            ["--pipeline", "1,,2"], ["--runs", "0"], ["--requests", "0"],
            ["--set", "replication.w=1"], ["--base-port", "0"], ["--base-port", "65530"],
        ])
    func refusals(words: [String]) {
        let error = #expect(throws: (any Error).self) { try Martlet.parseAsRoot(["bench"] + words) }
        #expect(error.map { Martlet.exitCode(for: $0) } == .validationFailure)
    }
}

@Suite("BenchReport")
struct BenchReportTests {
    private func sample(_ rate: Double, cpu: Double = 10) -> BenchSample {
        BenchSample(
            load: LoadReport(
                requestsPerSecond: rate, p50Milliseconds: 1.25, p99Milliseconds: 4),
            processorMicroseconds: cpu, coordinatorMicroseconds: cpu / 2)
    }

    private func report(redis: [BenchSample]) -> BenchReport {
        BenchReport(
            machine: Machine(
                cores: 2, model: "a model", memoryBytes: 3 << 30, kernel: "Linux 6", load: 0.25),
            plan: plan, fileSystem: "ext4", loadVersion: "redis-benchmark 7",
            redisVersion: redis.isEmpty ? nil : "redis-server 7",
            volumes: [BenchReport.Volume(dw: .majority, keys: 5, bytes: 2_048)],
            results: [
                BenchResult(
                    benchCase: plan.cases(dw: .majority)[0],
                    martlet: [sample(300, cpu: 30), sample(100), sample(200, cpu: 20)],
                    redis: redis)
            ])
    }

    @Test(
        "Medians are in the middle, of an even number between the two",
        arguments: [
            ([5], 5, 5, 5), ([3, 1, 2], 2, 1, 3), ([4, 1, 3, 2], 2.5, 1, 4),
        ] as [([Double], Double, Double, Double)])
    func medians(values: [Double], median: Double, least: Double, most: Double) {
        let spread = Spread(values)
        #expect(spread.median == median)
        #expect(spread.least == least)
        #expect(spread.most == most)
    }

    @Test("The table and what was measured, line for line")
    func alone() {
        #expect(
            report(redis: []).lines == [
                "machine  2 cores of a model, 3.0 GiB memory, Linux 6, load 0.3 before",
                "nodes    3 here: n 3, w 2, r 2, dw quorum and 0; sync every_write on ext4",
                "load     redis-benchmark 7 here, to n1 alone: -c 50 -d 100 -r 100000",
                "data     5 keys, 2.0 KiB on each node with dw quorum",
                "",
                "case               requests  requests/s  min–max  p50 ms  p99 ms  CPU all  CPU n1",
                "SET P 1 dw=quorum     50000         200  100–300    1.25    4.00     20.0    10.0",
                "",
                "Medians of 3 runs, after one that fills the store.",
                "CPU: µs of processor time a request, of all nodes and of n1.",
            ])
    }

    @Test("A yardstick has its own line, and the ratio is that of the runs, not of the medians")
    func yardstick() {
        let report = report(redis: [sample(300), sample(400), sample(800)])
        #expect(report.results[0].ratio?.median == 0.25)
        #expect(
            report.lines[6...8] == [
                "case               requests  requests/s  min–max  p50 ms  p99 ms  CPU all  CPU n1"
                    + "  ÷ redis",
                "SET P 1 dw=quorum     50000         200  100–300    1.25    4.00     20.0    10.0"
                    + "     0.25",
                "  redis               50000         400  300–800    1.25    4.00     10.0       -",
            ])
    }

    @Test("Syncs that cost nothing are told of")
    func memory() {
        var report = report(redis: [])
        report.fileSystem = "tmpfs"
        #expect(report.lines.last?.contains("--dir") == true)
    }

    @Test("Programs get the same figures")
    func json() throws {
        let text = JSONText.lines(BenchJSON(report(redis: [sample(300)])))
        for part in [
            "\"command\" : \"SET\"", "\"dw\" : \"quorum\"", "\"median\" : 200", "\"pipeline\" : 1",
            "\"ratio\" : {", "\"sync\" : \"every_write\"",
        ] {
            #expect(text.contains(part), "\(part)")
        }
    }
}
