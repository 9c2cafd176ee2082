// Answers of reads and writes as a person reads them.
internal import MartletClient
internal import MartletViews

/// Lines of text from answers.
enum AnswerText {
    /// Every version of the key, the one that is shown first, and what stands behind it.
    static func lines(_ result: GetResult) -> [String] {
        var rows: [(String, String)] = []
        if result.siblings.isEmpty {
            rows.append(("value", "none: the key was never written, as far as these replicas know"))
        }
        let shown = result.shown
        let others = result.siblings.filter { $0 != shown }
        for (index, sibling) in (([shown].compactMap(\.self)) + others).enumerated() {
            rows.append((index == 0 ? "value" : "sibling", value(sibling)))
            rows.append(("", "written \(time(sibling.writtenAtMilliseconds)) as \(sibling.dot)"))
        }
        if !others.isEmpty {
            rows.append(
                (
                    "note",
                    "concurrent writes left \(result.siblings.count) siblings: write "
                        + "the value that should replace them with the context below"
                ))
        }
        rows.append(("context", result.context.description))
        return Columns.lines(rows + evidence(result.evidence))
    }

    /// What became of a delete, after a read that showed it what to delete.
    static func lines(deleted: GetResult, _ result: PutResult) -> [String] {
        let values = deleted.siblings.filter { !$0.isDeletion }
        return Columns.lines(
            values.enumerated().map { index, sibling in
                (index == 0 ? "deleted" : "", value(sibling))
            } + rows(result))
    }

    /// What became of a write.
    static func lines(_ result: PutResult) -> [String] { Columns.lines(rows(result)) }

    private static func rows(_ result: PutResult) -> [(String, String)] {
        var rows = [("written", result.dot)]
        if let context = result.context {
            rows.append(("context", context.description))
        } else {
            rows.append(
                (
                    "note",
                    "the key has \(result.siblingCount) siblings now: read it, and "
                        + "write the value that should replace them with the context of that"
                ))
        }
        return rows + evidence(result.evidence)
    }

    private static func value(_ sibling: Sibling) -> String {
        if sibling.isDeletion { return "deleted" }
        guard let value = sibling.value else { return "expired" }
        let text = Printable.text(value)
        return sibling.expiresAtMilliseconds.map { "\(text) (expires \(time($0)))" } ?? text
    }

    private static func evidence(_ evidence: Evidence) -> [(String, String)] {
        [("coordinator", evidence.coordinator)]
            + evidence.witnesses.enumerated().map { index, witness in
                let role = witness.standsInFor.map { " for \($0), which is away," } ?? ""
                let act = witness.act == "pending" ? "not waited for" : witness.act
                return (index == 0 ? "replicas" : "", "\(witness.node)\(role) \(act)")
            }
    }

    private static func time(_ milliseconds: Int64) -> String {
        TimeText.utc(UInt64(clamping: milliseconds))
    }
}

/// Bytes on a terminal: text where it is harmless, escapes where it is not.
enum Printable {
    /// `bytes` as text in quotes, with control characters and bytes that are no UTF-8 escaped.
    static func text(_ bytes: [UInt8]) -> String {
        guard let text = String(validating: bytes, as: UTF8.self) else {
            return "0x" + bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
        }
        return self.text(text)
    }

    /// `text` in quotes, with control characters escaped.
    static func text(_ text: String) -> String {
        let quoted = text.unicodeScalars.map { scalar in
            scalar == "\"" || scalar == "\\" ? "\\\(scalar)" : line(String(scalar))
        }
        return "\"\(quoted.joined())\""
    }

    /// `text` without quotes, with control characters escaped.
    static func line(_ text: String) -> String {
        var line = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\n": line += "\\n"
            case "\r": line += "\\r"
            case "\t": line += "\\t"
            case _
            where scalar.properties.generalCategory == .control
                || scalar.properties.generalCategory == .format:
                line += "\\u{\(String(scalar.value, radix: 16))}"
            default: line.unicodeScalars.append(scalar)
            }
        }
        return line
    }
}
