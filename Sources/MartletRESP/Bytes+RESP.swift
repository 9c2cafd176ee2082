// The pieces that every RESP message is made of, appended to a byte array without a String between.
internal import MartletBase

extension Bytes {
    /// CR LF.
    @inline(__always)
    mutating func appendLineEnd() {
        append(.carriageReturn)
        append(.lineFeed)
    }

    /// A literal, as it stands.
    @inline(__always)
    mutating func append(_ literal: StaticString) {
        literal.withUTF8Buffer { unsafe append(contentsOf: $0) }
    }

    /// The decimal digits of `value`, after a minus where there is one.
    mutating func appendDecimal(_ value: Int64) {
        if value < 0 { append(UInt8(ascii: "-")) }
        var rest = value.magnitude
        if rest < 10 { return append(UInt8(ascii: "0") &+ UInt8(truncatingIfNeeded: rest)) }
        var digits = InlineArray<20, UInt8>(repeating: 0)
        var first = 20
        while rest > 0 {
            let (quotient, digit) = rest.quotientAndRemainder(dividingBy: 10)
            first &-= 1
            digits[first] = UInt8(ascii: "0") &+ UInt8(truncatingIfNeeded: digit)
            rest = quotient
        }
        for index in first..<20 { append(digits[index]) }
    }

    /// A type byte, a number and a line end.
    @inline(__always)
    mutating func appendLengthLine(_ type: Unicode.Scalar, _ value: Int) {
        append(UInt8(ascii: type))
        appendDecimal(Int64(value))
        appendLineEnd()
    }

    /// `$len`, the bytes and a line end.
    mutating func appendBulk(_ value: ArraySlice<UInt8>) {
        appendLengthLine("$", value.count)
        append(contentsOf: value)
        appendLineEnd()
    }

    /// `text` within a line: what would end the line becomes a space.
    mutating func appendLine(_ text: String) {
        for byte in text.utf8 {
            append(byte == .carriageReturn || byte == .lineFeed ? UInt8(ascii: " ") : byte)
        }
    }
}
