// Options behind a command's fixed arguments: words, taken one by one, read as Redis reads them.
internal import MartletBase
internal import MartletRESP
internal import MartletWire

/// A walk over a command's words.
struct ArgumentCursor {
    private let words: [Bytes]
    private var index: Int

    /// Begins at `words[index]`.
    init(_ words: [Bytes], from index: Int) {
        self.words = words
        self.index = index
    }

    /// The next word as a keyword; nil at the end.
    mutating func nextKeyword() -> Keyword? {
        guard index < words.count else { return nil }
        defer { index += 1 }
        return Keyword(words[index])
    }

    /// How many words are left.
    var count: Int { words.count - index }

    /// The word taken last, as the client spelled it.
    var lastWord: Bytes { words[index - 1] }

    /// The value of an option; its absence is a syntax error.
    mutating func value() throws(CommandError) -> Bytes {
        guard index < words.count else { throw .syntax }
        defer { index += 1 }
        return words[index]
    }

    /// The value of an option as a whole number.
    mutating func integer() throws(CommandError) -> Int64 {
        guard let number = Int64(redisDecimal: try value()) else { throw .notAnInteger }
        return number
    }

    /// The value of the option `name` as a whole number within `range`.
    mutating func integer(
        _ name: String, in range: ClosedRange<Int64>
    ) throws(CommandError) -> Int64 {
        let number = try integer()
        guard range.contains(number) else {
            throw .invalid(
                "\(name) is \(number), must be \(range.lowerBound) to \(range.upperBound)")
        }
        return number
    }

    /// The value of the option `name` as a number of replicas: a count, ONE, QUORUM or ALL.
    mutating func quorum(_ name: String) throws(CommandError) -> Quorum {
        let word = try value()
        switch Keyword(word) {
        case "ONE": return .count(1)
        case "QUORUM": return .majority
        case "ALL": return .all
        default:
            guard let count = Int64(redisDecimal: word), (0...1024).contains(count) else {
                throw .invalid("\(name) must be a number of replicas, ONE, QUORUM or ALL")
            }
            return .count(Int(count))
        }
    }

    /// The value of TIMEOUT.
    mutating func timeout() throws(CommandError) -> Duration {
        .milliseconds(try integer("TIMEOUT", in: 1...60_000))
    }
}

extension Int64 {
    /// Decimal as Redis's `string2ll` has it: no blank, no plus, no leading zero.
    init?(redisDecimal digits: Bytes) {
        let isNegative = digits.first == UInt8(ascii: "-")
        let first = isNegative ? 1 : 0
        guard digits.count > first, digits.count <= 20 else { return nil }
        if digits[first] == UInt8(ascii: "0") {
            guard digits.count == 1 else { return nil }
            self = 0
            return
        }
        var magnitude: UInt64 = 0
        for digit in digits[first...] {
            guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(digit) else { return nil }
            let (product, overflow) = magnitude.multipliedReportingOverflow(by: 10)
            let (sum, carry) = product.addingReportingOverflow(UInt64(digit - UInt8(ascii: "0")))
            guard !overflow, !carry else { return nil }
            magnitude = sum
        }
        if isNegative {
            guard magnitude <= Int64.min.magnitude else { return nil }
            self = Int64(truncatingIfNeeded: 0 &- magnitude)
        } else {
            guard let number = Int64(exactly: magnitude) else { return nil }
            self = number
        }
    }
}
