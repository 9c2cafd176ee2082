// Blanks what is no code in Swift and C: comments, and the insides of string literals, with what is
// interpolated there. Knows nothing of regular-expression literals; the project has none.

/// A scanner over the bytes of one file.
struct CodeScanner {
    private let source: [UInt8]
    private var output: [UInt8]
    private var index = 0

    /// `text` with a space for every byte that is no code; lines stay where they are.
    static func blank(_ text: String) -> String {
        var scanner = CodeScanner(text)
        scanner.scan()
        return String(decoding: scanner.output, as: UTF8.self)
    }

    private init(_ text: String) {
        source = Array(text.utf8)
        output = source
    }

    private mutating func scan() {
        while index < source.count {
            if at("//") {
                while index < source.count, source[index] != UInt8(ascii: "\n") { skip(1) }
            } else if at("/*") {
                skipBlockComment()
            } else if at("#\"") {
                skipString(hashes: 1)
            } else if at("\"") {
                skipString(hashes: 0)
            } else if at("'\"'") {
                skip(3)
            } else {
                index += 1
            }
        }
    }

    private mutating func skipBlockComment() {
        var depth = 0
        repeat {
            if at("/*") {
                depth += 1
                skip(2)
            } else if at("*/") {
                depth -= 1
                skip(2)
            } else {
                skip(1)
            }
        } while depth > 0 && index < source.count
    }

    private mutating func skipString(hashes: Int) {
        let hash = String(repeating: "#", count: hashes)
        let quote = at(hash + "\"\"\"") ? "\"\"\"" : "\""
        skip(hashes + quote.utf8.count)
        while index < source.count {
            if at(quote + hash) {
                skip(quote.utf8.count + hashes)
                return
            }
            if at("\\" + hash + "(") {
                skip(2 + hashes)
                skipInterpolation()
            } else if at("\\" + hash) {
                skip(2 + hashes)
            } else {
                skip(1)
            }
        }
    }

    private mutating func skipInterpolation() {
        var depth = 1
        while index < source.count, depth > 0 {
            if at("\"") {
                skipString(hashes: 0)
                continue
            }
            if at("(") { depth += 1 }
            if at(")") { depth -= 1 }
            skip(1)
        }
    }

    private func at(_ text: String) -> Bool {
        source[index...].starts(with: text.utf8)
    }

    private mutating func skip(_ count: Int) {
        for _ in 0..<count where index < source.count {
            if source[index] != UInt8(ascii: "\n") { output[index] = UInt8(ascii: " ") }
            index += 1
        }
    }
}
