// LZ4 blocks by liblz4, between owned byte arrays. Whoever stores them keeps both lengths.
internal import CLZ4
public import MartletBase

/// LZ4 blocks.
public enum Compression {
    /// Below this many bytes compression is not tried.
    static let smallestBytes = 512

    /// The LZ4 block of `raw`; nil where it is short or an eighth would not be saved.
    public static func compress(_ raw: Bytes) -> Bytes? {
        var block = Bytes()
        return compress(raw.raw, onto: &block) ? block : nil
    }

    /// Appends the LZ4 block of `raw` to `output`, without a copy between; false, and nothing
    /// appended, where `raw` is short or an eighth would not be saved.
    static func compress(_ raw: RawSpan, onto output: inout Bytes) -> Bool {
        guard raw.byteCount >= smallestBytes, raw.byteCount <= TableFormat.sectionLimitBytes
        else { return false }
        let room = raw.byteCount - raw.byteCount / 8
        let before = output.count
        output.append(addingCapacity: room) { span in
            unsafe span.withUnsafeMutableBufferPointer { target, count in
                let written = unsafe raw.withUnsafeBytes { source in
                    unsafe LZ4_compress_default(
                        source.baseAddress, target.baseAddress, Int32(raw.byteCount), Int32(room))
                }
                count = Int(max(0, written))
            }
        }
        return output.count > before
    }

    /// The `rawCount` bytes that the block in `bytes[range]` holds; fails where it holds anything
    /// else, however it was made. What is asked for is allocated first: a count that was read is
    /// to be held against a limit before.
    public static func decompress(
        _ bytes: Bytes, _ range: Range<Int>, rawCount: Int
    ) throws(FormatError) -> Bytes {
        invariant(
            range.upperBound <= bytes.count
                && (0...TableFormat.sectionLimitBytes).contains(rawCount),
            "decompressing \(range) of \(bytes.count) bytes to \(rawCount)")
        let raw = unsafe Bytes(unsafeUninitializedCapacity: rawCount) { target, count in
            let read = unsafe bytes.withUnsafeBytes { source in
                unsafe LZ4_decompress_safe(
                    source.baseAddress.map { unsafe $0 + range.lowerBound },
                    target.baseAddress, Int32(range.count), Int32(rawCount))
            }
            count = Int(max(0, read))
        }
        guard raw.count == rawCount else {
            throw FormatError(.invalid("LZ4 block"), at: range.lowerBound)
        }
        return raw
    }
}
