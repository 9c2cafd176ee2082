// The words of an inline command, what a person types into telnet: Redis's `sdssplitargs`, rule by
// rule, odd ones included. Not a shell: no variables, no globs, no continuation.
//
//   word = *( BYTE / `"` … \n \r \t \b \a \xHH \BYTE … `"` / `'` … \' … `'` ), ended by a blank
internal import MartletBase

/// A cursor over one line.
struct InlineCommand {
    private let line: Bytes
    private var index = 0

    private init(_ line: Bytes) {
        self.line = line
    }

    /// Splits `line`, which has no line end, into words; none when it is blank. O(n).
    static func words(of line: Bytes) throws(RESPError) -> [Bytes] {
        var cursor = InlineCommand(line)
        var words: [Bytes] = []
        while let word = try cursor.nextWord() { words.append(word) }
        return words
    }

    /// The byte at the cursor; NUL ends the line, as it ends a C string.
    private var current: UInt8? { byte(at: 0) }

    private func byte(at offset: Int) -> UInt8? {
        guard index + offset < line.count, line[index + offset] != 0 else { return nil }
        return line[index + offset]
    }

    private mutating func nextWord() throws(RESPError) -> Bytes? {
        while let byte = current, Self.isSpace(byte) { index += 1 }
        guard current != nil else { return nil }
        var word: Bytes = []
        while let byte = current {
            switch byte {
            case UInt8(ascii: " "), .carriageReturn, .lineFeed, UInt8(ascii: "\t"):
                index += 1
                return word
            case UInt8(ascii: "\""):
                index += 1
                try appendDoubleQuoted(to: &word)
                return word
            case UInt8(ascii: "'"):
                index += 1
                try appendSingleQuoted(to: &word)
                return word
            default:
                index += 1
                word.append(byte)
            }
        }
        return word
    }

    private mutating func appendDoubleQuoted(to word: inout Bytes) throws(RESPError) {
        while let byte = current {
            if byte == UInt8(ascii: "\"") { return try closeQuote() }
            guard byte == UInt8(ascii: "\\"), let escaped = self.byte(at: 1) else {
                word.append(byte)
                index += 1
                continue
            }
            if escaped == UInt8(ascii: "x"), let high = self.byte(at: 2).flatMap(Self.nibble),
                let low = self.byte(at: 3).flatMap(Self.nibble)
            {
                word.append(high << 4 | low)
                index += 4
            } else {
                word.append(Self.unescaped(escaped))
                index += 2
            }
        }
        throw .unbalancedQuotes
    }

    private mutating func appendSingleQuoted(to word: inout Bytes) throws(RESPError) {
        let quote = UInt8(ascii: "'")
        while let byte = current {
            if byte == quote { return try closeQuote() }
            if byte == UInt8(ascii: "\\"), self.byte(at: 1) == quote {
                word.append(quote)
                index += 2
            } else {
                word.append(byte)
                index += 1
            }
        }
        throw .unbalancedQuotes
    }

    /// A closing quote ends its word: a blank or the line's end must follow.
    private mutating func closeQuote() throws(RESPError) {
        index += 1
        if let byte = current, !Self.isSpace(byte) { throw .unbalancedQuotes }
    }

    private static func isSpace(_ byte: UInt8) -> Bool {
        byte == 0x20 || (0x09...0x0D).contains(byte)
    }

    private static func nibble(_ digit: UInt8) -> UInt8? {
        switch digit {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): digit - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): digit - UInt8(ascii: "A") + 10
        default: nil
        }
    }

    private static func unescaped(_ byte: UInt8) -> UInt8 {
        switch byte {
        case UInt8(ascii: "n"): 0x0A
        case UInt8(ascii: "r"): 0x0D
        case UInt8(ascii: "t"): 0x09
        case UInt8(ascii: "b"): 0x08
        case UInt8(ascii: "a"): 0x07
        default: byte
        }
    }
}
