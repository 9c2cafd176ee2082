// SipHash-2-4 with 128 bits of output (Aumasson and Bernstein, "SipHash: a fast short-input PRF",
// INDOCRYPT 2012): under a secret key nobody can find the hash of bytes that they have not seen
// hashed, which makes it a message authentication code. For short inputs; it hides nothing.

/// A keyed hash that cannot be forged without its key.
public struct SipHash: Sendable {
    /// What the hashes depend on, 128 bits.
    public struct Key: Hashable, Sendable {
        fileprivate let low: UInt64
        fileprivate let high: UInt64

        /// The key of sixteen bytes.
        public init(_ bytes: Bytes) {
            invariant(bytes.count == 16, "a key of \(bytes.count) bytes")
            low = bytes.raw.word(0)
            high = bytes.raw.word(8)
        }

        /// The key that a hash under another key gives.
        public init(_ value: Value) {
            low = value.low
            high = value.high
        }
    }

    /// A hash: its sixteen bytes as two little-endian numbers.
    public struct Value: Hashable, Sendable {
        /// The first eight bytes.
        public let low: UInt64
        /// The last eight bytes.
        public let high: UInt64
    }

    private var v0: UInt64
    private var v1: UInt64
    private var v2: UInt64
    private var v3: UInt64

    private init(_ key: Key) {
        v0 = key.low ^ 0x736F_6D65_7073_6575
        v1 = key.high ^ 0x646F_7261_6E64_6F6D ^ 0xEE
        v2 = key.low ^ 0x6C79_6765_6E65_7261
        v3 = key.high ^ 0x7465_6462_7974_6573
    }

    /// The hash of `bytes`. O(n).
    public static func hash(_ bytes: Bytes, key: Key) -> Value {
        var state = SipHash(key)
        let raw = bytes.raw
        var index = 0
        while index + 8 <= raw.byteCount {
            state.absorb(raw.word(index))
            index += 8
        }
        var last = UInt64(truncatingIfNeeded: raw.byteCount) << 56
        for (place, offset) in (index..<raw.byteCount).enumerated() {
            last |= UInt64(raw.byte(offset)) << UInt64(8 * place)
        }
        state.absorb(last)
        state.v2 ^= 0xEE
        let low = state.finished()
        state.v1 ^= 0xDD
        return Value(low: low, high: state.finished())
    }

    private mutating func finished() -> UInt64 {
        for _ in 0..<4 { round() }
        return v0 ^ v1 ^ v2 ^ v3
    }

    private mutating func absorb(_ word: UInt64) {
        v3 ^= word
        round()
        round()
        v0 ^= word
    }

    private mutating func round() {
        v0 = v0 &+ v1
        v2 = v2 &+ v3
        v1 = Self.rotated(v1, 13) ^ v0
        v3 = Self.rotated(v3, 16) ^ v2
        v0 = Self.rotated(v0, 32)
        v2 = v2 &+ v1
        v0 = v0 &+ v3
        v1 = Self.rotated(v1, 17) ^ v2
        v3 = Self.rotated(v3, 21) ^ v0
        v2 = Self.rotated(v2, 32)
    }

    private static func rotated(_ word: UInt64, _ count: UInt64) -> UInt64 {
        word << count | word >> (64 - count)
    }
}
