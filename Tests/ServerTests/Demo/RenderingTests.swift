// Answers and views as people read them, line for line.
import Foundation
import MartletClient
import MartletServer
import MartletViews
import Testing

@testable import martlet

@Suite("Rendering")
struct RenderingTests {
    private let evidence = Evidence(
        coordinator: "n1",
        witnesses: [
            Witness(node: "n1", act: "agreed"),
            Witness(node: "n4", standsInFor: "n2", act: "pending"),
        ])

    private func sibling(_ text: String?, _ time: Int64, deleted: Bool = false) -> Sibling {
        Sibling(
            value: text.map { Array($0.utf8) }, isDeletion: deleted, dot: "a/1:\(time)",
            writtenAtMilliseconds: time, expiresAtMilliseconds: nil)
    }

    @Test("A read shows every sibling, the latest first, and who stands behind it")
    func get() {
        let result = GetResult(
            siblings: [sibling("old", 0), sibling("new", 1_500)], context: Context("AbC"),
            evidence: evidence)
        #expect(
            AnswerText.lines(result) == [
                "value        \"new\"",
                "             written 1970-01-01T00:00:01.500Z as a/1:1500",
                "sibling      \"old\"",
                "             written 1970-01-01T00:00:00.000Z as a/1:0",
                "note         concurrent writes left 2 siblings: write the value that should "
                    + "replace them with the context below",
                "context      AbC",
                "coordinator  n1",
                "replicas     n1 agreed",
                "             n4 for n2, which is away, not waited for",
            ])
    }

    @Test("Nothing and deletions are told in words")
    func nothing() {
        let none = GetResult(siblings: [], context: Context("A"), evidence: evidence)
        #expect(
            AnswerText.lines(none).first
                == "value        none: the key was never written, as far as these replicas know")
        let deleted = GetResult(
            siblings: [sibling(nil, 0, deleted: true)], context: Context("A"), evidence: evidence)
        #expect(AnswerText.lines(deleted).first == "value        deleted")
    }

    @Test("A delete shows the values that it read and deleted")
    func delete() {
        let found = GetResult(
            siblings: [sibling("old", 0), sibling(nil, 1, deleted: true), sibling("new", 2)],
            context: Context("A"), evidence: evidence)
        let result = PutResult(
            dot: "a/1:3", context: Context("B"), siblingCount: 1, evidence: evidence)
        #expect(
            AnswerText.lines(deleted: found, result).prefix(4) == [
                "deleted      \"old\"", "             \"new\"", "written      a/1:3",
                "context      B",
            ])
    }

    @Test("A write that left siblings says what to do")
    func put() {
        let result = PutResult(dot: "a/1:2", context: nil, siblingCount: 2, evidence: evidence)
        #expect(
            AnswerText.lines(result)[1]
                == "note         the key has 2 siblings now: read it, and write the value that "
                + "should replace them with the context of that")
    }

    @Test("Bytes that could harm a terminal are escaped")
    func printable() {
        #expect(
            Printable.text(Array("a\u{1B}[2J\"\n\u{202E}ü".utf8))
                == "\"a\\u{1b}[2J\\\"\\n\\u{202e}ü\"")
        #expect(Printable.text([0xFF, 0x00]) == "0xff00")
    }

    @Test("Values that are no UTF-8 travel as Base64 in JSON")
    func base64() throws {
        var binary = sibling("x", 1)
        binary.value = [0xFF]
        let result = GetResult(siblings: [binary], context: Context("A"), evidence: evidence)
        let text = JSONText.lines(GetJSON(key: "k", result))
        #expect(text.contains("\"valueBase64\" : \"/w==\""))
        #expect(text.contains("\"found\" : true"))
        #expect(!text.contains("\"value\" :"))
    }

    @Test("Columns line up, numbers on the right, without blanks at the end")
    func table() {
        var table = TextTable([("name", .left), ("n", .right), ("note", .left)])
        table.add(["a", "100", ""])
        table.add(["long name", "5", "x"])
        #expect(table.lines == ["name         n  note", "a          100", "long name    5  x"])
    }

    @Test(
        "Decimals are rounded and filled",
        arguments: [
            (33.333, 1, "33.3"), (0.05, 1, "0.1"), (99.99, 1, "100.0"), (7, 0, "7"),
            (-1.25, 2, "-1.25"),
            (-0.001, 1, "0.0"),
        ])
    func decimals(number: Double, places: Int, text: String) {
        #expect(decimal(number, places) == text)
    }

    private func ring(moving: Int) throws -> RingView {
        let json = """
            {"cluster": "c", "epoch": 2, "n": 3, "partitions": 8, "moving": \(moving),
             "topologyDigest": "ab",
             "warnings": ["n2 is suspect"],
             "members": [
               {"id": "1", "name": "n1", "zone": "z", "weight": 2, "state": "alive",
                "peer": "h:2", "client": "h:1", "partitionsAsHome": 8, "partitionsAsPrimary": 4,
                "share": 33.33, "inRing": true, "leaving": \(moving > 0), "coming": 0,
                "going": \(moving)},
               {"id": "2", "name": "n2", "zone": "", "weight": 1, "state": "suspect",
                "partitionsAsHome": 0, "partitionsAsPrimary": 0, "share": 0, "inRing": false,
                "leaving": false, "coming": 0, "going": 0}]}
            """
        return try JSONDecoder().decode(RingView.self, from: Data(json.utf8))
    }

    @Test("A ring reads as a table, with its warnings")
    func ring() throws {
        #expect(
            RingText.lines(try ring(moving: 0)) == [
                "cluster c: epoch 2, 8 partitions with 3 home replicas each, digest ab",
                "",
                "member  state    zone  weight  home of  primary of  share  clients  peers",
                "n1      alive    z          2        8           4  33.3%  h:1      h:2",
                "n2      suspect  -          1        -           -      -  -        -",
                "",
                "warning: n2 is suspect",
            ])
    }

    @Test("A ring that changes says who leaves, and how many partitions come and go")
    func movingRing() throws {
        let heading =
            "member  state          zone  weight  home of  primary of  share  coming  going"
            + "  clients  peers"
        let first =
            "n1      alive, leaves  z          2        8           4  33.3%       -      8"
            + "  h:1      h:2"
        let lines = RingText.lines(try ring(moving: 8))
        #expect(lines[2] == heading)
        #expect(lines[3] == first)
        #expect(lines[6] == "8 partitions move: 'martlet transfers' shows how far they are")
    }
}
