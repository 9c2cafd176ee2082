// Reading many small values at once, in registers: `ByteReader` has each value of its own look for
// its bytes and write down where it ends. Both read the same, and fail at the same place.

/// A place in borrowed bytes, which moves over what is read; every read is checked.
public struct ReadCursor: ~Escapable {
    @usableFromInline let bytes: RawSpan
    /// The offset at which reading ends.
    @usableFromInline let end: Int
    /// The offset of the next byte, from the start of the underlying bytes.
    @usableFromInline var at: Int

    /// A cursor over `bytes[range]`.
    @inlinable @inline(__always) @_lifetime(copy bytes)
    public init(_ bytes: RawSpan, _ range: Range<Int>) {
        invariant(
            range.lowerBound >= 0 && range.upperBound <= bytes.byteCount,
            "cursor over \(range) of \(bytes.byteCount)")
        self.bytes = bytes
        at = range.lowerBound
        end = range.upperBound
    }

    /// How many bytes are left.
    @inlinable public var remaining: Int { end &- at }

    /// The offset of the next byte, from the start of the underlying bytes.
    @inlinable public var offset: Int { at }

    /// The failure `reason` at the present offset.
    @inline(never)
    public func error(_ reason: FormatError.Reason) -> FormatError { FormatError(reason, at: at) }

    /// The failure that `what` is invalid, at the present offset.
    @inline(never)
    public func invalid(_ what: StaticString) -> FormatError { error(.invalid("\(what)")) }

    @inlinable @inline(__always)
    func need(_ count: Int) throws(FormatError) {
        if remaining < count { throw error(.truncated) }
    }

    /// The eight bytes at `offset`, which `need` has seen to be there.
    @inlinable @inline(__always)
    func word(_ offset: Int) -> UInt64 {
        UInt64(
            littleEndian: unsafe bytes.unsafeLoadUnaligned(
                fromUncheckedByteOffset: offset, as: UInt64.self))
    }

    /// One byte.
    @inlinable @inline(__always) @_lifetime(self: copy self)
    public mutating func readUInt8() throws(FormatError) -> UInt8 {
        try need(1)
        defer { at &+= 1 }
        return unsafe bytes.unsafeLoad(fromUncheckedByteOffset: at, as: UInt8.self)
    }

    /// Eight bytes, little-endian.
    @inlinable @inline(__always) @_lifetime(self: copy self)
    public mutating func readUInt64() throws(FormatError) -> UInt64 {
        try need(8)
        defer { at &+= 8 }
        return word(at)
    }

    /// An unsigned LEB128 in its shortest form; a longer form is invalid. Nearly all end within
    /// the eight bytes that are looked at together.
    @inlinable @inline(__always) @_lifetime(self: copy self)
    public mutating func readVarint() throws(FormatError) -> UInt64 {
        let first = try readUInt8()
        if first < 0x80 { return UInt64(first) }
        guard remaining >= 7, let (value, count) = Varint.value(word(at &- 1)) else {
            return try readVarint(after: first)
        }
        at &+= count &- 1
        if value >> UInt64(7 &* (count &- 1)) == 0 { throw invalid("varint") }
        return value
    }

    /// The rest of a varint of several bytes.
    @usableFromInline @inline(never) @_lifetime(self: copy self)
    mutating func readVarint(after first: UInt8) throws(FormatError) -> UInt64 {
        var value = UInt64(first & 0x7F)
        var shift: UInt64 = 7
        while true {
            let byte = try readUInt8()
            if shift == 63, byte > 1 { throw invalid("varint") }
            value |= UInt64(byte & 0x7F) << shift
            if byte < 0x80 {
                if byte == 0 { throw invalid("varint") }
                return value
            }
            shift += 7
        }
    }

    /// A count of things that take at least `minimumSize` bytes each: never more than can follow,
    /// so that a hostile count cannot make the caller reserve memory.
    @inlinable @inline(__always) @_lifetime(self: copy self)
    public mutating func readCount(minimumSize: Int = 1) throws(FormatError) -> Int {
        let count = try readVarint()
        guard count <= UInt64(remaining / max(1, minimumSize)) else { throw error(.truncated) }
        return Int(count)
    }

    /// Moves over `count` bytes; where they lie.
    @inlinable @inline(__always) @_lifetime(self: copy self)
    public mutating func skip(_ count: Int) throws(FormatError) -> Range<Int> {
        try need(count)
        defer { at += count }
        return at..<at + count
    }

    /// `count` bytes.
    @inlinable @inline(__always) @_lifetime(self: copy self)
    public mutating func readRaw(_ count: Int) throws(FormatError) -> Bytes {
        bytes.copy(try skip(count))
    }

    /// Bytes behind their count.
    @inlinable @inline(__always) @_lifetime(self: copy self)
    public mutating func readPrefixed() throws(FormatError) -> Bytes {
        let count = try readCount()
        return try readRaw(count)
    }
}

extension ByteReader {
    /// Has `body` read on from here.
    @inlinable @inline(__always)
    public mutating func read<Value>(
        _ body: (inout ReadCursor) throws(FormatError) -> Value
    ) throws(FormatError) -> Value {
        var cursor = ReadCursor(bytes.raw, at..<end)
        let value = try body(&cursor)
        at = cursor.at
        return value
    }
}
