// CRC32C over bytes, for everything that a disk or a network may have bent.
internal import CMartletChecksum

/// CRC32C (Castagnoli): detects every burst up to 32 bits and, at frame sizes, up to five flips.
public enum Checksum {
    /// Extends `crc` over `bytes[range]`; begin with 0. O(n), 10 GB/s and more with SSE4.2.
    public static func crc32c(_ bytes: Bytes, _ range: Range<Int>, extending crc: UInt32 = 0)
        -> UInt32
    {
        invariant(
            range.lowerBound >= 0 && range.upperBound <= bytes.count,
            "checksum of \(range) in \(bytes.count) bytes")
        return unsafe bytes.withUnsafeBytes { buffer in
            guard let base = buffer.baseAddress else { return crc }
            return unsafe martlet_crc32c(crc, base + range.lowerBound, range.count)
        }
    }

    /// The checksum of all of `bytes`.
    public static func crc32c(_ bytes: Bytes) -> UInt32 {
        crc32c(bytes, 0..<bytes.count)
    }
}
