// What the storage engine asks of borrowed memory, bounds checked, so that one reader serves arrays
// and arenas alike.

extension [UInt8] {
    /// The array's memory, borrowed.
    @inlinable
    public var raw: RawSpan {
        @_lifetime(borrow self) get { unsafe span.bytes }
    }
}

extension RawSpan {
    /// The byte at `offset`.
    @inlinable @inline(__always)
    public func byte(_ offset: Int) -> UInt8 {
        unsafe unsafeLoad(fromByteOffset: offset, as: UInt8.self)
    }

    /// The little-endian 16-bit integer at `offset`.
    @inlinable @inline(__always)
    public func half(_ offset: Int) -> UInt16 {
        UInt16(littleEndian: unsafe unsafeLoadUnaligned(fromByteOffset: offset, as: UInt16.self))
    }

    /// The little-endian 32-bit integer at `offset`.
    @inlinable @inline(__always)
    public func quarter(_ offset: Int) -> UInt32 {
        UInt32(littleEndian: unsafe unsafeLoadUnaligned(fromByteOffset: offset, as: UInt32.self))
    }

    /// The little-endian 64-bit integer at `offset`.
    @inlinable @inline(__always)
    public func word(_ offset: Int) -> UInt64 {
        UInt64(littleEndian: unsafe unsafeLoadUnaligned(fromByteOffset: offset, as: UInt64.self))
    }

    /// The bytes in `range`, as an array of their own. O(range).
    public func copy(_ range: Range<Int>) -> Bytes {
        unsafe extracting(range).withUnsafeBytes { unsafe Bytes($0) }
    }

    /// Below 0 when these bytes come before `other` in lexicographic order, above 0 when after.
    @inlinable
    public func order(against other: RawSpan) -> Int {
        let common = Swift.min(byteCount, other.byteCount)
        var offset = 0
        while offset + 8 <= common {
            let mine = word(offset)
            let theirs = other.word(offset)
            if mine != theirs { return mine.byteSwapped < theirs.byteSwapped ? -1 : 1 }
            offset += 8
        }
        while offset < common {
            let mine = byte(offset)
            let theirs = other.byte(offset)
            if mine != theirs { return mine < theirs ? -1 : 1 }
            offset += 1
        }
        return byteCount - other.byteCount
    }
}
