// Writing many small values at once: into memory that a `ByteWriter` made room for in one step,
// from registers. Each value by itself would look for room and write down how much is there.

/// A place in memory to be filled, which moves over what is written. It traps where the room that
/// was asked for does not do. `ByteWriter.write(atMost:_:)` lends one.
@safe public struct WriteCursor: ~Copyable, ~Escapable {
    /// Valid for `room` bytes for as long as the cursor is lent.
    @usableFromInline let start: UnsafeMutableRawPointer
    @usableFromInline let room: Int
    /// How many bytes have been written.
    @usableFromInline var count = 0

    /// Where the next byte is written, from where the cursor began.
    @inlinable public var offset: Int { count }

    @inlinable @inline(__always) @_lifetime(borrow memory)
    init(_ memory: borrowing UnsafeMutableRawBufferPointer, room: Int) {
        let given = memory.count
        invariant(room > 0 && given >= room, "\(given) bytes of memory as room for \(room)")
        unsafe start = memory.baseAddress.unsafelyUnwrapped
        self.room = room
    }

    /// Moves over `count` bytes, which are there to be written.
    @inlinable @inline(__always) @_lifetime(self: copy self)
    mutating func advance(_ count: Int) -> UnsafeMutableRawPointer {
        let place = unsafe start + self.count
        self.count += count
        invariant(self.count <= room, "\(self.count) bytes in room for \(room)")
        return unsafe place
    }

    /// One byte.
    @inlinable @inline(__always) @_lifetime(self: copy self)
    public mutating func write(_ byte: UInt8) {
        unsafe advance(1).storeBytes(of: byte, as: UInt8.self)
    }

    /// Four bytes, little-endian.
    @inlinable @inline(__always) @_lifetime(self: copy self)
    public mutating func write(_ value: UInt32) {
        unsafe advance(4).storeBytes(of: value.littleEndian, as: UInt32.self)
    }

    /// Eight bytes, little-endian.
    @inlinable @inline(__always) @_lifetime(self: copy self)
    public mutating func write(_ value: UInt64) {
        unsafe advance(8).storeBytes(of: value.littleEndian, as: UInt64.self)
    }

    /// An unsigned LEB128: 1 to 10 bytes.
    @inlinable @inline(__always) @_lifetime(self: copy self)
    public mutating func writeVarint(_ value: UInt64) {
        if value < 0x80 { return write(UInt8(truncatingIfNeeded: value)) }
        if value >> 56 != 0 || room - self.count < 8 { return writeVarintByBytes(value) }
        let (word, count) = Varint.word(value)
        unsafe advance(count).storeBytes(of: word.littleEndian, as: UInt64.self)
    }

    @usableFromInline @inline(never) @_lifetime(self: copy self)
    mutating func writeVarintByBytes(_ value: UInt64) {
        var rest = value
        while rest >= 0x80 {
            write(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        write(UInt8(truncatingIfNeeded: rest))
    }

    /// A count as a varint; never negative.
    @inlinable @inline(__always) @_lifetime(self: copy self)
    public mutating func writeCount(_ count: Int) {
        writeVarint(UInt64(count))
    }

    /// The bytes in `range` of `raw` behind their count.
    @inlinable @inline(__always) @_lifetime(self: copy self)
    public mutating func writePrefixed(_ raw: Bytes, _ range: Range<Int>) {
        writeCount(range.count)
        invariant(
            range.lowerBound >= 0 && range.upperBound <= raw.count,
            "writing \(range) of \(raw.count) bytes")
        let place = unsafe advance(range.count)
        unsafe raw.withUnsafeBytes {
            if let source = $0.baseAddress {
                unsafe place.copyMemory(
                    from: source + range.lowerBound, byteCount: range.count)
            }
        }
    }
}

extension ByteWriter {
    /// Makes room for `limit` bytes, 1 at least, and has `body` write as many of them as it likes.
    @inlinable @inline(__always)
    public mutating func write(atMost limit: Int, _ body: (inout WriteCursor) -> Void) {
        content.append(addingCapacity: limit) { span in
            unsafe span.withUnsafeMutableBufferPointer { memory, count in
                var cursor = unsafe WriteCursor(UnsafeMutableRawBufferPointer(memory), room: limit)
                body(&cursor)
                count = cursor.count
            }
        }
    }
}
