// What a benchmark reads of other programs and of the system.
import MartletLocal
import Testing

@testable import MartletBench

@Suite("LoadReport")
struct LoadReportTests {
    private let heading =
        #""test","rps","avg_latency_ms","min_latency_ms","p50_latency_ms","p95_latency_ms","#
        + #""p99_latency_ms","max_latency_ms""#
    private let row = #""SET","28901.73","1.244","0.136","0.711","5.127","8.759","9.839""#

    @Test("The figures are found by the names of their columns")
    func figures() throws {
        let report = try LoadReport(csv: "\(heading)\n\(row)\n")
        #expect(
            report
                == LoadReport(
                    requestsPerSecond: 28901.73, p50Milliseconds: 0.711, p99Milliseconds: 8.759))
        let swapped = try LoadReport(
            csv: #""test","p99_latency_ms","rps","p50_latency_ms""# + "\n" + #""GET","3","1","2""#)
        #expect(
            swapped
                == LoadReport(requestsPerSecond: 1, p50Milliseconds: 2, p99Milliseconds: 3))
    }

    @Test("What goes to standard error beside the figures is passed over")
    func warnings() throws {
        #expect(
            (try? LoadReport(csv: "WARNING: Could not fetch server CONFIG\n\(heading)\n\(row)"))
                != nil)
    }

    @Test("A load with errors is no measurement, and the error is told")
    func errors() {
        let text = "Error from server: NOQUORUM too few\n\(heading)\n\(row)\n"
        let failure = #expect(throws: LocalFailure.self) { try LoadReport(csv: text) }
        #expect(failure?.description.contains("NOQUORUM too few") == true)
    }

    @Test("An older redis-benchmark, whose answer has no heading, is told from a broken one")
    func old() {
        let failure = #expect(throws: LocalFailure.self) {
            try LoadReport(csv: #""SET","28901.73""#)
        }
        #expect(failure?.description.contains("6.2") == true)
    }

    @Test(
        "What is no figure is refused",
        arguments: ["", "\"SET\"", #""SET","x","1","1","1","1","1","1""#])
    func refusals(row: String) {
        #expect(throws: LocalFailure.self) { try LoadReport(csv: "\(heading)\n\(row)\n") }
        #expect(throws: LocalFailure.self) { try LoadReport(csv: row) }
    }
}

@Suite("What /proc tells")
struct ProcTests {
    @Test("Ticks are fields 14 and 15, whatever the program is called")
    func ticks() {
        let rest = "S 1 7 7 0 -1 4194304 300 0 0 0 120 34 0 0 20 0 5 0 99 1000 200"
        #expect(ProcessorTime.ticks(stat: "7 (martlet) \(rest)") == 154)
        #expect(ProcessorTime.ticks(stat: "7 (a) b ( c)) \(rest)") == 154)
        for text in ["", "7 (martlet)", "7 (martlet) S 1 2", "7 martlet \(rest)"] {
            #expect(ProcessorTime.ticks(stat: text) == nil, "\(text)")
        }
    }

    @Test("A processor is called what it calls itself first")
    func model() {
        let text = "processor\t: 0\nmodel name\t: AMD EPYC: fast \nmodel name\t: other\n"
        #expect(Machine.value(of: "model name", in: text) == "AMD EPYC: fast")
        #expect(Machine.value(of: "model", in: text) == nil)
    }

    @Test("Memory is told in KiB")
    func memory() {
        #expect(Machine.memoryBytes(meminfo: "MemTotal:       2048 kB\nMemFree: 1 kB\n") == 2 << 20)
        #expect(Machine.memoryBytes(meminfo: "MemFree: 1 kB\n") == nil)
    }

    @Test("A path lies in the file system mounted closest above it")
    func fileSystems() {
        let text = """
            1 0 8:1 / / rw shared:1 - ext4 /dev/a rw
            2 1 0:9 / /var/tmp rw master:1 shared:2 - tmpfs tmpfs rw
            3 1 0:8 / /data rw - xfs /dev/b rw
            4 1 0:8 / /data rw - btrfs /dev/c rw
            broken
            """
        let expected = [
            ("/var/tmp/x", "tmpfs"), ("/var/tmp", "tmpfs"), ("/var/tmpfiles", "ext4"),
            ("/", "ext4"), ("/srv/a", "ext4"), ("/data/d", "btrfs"),
        ]
        for (path, kind) in expected {
            #expect(Machine.fileSystem(of: path, mountinfo: text) == kind, "\(path)")
        }
        #expect(Machine.fileSystem(of: "/x", mountinfo: "") == nil)
    }

    @Test(
        "Versions are found in what programs say of themselves",
        arguments: [
            ("redis-benchmark 7.0.15\n", "7.0.15"),
            ("Redis server v=7.0.15 sha=00000000:0 malloc=jemalloc-5.3.0 bits=64", "7.0.15"),
            ("usage: see example.org", nil), ("", nil),
        ] as [(String, String?)])
    func versions(text: String, version: String?) {
        #expect(ForeignProgram.version(in: text) == version)
    }

    @Test("A program that is missing is told with the package that has it")
    func missing() {
        #expect(ForeignProgram.find("sh", in: "/nowhere:/bin") == "/bin/sh")
        let failure = #expect(throws: LocalFailure.self) {
            try ForeignProgram("martlet-no-such-program", package: "redis-tools")
        }
        #expect(failure?.description.contains("package redis-tools") == true)
    }
}
