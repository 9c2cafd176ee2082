// The scalars that fit on one line, read strictly: a text that is not of its type is no value.
internal import MartletBase

extension RESPValue {
    /// The value that `line`, without type byte and line end, spells; nil when it spells none.
    init?(type: UInt8, line: Bytes) {
        switch type {
        case UInt8(ascii: "+"): self = .simple(line.text)
        case UInt8(ascii: "-"): self = .error(RESPReplyError(line.text))
        case UInt8(ascii: "_"):
            guard line.isEmpty else { return nil }
            self = .null
        case UInt8(ascii: "#"):
            guard line == [UInt8(ascii: "t")] || line == [UInt8(ascii: "f")] else { return nil }
            self = .boolean(line == [UInt8(ascii: "t")])
        case UInt8(ascii: ":"):
            guard Self.isWhole(line), let number = Int64(line.text) else { return nil }
            self = .integer(number)
        case UInt8(ascii: "("):
            guard Self.isWhole(line) else { return nil }
            self = .bigNumber(line.text)
        case UInt8(ascii: ","):
            guard let number = Self.double(line) else { return nil }
            self = .double(number)
        default: return nil
        }
    }

    /// Digits after at most one sign.
    private static func isWhole(_ line: Bytes) -> Bool {
        let signed = line.first == UInt8(ascii: "-") || line.first == UInt8(ascii: "+")
        let digits = line.dropFirst(signed ? 1 : 0)
        return !digits.isEmpty && digits.allSatisfy { (0x30...0x39).contains($0) }
    }

    /// `inf`, `-inf`, `nan`, or decimal digits with a point and an exponent where there are any.
    private static func double(_ line: Bytes) -> Double? {
        switch line.text {
        case "inf": return .infinity
        case "-inf": return -.infinity
        case "nan", "-nan": return .nan
        case let text:
            let isDecimal = line.allSatisfy { byte in
                (0x30...0x39).contains(byte) || "+-.eE".utf8.contains(byte)
            }
            return isDecimal ? Double(text) : nil
        }
    }
}
