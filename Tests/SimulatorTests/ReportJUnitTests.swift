// The JUnit file: what a run becomes in it, and that it is XML whatever a scenario is called.
import Foundation
import MartletSimulator
import Testing

@Suite("JUnit")
struct ReportJUnitTests {
    private static func run(_ text: String, name: String) throws -> SimulationReport {
        Simulation.run(try Scenario.load(text: text, name: name), seed: 1)
    }

    private static func isXML(_ text: String) -> Bool {
        var depth = 0
        var rest = Substring(text)
        while let open = rest.firstIndex(of: "<") {
            guard let close = rest[open...].firstIndex(of: ">") else { return false }
            let tag = rest[open...close]
            if tag.dropFirst().contains("<") { return false }
            if tag.hasPrefix("</") { depth -= 1 } else if !tag.hasSuffix("/>") { depth += 1 }
            if tag.hasPrefix("<?") { depth -= 1 }
            rest = rest[rest.index(after: close)...]
        }
        return depth == 0
    }

    @Test("Each run is a test case; a vacuous one is skipped and says why")
    func cases() throws {
        var junit = JUnitReport()
        junit.add(try Self.run("{nodes: 3, duration: 1s, clients: 1}", name: "calm"), command: "a")
        junit.add(
            try Self.run("{nodes: 3, duration: 1s, clients: 1, expects: [crash]}", name: "quiet"),
            command: "b")
        let xml = junit.xml
        #expect(xml.contains("tests=\"2\" failures=\"0\" errors=\"0\" skipped=\"1\""))
        #expect(xml.contains("classname=\"calm\" name=\"seed 1\""))
        #expect(xml.contains("<skipped message=\"vacuous: no crash\"/>"))
        #expect(Self.isXML(xml))
    }

    @Test("Any name makes valid XML")
    func anyName() throws {
        let bytes = (0..<256).map { UInt8($0) }
        let name = String(decoding: bytes, as: UTF8.self) + "<&\"'>]]>\u{FFFE}\u{1F426}"
        var junit = JUnitReport()
        junit.add(
            try Self.run("{nodes: 1, n: 1, duration: 1s, clients: 1}", name: name), command: name)
        #expect(Self.isXML(junit.xml))
        #expect(junit.xml.unicodeScalars.allSatisfy { $0 == "\n" || $0.value >= 0x20 })
        #expect(junit.xml.contains("&lt;&amp;&quot;&#39;&gt;]]&gt;\u{FFFD}\u{1F426}"))
    }

    #if DEBUG
        @Test("A broken promise is a failure with its witness and the command that repeats it")
        func failure() throws {
            let scenario = try Scenario.load(
                text: "{nodes: 3, duration: 4s, clients: 4, keys: 10}", name: "bad")
            let report = Simulation.run(scenario, seed: 1, planting: .inventsVersion)
            var junit = JUnitReport()
            junit.add(report, command: "martlet simulate <this> --seed 1")
            #expect(junit.xml.contains("failures=\"1\""))
            #expect(
                junit.xml.contains("type=\"broken promise\" message=\"nothing invented\""))
            #expect(junit.xml.contains("martlet simulate &lt;this&gt; --seed 1"))
            #expect(Self.isXML(junit.xml))
        }
    #endif
}
