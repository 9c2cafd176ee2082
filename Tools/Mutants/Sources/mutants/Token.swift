// Swift source as tokens: as much of the language as the finding of mutations takes. Comments are
// left out, a string is one token with what is interpolated in it.

/// One token.
struct Token {
    /// What it is, roughly.
    enum Kind {
        case word, number, text
        /// An operator; binary where there is space on both of its sides.
        case sign
        /// A bracket, comma, colon or semicolon.
        case mark
    }

    let kind: Kind
    let text: String
    /// Its bytes in the file.
    let range: Range<Int>
    /// Whether it is the first of its line.
    let startsLine: Bool
    /// Whether there is space before and after it.
    var isSpaced = false

    /// Whether it is an operator between two operands.
    var isBinary: Bool {
        if kind == .sign { return isSpaced }
        return kind == .word && ["as", "is"].contains(text)
    }
}

/// Cuts a file into tokens.
struct Tokenizer {
    private let bytes: [UInt8]
    private var index = 0
    private var startsLine = true
    private(set) var tokens: [Token] = []

    private static let signs = Set("/=-+!*%<>&|^~?.".utf8)
    private static let marks = Set("()[]{},:;@#\\`".utf8)

    /// The tokens of a file, in order.
    static func tokens(of bytes: [UInt8]) -> [Token] {
        var tokenizer = Tokenizer(bytes: bytes)
        tokenizer.scan()
        return tokenizer.tokens
    }

    private init(bytes: [UInt8]) { self.bytes = bytes }

    private mutating func scan() {
        while index < bytes.count {
            let byte = bytes[index]
            if byte == UInt8(ascii: "\n") {
                startsLine = true
                index += 1
            } else if byte == UInt8(ascii: " ") {
                index += 1
            } else if at("//") {
                while index < bytes.count, bytes[index] != UInt8(ascii: "\n") { index += 1 }
            } else if at("/*") {
                while index < bytes.count, !at("*/") { index += 1 }
                index += 2
            } else if byte == UInt8(ascii: "\"") || at("#\"") {
                let start = index
                skipString()
                append(.text, from: start)
            } else if Self.isDigit(byte) {
                take(.number) { Self.isWordByte($0) }
            } else if Self.isWordByte(byte) {
                take(.word) { Self.isWordByte($0) }
            } else if Self.marks.contains(byte) {
                index += 1
                append(.mark, from: index - 1)
            } else if Self.signs.contains(byte) {
                take(.sign) { Self.signs.contains($0) }
            } else {
                index += 1
            }
        }
    }

    private mutating func take(_ kind: Token.Kind, while belongs: (UInt8) -> Bool) {
        let start = index
        while index < bytes.count, belongs(bytes[index]) { index += 1 }
        append(kind, from: start)
    }

    private mutating func append(_ kind: Token.Kind, from start: Int) {
        var token = Token(
            kind: kind, text: String(decoding: bytes[start..<index], as: UTF8.self),
            range: start..<index, startsLine: startsLine)
        token.isSpaced = isSpace(start - 1) && isSpace(index)
        startsLine = false
        tokens.append(token)
    }

    private mutating func skipString() {
        var hashes = 0
        while at("#") {
            hashes += 1
            index += 1
        }
        let hash = String(repeating: "#", count: hashes)
        let quote = at("\"\"\"") ? "\"\"\"" : "\""
        index += quote.utf8.count
        while index < bytes.count {
            if at(quote + hash) {
                index += quote.utf8.count + hashes
                return
            }
            if at("\\" + hash + "(") {
                index += 2 + hashes
                skipInterpolation()
            } else {
                index += at("\\") ? 2 : 1
            }
        }
    }

    private mutating func skipInterpolation() {
        var depth = 1
        while index < bytes.count, depth > 0 {
            if at("\"") {
                skipString()
                continue
            }
            if at("(") { depth += 1 }
            if at(")") { depth -= 1 }
            index += 1
        }
    }

    private func at(_ text: String) -> Bool { bytes[index...].starts(with: text.utf8) }

    private func isSpace(_ index: Int) -> Bool {
        guard bytes.indices.contains(index) else { return true }
        return bytes[index] == UInt8(ascii: " ") || bytes[index] == UInt8(ascii: "\n")
    }

    private static func isDigit(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
    }

    private static func isWordByte(_ byte: UInt8) -> Bool {
        isDigit(byte) || byte == UInt8(ascii: "_") || byte == UInt8(ascii: "$") || byte >= 128
            || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
            || (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte)
    }
}
