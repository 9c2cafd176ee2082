// The name of a command, subcommand or option as a value that compares in two machine words,
// whatever case the client wrote it in. Not the client's spelling: that stays in the arguments.
public import MartletBase

/// Up to 16 bytes folded to ASCII upper case, packed lowest byte first; compares, switches and
/// hashes without looking at bytes again. What does not fit matches no keyword. A switch costs 4 ns
/// a case, right for options; for a table of commands a `[Keyword: …]` takes 30 ns at any size.
public struct Keyword: Hashable, Sendable, ExpressibleByStringLiteral {
    /// Bytes that a keyword can have.
    public static let byteLimit = 16
    /// What no keyword equals: too long, or with a NUL inside.
    public static let unmatchable = Keyword(low: .max, high: .max)

    /// The first eight bytes, folded.
    public let low: UInt64
    /// The last eight bytes, folded.
    public let high: UInt64

    /// A keyword from its packed words.
    public init(low: UInt64, high: UInt64) {
        self.low = low
        self.high = high
    }

    /// The keyword that `bytes` spell, in any case. O(1), no allocation.
    public init(_ bytes: Bytes) {
        self.init(bytes, 0..<bytes.count)
    }

    /// The keyword that `bytes[range]` spell, in any case. O(1), no allocation.
    public init(_ bytes: Bytes, _ range: Range<Int>) {
        guard range.count <= Self.byteLimit else {
            self = .unmatchable
            return
        }
        var words: (low: UInt64, high: UInt64) = (0, 0)
        var shift: UInt64 = 0
        for index in range {
            let byte = bytes[index]
            if byte == 0 {
                self = .unmatchable
                return
            }
            if shift < 64 {
                words.low |= UInt64(byte) << shift
            } else {
                words.high |= UInt64(byte) << (shift - 64)
            }
            shift += 8
        }
        self.init(low: Self.upperCased(words.low), high: Self.upperCased(words.high))
    }

    /// The keyword of a literal such as `"GET"`, at most 16 ASCII bytes.
    public init(stringLiteral literal: StaticString) {
        invariant(literal.utf8CodeUnitCount <= Self.byteLimit, "too long a keyword: \(literal)")
        var low: UInt64 = 0
        var high: UInt64 = 0
        for index in 0..<literal.utf8CodeUnitCount {
            let byte = unsafe UInt64(literal.utf8Start[index])
            if index < 8 {
                low |= byte &<< UInt64(truncatingIfNeeded: 8 &* index)
            } else {
                high |= byte &<< UInt64(truncatingIfNeeded: 8 &* index &- 64)
            }
        }
        self.init(low: Self.upperCased(low), high: Self.upperCased(high))
    }

    /// What `case "GET":` asks; written out because the generic form
    /// takes twice as long (8 ns a case; this takes 4).
    public static func ~= (pattern: Keyword, keyword: Keyword) -> Bool {
        pattern == keyword
    }

    /// Spelled out, since other modules reach a synthesised one only through a witness.
    @inlinable
    public static func == (left: Keyword, right: Keyword) -> Bool {
        left.low == right.low && left.high == right.high
    }

    /// Folds eight ASCII bytes at once: bit 5 is cleared in each byte within `a` … `z`.
    static func upperCased(_ word: UInt64) -> UInt64 {
        let everyByte: UInt64 = 0x0101_0101_0101_0101
        let sevenBits = word & (everyByte &* 0x7F)
        let atLeastA = sevenBits &+ (everyByte &* (0x80 - 0x61))
        let aboveZ = sevenBits &+ (everyByte &* (0x80 - 0x7B))
        let lower = atLeastA & ~aboveZ & ~word & (everyByte &* 0x80)
        return word ^ (lower >> 2)
    }
}

extension Keyword: CustomStringConvertible {
    /// The upper-case text, for logs and metrics.
    public var description: String {
        if self == .unmatchable { return "?" }
        var text: Bytes = []
        for word in [low, high] {
            var rest = word
            while rest != 0 {
                text.append(UInt8(truncatingIfNeeded: rest))
                rest >>= 8
            }
        }
        return text.text
    }
}
