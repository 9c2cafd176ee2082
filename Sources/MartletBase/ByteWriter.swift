// Writing the formats of disk and wire: little-endian integers, LEB128 varints, bytes behind their
// length.

/// An append-only encoder over one growing byte array; reuse it with `removeAll`.
public struct ByteWriter: Sendable {
    /// What has been written.
    public private(set) var bytes: Bytes

    /// An empty writer with room for `capacity` bytes.
    public init(capacity: Int = 0) {
        bytes = []
        bytes.reserveCapacity(capacity)
    }

    /// How many bytes have been written.
    public var count: Int { bytes.count }

    /// Forgets what was written and keeps the memory.
    public mutating func removeAll() {
        bytes.removeAll(keepingCapacity: true)
    }

    /// Forgets what was written after the first `count` bytes.
    public mutating func truncate(to count: Int) {
        invariant(count >= 0 && count <= bytes.count, "truncation of \(bytes.count) to \(count)")
        bytes.removeLast(bytes.count - count)
    }

    /// Hands the bytes over and starts anew without their memory.
    public mutating func take() -> Bytes {
        let taken = bytes
        bytes = []
        return taken
    }

    /// One byte.
    public mutating func write(_ byte: UInt8) {
        bytes.append(byte)
    }

    /// Two bytes, little-endian.
    public mutating func write(_ value: UInt16) {
        bytes.append(UInt8(truncatingIfNeeded: value))
        bytes.append(UInt8(truncatingIfNeeded: value >> 8))
    }

    /// Four bytes, little-endian.
    public mutating func write(_ value: UInt32) {
        unsafe withUnsafeBytes(of: value.littleEndian) { unsafe bytes.append(contentsOf: $0) }
    }

    /// Eight bytes, little-endian.
    public mutating func write(_ value: UInt64) {
        unsafe withUnsafeBytes(of: value.littleEndian) { unsafe bytes.append(contentsOf: $0) }
    }

    /// An unsigned LEB128: 1 to 10 bytes, 7 bits each, lowest first.
    public mutating func writeVarint(_ value: UInt64) {
        var rest = value
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(truncatingIfNeeded: rest))
    }

    /// A count as a varint; never negative.
    public mutating func writeCount(_ count: Int) {
        writeVarint(UInt64(count))
    }

    /// `count` bytes of zero, to be patched.
    public mutating func writeZeros(_ count: Int) {
        bytes.append(contentsOf: repeatElement(0, count: count))
    }

    /// The bytes alone, without a length.
    public mutating func writeRaw(_ raw: Bytes) {
        bytes.append(contentsOf: raw)
    }

    /// A copy of what lies in `range` of borrowed memory.
    public mutating func writeRaw(_ span: RawSpan, _ range: Range<Int>) {
        unsafe span.extracting(range).withUnsafeBytes { unsafe bytes.append(contentsOf: $0) }
    }

    /// The bytes behind their count.
    public mutating func writePrefixed(_ raw: Bytes) {
        writeCount(raw.count)
        bytes.append(contentsOf: raw)
    }

    /// The UTF-8 of `text` behind its count.
    public mutating func writePrefixed(_ text: String) {
        writePrefixed(Array(text.utf8))
    }

    /// Zero or one.
    public mutating func write(_ flag: Bool) {
        bytes.append(flag ? 1 : 0)
    }

    /// Overwrites four bytes written earlier: a length or checksum known only afterwards.
    public mutating func patch(_ value: UInt32, at offset: Int) {
        invariant(offset >= 0 && offset + 4 <= bytes.count, "patch at \(offset) of \(bytes.count)")
        unsafe bytes.withUnsafeMutableBytes {
            unsafe $0.storeBytes(of: value.littleEndian, toByteOffset: offset, as: UInt32.self)
        }
    }
}
