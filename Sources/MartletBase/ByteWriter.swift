// Writing the formats of disk and wire: little-endian integers, LEB128 varints, bytes behind their
// length.

/// An append-only encoder over one growing byte array; reuse it with `removeAll`.
public struct ByteWriter: Sendable {
    /// What has been written.
    @usableFromInline var content: Bytes

    /// An empty writer with room for `capacity` bytes.
    public init(capacity: Int = 0) {
        content = []
        content.reserveCapacity(capacity)
    }

    /// What has been written.
    public var bytes: Bytes { content }
    /// How many bytes have been written.
    public var count: Int { content.count }

    /// Forgets what was written and keeps the memory.
    public mutating func removeAll() {
        content.removeAll(keepingCapacity: true)
    }

    /// Forgets what was written after the first `count` bytes.
    public mutating func truncate(to count: Int) {
        invariant(
            count >= 0 && count <= content.count, "truncation of \(content.count) to \(count)")
        content.removeLast(content.count - count)
    }

    /// Hands the bytes over and starts anew without their memory.
    public mutating func take() -> Bytes {
        let taken = content
        content = []
        return taken
    }

    /// One byte.
    public mutating func write(_ byte: UInt8) {
        content.append(byte)
    }

    /// Two bytes, little-endian.
    public mutating func write(_ value: UInt16) {
        content.append(UInt8(truncatingIfNeeded: value))
        content.append(UInt8(truncatingIfNeeded: value >> 8))
    }

    /// Four bytes, little-endian.
    public mutating func write(_ value: UInt32) {
        write(atMost: 4) { $0.write(value) }
    }

    /// Eight bytes, little-endian.
    public mutating func write(_ value: UInt64) {
        write(atMost: 8) { $0.write(value) }
    }

    /// An unsigned LEB128: 1 to 10 bytes, 7 bits each, lowest first.
    public mutating func writeVarint(_ value: UInt64) {
        write(atMost: 10) { $0.writeVarint(value) }
    }

    /// A count as a varint; never negative.
    public mutating func writeCount(_ count: Int) {
        writeVarint(UInt64(count))
    }

    /// `count` bytes of zero, to be patched.
    public mutating func writeZeros(_ count: Int) {
        content.append(contentsOf: repeatElement(0, count: count))
    }

    /// The bytes alone, without a length.
    public mutating func writeRaw(_ raw: Bytes) {
        content.append(contentsOf: raw)
    }

    /// A copy of what lies in `range` of borrowed memory.
    public mutating func writeRaw(_ span: RawSpan, _ range: Range<Int>) {
        unsafe span.extracting(range).withUnsafeBytes { unsafe content.append(contentsOf: $0) }
    }

    /// The bytes behind their count.
    public mutating func writePrefixed(_ raw: Bytes) {
        writeCount(raw.count)
        content.append(contentsOf: raw)
    }

    /// The UTF-8 of `text` behind its count.
    public mutating func writePrefixed(_ text: String) {
        writePrefixed(Array(text.utf8))
    }

    /// Zero or one.
    public mutating func write(_ flag: Bool) {
        content.append(flag ? 1 : 0)
    }

    /// Overwrites four bytes written earlier: a length or checksum known only afterwards.
    public mutating func patch(_ value: UInt32, at offset: Int) {
        invariant(
            offset >= 0 && offset + 4 <= content.count, "patch at \(offset) of \(content.count)")
        unsafe content.withUnsafeMutableBytes {
            unsafe $0.storeBytes(of: value.littleEndian, toByteOffset: offset, as: UInt32.self)
        }
    }
}
