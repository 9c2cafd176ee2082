// The page of a run: whole and on its own for runs that pass, are vacuous and fail, safe whatever a
// scenario is called, and of no influence on the run.
import Foundation
import MartletSimulator
import Testing

@Suite("Pages")
struct ReportPageTests {
    private static let command = "martlet simulate x.yaml --seed 1"

    /// Two sides that cannot reach each other, and a node that crashes.
    private static func partition() throws -> Scenario {
        try Scenario.load(
            text: """
                {nodes: 5, zones: 5, duration: 6s, clients: 8, keys: 10, rate: 20,
                 options: {w: [1, quorum], r: [1, quorum], dw: [0]},
                 faults: [{partition: {groups: [[1, 2], [3, 4, 5]], at: 1s, for: 3s}},
                          {crash: {node: 4, at: 3s, for: 2s}}]}
                """, name: "partition")
    }

    /// Where pages are left to be looked at.
    private static func keep(_ page: String, _ name: String) throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "martlet-pages")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        try page.write(
            to: folder.appending(path: "\(name).html"), atomically: true, encoding: .utf8)
    }

    @Test("A traced run is the run without a trace")
    func tracingChangesNothing() throws {
        let scenario = try Self.partition()
        let trace = Trace()
        let traced = Simulation.run(scenario, seed: 2, tracing: trace)
        let plain = Simulation.run(scenario, seed: 2)
        #expect(traced.logHash == plain.logHash && traced.json == plain.json)
        let page = traced.page(trace, command: Self.command)
        let again = Trace()
        let second = Simulation.run(scenario, seed: 2, tracing: again)
        #expect(page == second.page(again, command: Self.command))
    }

    @Test("A page loads nothing, and shows verdict, command, faults, nodes, clients and a key")
    func wholePage() throws {
        let trace = Trace()
        let report = Simulation.run(try Self.partition(), seed: 2, tracing: trace)
        let page = report.page(trace, command: Self.command)
        try Self.keep(page, "partition")
        for part in [
            "class=\"verdict passed\"", Self.command, "partition ", "node 5", "client 8",
            "Beliefs", "keys that differ", "Messages of key-", "hint-delivered",
        ] {
            #expect(page.contains(part), "no \(part)")
        }
        for foreign in ["http:", "https:", "<link", "@import", "src=", "url("] {
            #expect(!page.contains(foreign), "\(foreign)")
        }
    }

    @Test("A scenario's words are never markup")
    func wordsAreEscaped() throws {
        let name = "</title><script>alert(1)</script>"
        var scenario = try Scenario.load(
            text: "{nodes: 1, n: 1, duration: 1s, clients: 1, expects: [crash]}", name: name)
        scenario.description = "<img src=x onerror=alert(1)>"
        let trace = Trace()
        let report = Simulation.run(scenario, seed: 1, tracing: trace)
        let page = report.page(trace, command: "\"\(name)'&")
        #expect(page.contains("class=\"verdict vacuous\""))
        #expect(!page.contains("<script>alert") && !page.contains("<img"))
        #expect(page.contains("&lt;script&gt;alert(1)"))
    }

    #if DEBUG
        @Test(
            "A broken promise leads the page, with its witness",
            arguments: [PlantedFault.losesVersions, .losesHints, .inventsVersion])
        func brokenPromise(planted: PlantedFault) throws {
            let scenario = try Scenario.load(
                text: PlantedFaultTests.scenario(planted), name: planted.rawValue)
            let trace = Trace()
            let report = Simulation.run(scenario, seed: 1, planting: planted, tracing: trace)
            let page = report.page(trace, command: Self.command)
            try Self.keep(page, planted.rawValue)
            #expect(page.contains("class=\"verdict failed\""))
            #expect(page.contains("Broken promise"))
            #expect(page.contains("the key of the broken promise"), "\(report)")
        }
    #endif
}
