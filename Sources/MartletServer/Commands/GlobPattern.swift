// Redis's patterns: `*`, `?`, `[a-z]`, `[^a]` and a backslash, without regard to case, as CONFIG
// GET has it. Linear in pattern times text, whatever the pattern.
internal import MartletBase

/// A pattern to hold names against.
struct GlobPattern {
    private enum Element {
        case any
        case one
        case byte(UInt8)
        case set([ClosedRange<UInt8>], isNegated: Bool)

        func matches(_ byte: UInt8) -> Bool {
            switch self {
            case .any, .one: true
            case .byte(let expected): expected == byte
            case .set(let ranges, let isNegated):
                ranges.contains { $0.contains(byte) } != isNegated
            }
        }
    }

    private let elements: [Element]

    /// Reads a pattern; every run of bytes is one.
    init(_ pattern: Bytes) {
        var elements: [Element] = []
        var index = 0
        while index < pattern.count {
            switch pattern[index] {
            case UInt8(ascii: "*"): elements.append(.any)
            case UInt8(ascii: "?"): elements.append(.one)
            case UInt8(ascii: "["): elements.append(Self.set(in: pattern, at: &index))
            case UInt8(ascii: "\\") where index + 1 < pattern.count:
                index += 1
                elements.append(.byte(Self.folded(pattern[index])))
            case let byte: elements.append(.byte(Self.folded(byte)))
            }
            index += 1
        }
        self.elements = elements
    }

    /// Whether `text` is one of what the pattern stands for.
    func matches(_ text: Bytes) -> Bool {
        // Where the last star stood, and how much of the text it has taken so far.
        var star: (element: Int, byte: Int)?
        var element = 0
        var index = 0
        while index < text.count {
            if element < elements.count, case .any = elements[element] {
                star = (element, index)
                element += 1
            } else if element < elements.count,
                elements[element].matches(Self.folded(text[index]))
            {
                element += 1
                index += 1
            } else if let (starElement, starByte) = star {
                star = (starElement, starByte + 1)
                element = starElement + 1
                index = starByte + 1
            } else {
                return false
            }
        }
        return elements[element...].allSatisfy { if case .any = $0 { true } else { false } }
    }

    /// Reads from `[` to its `]`, or to the end; leaves `index` on the last byte read.
    private static func set(in pattern: Bytes, at index: inout Int) -> Element {
        index += 1
        let isNegated = index < pattern.count && pattern[index] == UInt8(ascii: "^")
        if isNegated { index += 1 }
        var ranges: [ClosedRange<UInt8>] = []
        while index < pattern.count, pattern[index] != UInt8(ascii: "]") {
            if pattern[index] == UInt8(ascii: "\\"), index + 1 < pattern.count { index += 1 }
            let low = folded(pattern[index])
            if index + 2 < pattern.count, pattern[index + 1] == UInt8(ascii: "-") {
                let high = folded(pattern[index + 2])
                ranges.append(min(low, high)...max(low, high))
                index += 2
            } else {
                ranges.append(low...low)
            }
            index += 1
        }
        return .set(ranges, isNegated: isNegated)
    }

    private static func folded(_ byte: UInt8) -> UInt8 {
        (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) ? byte + 32 : byte
    }
}
