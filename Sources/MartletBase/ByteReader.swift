// Reading what `ByteWriter` wrote, from sources that may be hostile: every read is checked, every
// failure is a value with the offset where it happened, and no count is trusted before its bytes
// are seen to be there.

/// Why bytes could not be read.
public struct FormatError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What was wrong.
    public enum Reason: Hashable, Sendable {
        /// The bytes end before the value does.
        case truncated
        /// A value outside what the format allows; the text names it.
        case invalid(String)
        /// A format version that this build does not read.
        case unsupportedVersion(UInt8)
        /// The checksum does not match the bytes.
        case checksumMismatch
        /// A length or count above its limit.
        case tooLarge(String)
    }

    /// What was wrong.
    public var reason: Reason
    /// The offset, in bytes from the start of what was read.
    public var offset: Int

    /// The failure `reason` at `offset`.
    public init(_ reason: Reason, at offset: Int) {
        self.reason = reason
        self.offset = offset
    }

    /// One line for a log.
    public var description: String {
        let what =
            switch reason {
            case .truncated: "truncated"
            case .invalid(let what): "invalid \(what)"
            case .unsupportedVersion(let version): "unsupported format version \(version)"
            case .checksumMismatch: "checksum mismatch"
            case .tooLarge(let what): "\(what) too large"
            }
        return "\(what) at offset \(offset)"
    }
}

/// A cursor over a run of bytes; copies only what is read out as bytes.
public struct ByteReader: Sendable {
    /// What is read from; not all of it need be in reach.
    public let bytes: Bytes
    /// The offset at which reading ends.
    public let end: Int
    /// The offset of the next byte.
    @usableFromInline var at: Int

    /// A reader over all of `bytes`.
    public init(_ bytes: Bytes) {
        self.init(bytes, 0..<bytes.count)
    }

    /// A reader over `bytes[range]`.
    public init(_ bytes: Bytes, _ range: Range<Int>) {
        invariant(
            range.lowerBound >= 0 && range.upperBound <= bytes.count,
            "reader over \(range) of \(bytes.count)")
        self.bytes = bytes
        at = range.lowerBound
        end = range.upperBound
    }

    /// The offset of the next byte, from the start of the underlying bytes.
    public var offset: Int { at }
    /// How many bytes are left.
    public var remaining: Int { end - at }
    /// Whether all has been read.
    public var isAtEnd: Bool { at == end }

    /// The failure `reason` at the present offset.
    public func error(_ reason: FormatError.Reason) -> FormatError {
        FormatError(reason, at: at)
    }

    /// Fails unless everything has been read: trailing bytes are an error in every format here.
    public func expectEnd() throws(FormatError) {
        if !isAtEnd { throw error(.invalid("trailing bytes")) }
    }

    private func need(_ count: Int) throws(FormatError) {
        if remaining < count { throw error(.truncated) }
    }

    /// Moves on to `offset`, which lies between here and the end.
    public mutating func skip(to offset: Int) {
        invariant((at...end).contains(offset), "skip to \(offset) of \(end)")
        at = offset
    }

    /// One byte.
    public mutating func readUInt8() throws(FormatError) -> UInt8 {
        try need(1)
        defer { at += 1 }
        return bytes[at]
    }

    /// Two bytes, little-endian.
    public mutating func readUInt16() throws(FormatError) -> UInt16 {
        try need(2)
        defer { at += 2 }
        return UInt16(bytes[at]) | UInt16(bytes[at + 1]) << 8
    }

    /// Four bytes, little-endian.
    public mutating func readUInt32() throws(FormatError) -> UInt32 {
        try need(4)
        defer { at += 4 }
        return unsafe bytes.withUnsafeBytes {
            UInt32(littleEndian: unsafe $0.loadUnaligned(fromByteOffset: at, as: UInt32.self))
        }
    }

    /// Eight bytes, little-endian.
    public mutating func readUInt64() throws(FormatError) -> UInt64 {
        try need(8)
        defer { at += 8 }
        return unsafe bytes.withUnsafeBytes {
            UInt64(littleEndian: unsafe $0.loadUnaligned(fromByteOffset: at, as: UInt64.self))
        }
    }

    /// An unsigned LEB128 in its shortest form; a longer form is invalid.
    public mutating func readVarint() throws(FormatError) -> UInt64 {
        try read { cursor throws(FormatError) in try cursor.readVarint() }
    }

    /// A count of things that take at least `minimumSize` bytes each: never more than can follow,
    /// so that a hostile count cannot make the caller reserve memory.
    public mutating func readCount(minimumSize: Int = 1) throws(FormatError) -> Int {
        try read { cursor throws(FormatError) in try cursor.readCount(minimumSize: minimumSize) }
    }

    /// `count` bytes.
    public mutating func readRaw(_ count: Int) throws(FormatError) -> Bytes {
        try read { cursor throws(FormatError) in try cursor.readRaw(count) }
    }

    /// Bytes behind their count.
    public mutating func readPrefixed() throws(FormatError) -> Bytes {
        try read { cursor throws(FormatError) in try cursor.readPrefixed() }
    }

    /// Text behind its count; invalid UTF-8 is an error.
    public mutating func readPrefixedText() throws(FormatError) -> String {
        let raw = try readPrefixed()
        guard let text = String(validating: raw, as: UTF8.self) else {
            throw error(.invalid("UTF-8"))
        }
        return text
    }

    /// Zero or one; anything else is invalid.
    public mutating func readFlag() throws(FormatError) -> Bool {
        switch try readUInt8() {
        case 0: return false
        case 1: return true
        default: throw error(.invalid("flag"))
        }
    }
}
