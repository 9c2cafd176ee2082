// An unsigned LEB128: 1 to 10 bytes, 7 bits each, lowest first, always in its shortest form. Up to
// eight of its bytes are moved together, as a word, in three steps: each moves twice as many bits
// twice as far.

/// The arithmetic of varints, of which `ReadCursor` and `WriteCursor` make use.
@usableFromInline enum Varint {
    /// The bytes of `value`, which is below 2⁵⁶, lowest first, and how many they are.
    @inlinable @inline(__always)
    static func word(_ value: UInt64) -> (word: UInt64, count: Int) {
        var bits = value & 0xFFF_FFFF | (value & 0xFF_FFFF_F000_0000) << 4
        bits = bits & 0x3FFF_0000_3FFF | (bits & 0xFFF_C000_0FFF_C000) << 2
        bits = bits & 0x7F_007F_007F_007F | (bits & 0x3F80_3F80_3F80_3F80) << 1
        let count = 8 - (bits | 1).leadingZeroBitCount / 8
        let continues = 0x80_8080_8080_8080 & (((1 as UInt64) << UInt64(8 * (count - 1))) &- 1)
        return (bits | continues, count)
    }

    /// What the varint says whose bytes `word` begins with, lowest first, and how many these are;
    /// nil where it does not end within the word.
    @inlinable @inline(__always)
    static func value(_ word: UInt64) -> (value: UInt64, count: Int)? {
        let ends = ~word & 0x8080_8080_8080_8080
        if ends == 0 { return nil }
        let last = ends.trailingZeroBitCount
        var bits = word & UInt64.max >> UInt64(63 - last)
        bits = bits & 0x7F_007F_007F_007F | (bits & 0x7F00_7F00_7F00_7F00) >> 1
        bits = bits & 0x3FFF_0000_3FFF | (bits & 0x3FFF_0000_3FFF_0000) >> 2
        bits = bits & 0xFFF_FFFF | (bits & 0xFFF_FFFF_0000_0000) >> 4
        return (bits, last / 8 + 1)
    }
}
