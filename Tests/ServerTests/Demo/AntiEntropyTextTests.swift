// Explanations and repairs as people read them, line for line.
import Foundation
import MartletServer
import MartletViews
import Testing

@testable import martlet

@Suite("Rendering of anti-entropy")
struct AntiEntropyTextTests {
    private static let place = """
        {"key": "k", "slot": 20, "partition": 1, "homes": [
           {"id": "a1", "name": "n1", "zone": "", "state": "alive", "filling": false},
           {"id": "a2", "name": "n2", "zone": "", "state": "alive", "filling": false},
           {"id": "a3", "name": "n3", "zone": "", "state": "unreachable", "filling": false}],
         "former": [], "fallbacks": [
           {"id": "a4", "name": "n4", "zone": "", "state": "alive", "filling": false},
           {"id": "a5", "name": "n5", "zone": "", "state": "alive", "filling": false}]}
        """
    private static let tombstone = """
        {"context": [{"actor": "a1/7", "counter": 2}, {"actor": "ff/1", "counter": 1}],
         "horizon": 2000, "siblings": [
          {"dot": "a1/7:2", "writtenAt": 2000, "content": "tombstone"}]}
        """
    private static let value = """
        {"context": [{"actor": "a1/7", "counter": 1}], "horizon": 1000, "siblings": [
          {"dot": "a1/7:1", "writtenAt": 1000, "content": "value", "bytes": 3, "expiresAt": 9000}]}
        """

    private static func decode<Value: Decodable>(_ json: String) throws -> Value {
        try JSONDecoder().decode(Value.self, from: Data(json.utf8))
    }

    @Test("Replicas stand side by side, then what differs, what stays, and how far all is settled")
    func explanation() throws {
        let explanation: Explanation = try Self.decode(
            """
            {"place": \(Self.place), "away": ["n3"], "nodes": [
              {"node": "n1", "at": 5000, "isHome": true, "isDamaged": false, "hints": [
                 {"home": "n3"}], "object": \(Self.tombstone), "keptBy": ["reason"],
               "settling": {"watermark": 1500, "isDoubted": false, "provable": 4000,
                 "heldBackBy": ["n3, a home, cannot be reached"], "comparedAgo": 10, "equalAgo": 20,
                 "tree": {"root": "ab", "count": 1, "depth": 4}}},
              {"node": "n2", "at": 5000, "isHome": true, "isDamaged": true, "hints": [],
               "object": \(Self.value), "keptBy": [],
               "settling": {"isDoubted": true,
                 "heldBackBy": ["n3, a home, cannot be reached"]}},
              {"node": "n4", "at": 5000, "isHome": false, "isDamaged": false, "hints": [
                 {"home": "n3", "object": \(Self.value)}]},
              {"node": "n5", "at": 5000, "isHome": false, "isDamaged": false, "hints": []}]}
            """)
        let lines = ExplanationText.lines(explanation)
        let (one, nine) = ("1970-01-01T00:00:01.000Z", "1970-01-01T00:00:09.000Z")
        let expected = """
            key "k": slot 20, partition 1

            node as holds written dot has seen
            n1 home, primary tombstone 1970-01-01T00:00:02.000Z n1/7:2 n1/7:2
            ff/1:1
            hint for n3: the above
            n2 home value, 3 B, expires \(nine) \(one) n1/7:1 n1/7:1
            DAMAGED: some of it does not read back
            n3 home no answer
            n4 stand-in 1 hint for n3: value, 3 B, expires \(nine) \(one) n1/7:1 n1/7:1

            n2 differs from n1: reads and exchanges mend that, 'martlet repair --key' at once
            n1: the last trace stays: reason
            n2: the last trace can go, and does with the next sweep

            home watermark age promised compared equal objects tree
            n1 1970-01-01T00:00:01.500Z 3.5 s ago 1.0 s ago 0.0 s ago 0.0 s ago 1 ab
            n2 none yet - - - - - unknown
            n2: has lost data, and judges nothing by the watermark
            watermark held back: n3, a home, cannot be reached (says n1, n2)
            """
        // Widths follow from the cells; what is compared is the words.
        func words(_ lines: [String]) -> [String] {
            lines.map { $0.split(separator: " ").joined(separator: " ") }
        }
        #expect(words(lines) == words(expected.components(separatedBy: "\n")))
    }

    @Test("Homes that hold the same are told to, also when one does not answer")
    func agreement() throws {
        let home = { (name: String, object: String) in
            """
            {"node": "\(name)", "at": 5000, "isHome": true, "isDamaged": false, "hints": [],
             "object": \(object), "keptBy": ["reason"]}
            """
        }
        let same: Explanation = try Self.decode(
            """
            {"place": \(Self.place), "away": ["n3"], "nodes": [
              \(home("n1", Self.tombstone)), \(home("n2", Self.tombstone))]}
            """)
        let lines = ExplanationText.lines(same)
        #expect(lines.contains("the 2 of 3 homes that answer hold the same"))
        #expect(lines.contains("n1, n2: the last trace stays: reason"))
        var none = same
        none.nodes = []
        #expect(ExplanationText.lines(none).contains("no home answers"))
    }

    @Test("A repair reads as a table, with what it was waited for only")
    func repair() {
        var report = RepairReport()
        report.rounds = 1
        report.nodes = [
            RepairReport.Node(
                node: "n1", partitions: 64, compared: 128, differed: 2, found: 5, sent: 4)
        ]
        report.away = ["n2"]
        #expect(
            RepairText.lines(report) == [
                "node  partitions", "n1            64", "",
                "begun; 'martlet repair --watch' waits for the end",
                "warning: n2 is away and was not compared",
            ])
        report.isComplete = true
        #expect(
            RepairText.lines(report).prefix(4) == [
                "node  partitions  compared  differed  found  sent",
                "n1            64       128         2      5     4", "",
                "1 round; the last found nothing to mend",
            ])
    }

    @Test("Watermarks read as ages, with what is not proven or in doubt")
    func settled() {
        var view = SettledView(partitions: 8, unproven: 8, doubted: 0)
        #expect(
            RepairText.line(view)
                == "nothing of 8 partitions is proven to be the same on all homes yet")
        view.doubted = 8
        #expect(RepairText.line(view).hasSuffix("homes yet; 8 in doubt since data was lost"))
        view.unproven = 2
        view.doubted = 1
        view.leastAge = 1_250
        view.medianAge = 150_000
        view.mostAge = 500_000_000
        #expect(
            RepairText.line(view)
                == "8 partitions, up to 1.3 s ago at best, 2 min in the middle, 5 days at worst; "
                + "2 not yet; 1 in doubt since data was lost")
        #expect(RepairText.age(10_800_000) == "3 h")
    }
}
