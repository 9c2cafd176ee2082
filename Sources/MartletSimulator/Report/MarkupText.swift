// Text between and inside the tags of XML and HTML. Whatever comes in, what goes out is valid in
// both and means the same in both.

/// Escapes text for markup.
enum MarkupText {
    /// `text` as content or as the value of an attribute in double quotes. What XML 1.0 has no way
    /// to write becomes U+FFFD.
    static func escaped(_ text: some StringProtocol) -> String {
        var result = ""
        result.reserveCapacity(text.utf8.count)
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            case "\"": result += "&quot;"
            case "'": result += "&#39;"
            case "\t", "\n", "\r": result += "&#\(scalar.value);"
            case let scalar where !isCharacter(scalar): result += "\u{FFFD}"
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }

    /// XML 1.0, production 2, without the controls that HTML refuses too.
    private static func isCharacter(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0..<0x20, 0x7F...0x9F, 0xFFFE, 0xFFFF: false
        default: scalar.value & 0xFFFE != 0xFFFE
        }
    }
}
