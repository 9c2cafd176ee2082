// A stopped node's storage as a person reads it, line for line.
import MartletBase
import Testing

@testable import MartletServer
@testable import MartletViews
@testable import martlet

@Suite("Inspection")
struct InspectionTextTests {
    private func entry(_ content: StoredEntry.Content, key: [UInt8] = [0x6B]) -> StoredEntry {
        StoredEntry(
            space: "objects", partition: 3, key: key, home: nil, content: content, byteCount: 40)
    }

    private let versions = [
        StoredEntry.Version(
            dot: "a/1:2", writtenAtMilliseconds: 1_500, logical: 7, expiresAtMilliseconds: 2_000,
            value: [0xFF]),
        StoredEntry.Version(
            dot: "b/1:1", writtenAtMilliseconds: .max, logical: 0, expiresAtMilliseconds: nil,
            value: nil),
    ]

    @Test("Versions are shown with dot, time, expiry, and value or length")
    func object() {
        let object = entry(.object(context: "{a/1:2}", versions: versions))
        #expect(
            StoredEntryText.lines(object, values: true) == [
                "objects/3/\"k\", 40 B, context {a/1:2}",
                "  a/1:2 written 1970-01-01T00:00:01.500Z+7, expires 1970-01-01T00:00:02.000Z: "
                    + "0xff",
                "  b/1:1 written 18446744073709551615 ms: deleted",
            ])
        #expect(StoredEntryText.lines(object, values: false)[1].hasSuffix(": 1 B"))
    }

    @Test("Marks are marks, and what does not read back says why")
    func others() {
        #expect(
            StoredEntryText.lines(entry(.mark, key: [0xFF]), values: true)
                == ["objects/3/0xff, 40 B: a mark that the object is owed"])
        #expect(
            StoredEntryText.lines(entry(.unreadable("truncated\u{1B}")), values: true)
                == ["objects/3/\"k\", 40 B: NOT READABLE: truncated\\u{1b}"])
    }

    @Test("Bytes that are no UTF-8 are Base64 in JSON")
    func json() throws {
        let object = entry(.object(context: "{}", versions: versions), key: [0xFF])
        let line = JSONText.line(StoredEntryJSON(object, values: true)).text
        #expect(
            line.contains("\"keyBase64\":\"/w==\"") && line.contains("\"valueBase64\":\"/w==\""))
        #expect(!line.contains("\"key\":") && !line.contains("\n"))
        #expect(
            !JSONText.line(StoredEntryJSON(object, values: false)).text.contains("valueBase64"))
    }

    @Test("A check's progress is a share and a file")
    func progress() {
        let step = VerificationProgress(
            file: "f", filesRead: 1, fileCount: 4, bytesRead: 50, byteCount: 200)
        #expect(VerificationText.line(step) == "25%, file 2 of 4 f")
    }
}
