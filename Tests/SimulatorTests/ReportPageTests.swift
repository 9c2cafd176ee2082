// The page of a run: whole and on its own for runs that pass, are vacuous and fail, safe whatever a
// scenario is called, and of no influence on the run.
import Foundation
import MartletBase
import Testing

@testable import MartletSimulator

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

    @Test("A page shows the messages of the key that was asked for", arguments: [0, 3])
    func keyAskedFor(number: Int) throws {
        let trace = Trace(of: "key-\(number)")
        let report = Simulation.run(try Self.partition(), seed: 2, tracing: trace)
        let page = report.page(trace, command: Self.command)
        #expect(page.contains("<h2>Messages of key-\(number)</h2><p>the key that was asked for"))
    }

    @Test("A page loads nothing, and shows verdict, command, faults, nodes, clients and a key")
    func wholePage() throws {
        let trace = Trace()
        let report = Simulation.run(try Self.partition(), seed: 2, tracing: trace)
        let page = report.page(trace, command: Self.command)
        try Self.keep(page, "partition")
        for part in [
            "class=\"verdict passed\"", Self.command, "partition n", "<b>n5</b>", "client 8",
            "Beliefs", "keys that differ", "Messages of key-", "hint-delivered",
            "data-style=\"exchange\"", "data-style=\"promise\"", "data-style=\"removal\"",
        ] {
            #expect(page.contains(part), "no \(part)")
        }
        for foreign in ["http:", "https:", "<link", "@import", "src=", "url("] {
            #expect(!page.contains(foreign), "\(foreign)")
        }
        #expect(Markup.fault(of: page) == nil, "\(Markup.fault(of: page) ?? "")")
    }

    @Test("Exchanges, promises and removals are drawn among the messages, each in its style")
    func surroundings() throws {
        let trace = Trace()
        let report = Simulation.run(try LogWordsTests.scenario(), seed: 6, tracing: trace)
        let partition = Focus(key: Bytes(text: "key-0"), partitionCount: 64).partition
        let around = trace.messages.all.filter { $0.isAround(partition) }
        #expect(Set(around.map(\.kind)).isSuperset(of: [.comparison, .promise, .settled]))
        #expect(trace.messages.all.contains { $0.kind == .exchange })
        #expect(report.count(.removal) == trace.removals.count && !trace.removals.isEmpty)
        // While no fault lasts, whatever is sent arrives.
        let quiet = (Instant.start + .seconds(14))..<(Instant.start + .seconds(25))
        let sent = around.filter { quiet.contains($0.sent) }
        #expect(!sent.isEmpty && sent.allSatisfy { $0.arrived != nil })
        let kinds: [TraceMessage.Kind] = [.comparison, .promise, .settled, .exchange]
        let drawn = kinds.flatMap { kind in
            trace.messages.all.filter { $0.kind == kind && $0.arrived != nil }.suffix(3)
        }
        let stretch = SpaceTime.Stretch(
            messages: drawn, removals: Array(trace.removals.suffix(1)), end: trace.end)
        let svg = SpaceTimeDrawing(trace: trace, stretch: stretch).svg
        for part in [
            "class=\"message promise\"", "class=\"message exchange comparison\"",
            "class=\"message exchange\"", "class=\"message removal\"", ">promise</text>",
            ">comparison</text>", ">exchange</text>", ">removed</text>", "removes the last trace",
        ] {
            #expect(svg.contains(part), "no \(part)")
        }
        #expect(Markup.fault(of: svg) == nil)
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
            #expect(Markup.fault(of: page) == nil, "\(Markup.fault(of: page) ?? "")")
        }
    #endif
}

/// A look at markup as a parser takes it: every element is closed by its own name, and attributes
/// are in double quotes, each once.
enum Markup {
    private static let empty = ["meta", "input", "br"]

    /// What is wrong with `page`; nil when nothing is.
    static func fault(of page: String) -> String? {
        var open: [Substring] = []
        var rest = page[...]
        while let begin = rest.firstIndex(of: "<") {
            rest = rest[rest.index(after: begin)...]
            guard let end = rest.firstIndex(of: ">") else { return "an open tag" }
            let tag = rest[..<end]
            rest = rest[rest.index(after: end)...]
            if tag.hasPrefix("!") { continue }
            let name = tag.drop { $0 == "/" }.prefix { $0.isLetter || $0.isNumber }
            if tag.hasPrefix("/") {
                guard open.popLast() == name else { return "</\(name)> closes another" }
                continue
            }
            if let fault = fault(ofAttributes: tag.dropFirst(name.count)) {
                return "\(fault) in <\(tag)>"
            }
            if tag.hasSuffix("/") || empty.contains(String(name)) { continue }
            open.append(name)
            // What stands in these is no markup.
            if name == "script" || name == "style" {
                guard let close = rest.range(of: "</\(name)>") else { return "open \(name)" }
                rest = rest[close.lowerBound...]
            }
        }
        return open.isEmpty ? nil : "open: \(open)"
    }

    private static func fault(ofAttributes text: Substring) -> String? {
        var names: [Substring] = []
        var rest = text.drop { $0 == " " }
        while !rest.isEmpty, rest != "/" {
            let name = rest.prefix { $0.isLetter || $0.isNumber || "-:".contains($0) }
            if name.isEmpty { return "no attribute at \(rest)" }
            if names.contains(name) { return "\(name) twice" }
            names.append(name)
            rest = rest.dropFirst(name.count)
            if rest.hasPrefix("=\"") {
                guard let end = rest.dropFirst(2).firstIndex(of: "\"") else { return "no quote" }
                rest = rest[rest.index(after: end)...]
            }
            rest = rest.drop { $0 == " " || $0 == "\n" }
        }
        return nil
    }
}
