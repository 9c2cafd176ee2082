// Randomness as an input: one stream per concern, each a function of a seed and a label.

/// A reproducible stream of random bits (SplitMix64; Steele, Lea and Flood, OOPSLA 2014).
/// Not for secrets.
public struct SeededRandom: RandomNumberGenerator, Sendable {
    private var state: UInt64

    /// The stream of `seed`.
    public init(seed: UInt64) {
        state = seed
    }

    /// The stream for one concern under `seed`; streams with different labels are independent.
    public init(seed: UInt64, stream label: String) {
        state = unsafe StableHash.hash(label.utf8Span.span.bytes, seed: seed)
    }

    /// The next 64 bits.
    public mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        return StableHash.mix(state)
    }

    /// A number in `0 ..< bound`, without bias that matters (64-bit multiply-high); `bound` > 0.
    public mutating func below(_ bound: Int) -> Int {
        invariant(bound > 0, "a draw below \(bound)")
        return Int(next().multipliedFullWidth(by: UInt64(bound)).high)
    }

    /// A number in `0 ..< 1`, with 53 random bits.
    public mutating func unit() -> Double {
        Double(next() >> 11) * 0x1p-53
    }

    /// True with the given probability.
    public mutating func chance(_ probability: Double) -> Bool {
        unit() < probability
    }
}

/// A 64-bit hash that is the same in every process, build and version: order on disk and in
/// simulation may depend on it, unlike `Hasher`.
public enum StableHash {
    /// The finaliser of SplitMix64: a bijection that spreads every bit.
    @inlinable
    public static func mix(_ value: UInt64) -> UInt64 {
        var bits = value
        bits = (bits ^ (bits >> 30)) &* 0xBF58_476D_1CE4_E5B9
        bits = (bits ^ (bits >> 27)) &* 0x94D0_49BB_1331_11EB
        return bits ^ (bits >> 31)
    }

    /// The hash of `bytes` under `seed`: eight bytes a step, each folded by a wide multiply.
    /// O(n), no allocation.
    public static func hash(_ bytes: Bytes, seed: UInt64 = 0) -> UInt64 {
        hash(bytes.raw, seed: seed)
    }

    /// The same of borrowed bytes.
    public static func hash(_ bytes: RawSpan, seed: UInt64 = 0) -> UInt64 {
        var accumulator = mix(seed ^ 0x9E37_79B9_7F4A_7C15) ^ UInt64(bytes.byteCount)
        var index = 0
        while index + 8 <= bytes.byteCount {
            accumulator = fold(accumulator ^ bytes.word(index))
            index += 8
        }
        return mix(fold(accumulator ^ tail(of: bytes, from: index)))
    }

    /// The bytes that are left, fewer than eight, as a little-endian number.
    private static func tail(of bytes: RawSpan, from index: Int) -> UInt64 {
        let count = bytes.byteCount - index
        if count == 0 { return 0 }
        if index > 0 { return bytes.word(bytes.byteCount - 8) >> UInt64(64 - 8 * count) }
        // From both ends, and where they overlap the bytes are the same.
        if count >= 4 {
            let back = UInt64(bytes.quarter(count - 4)) << UInt64(8 * (count - 4))
            return UInt64(bytes.quarter(0)) | back
        }
        let middle = UInt64(bytes.byte(count / 2)) << UInt64(8 * (count / 2))
        let back = UInt64(bytes.byte(count - 1)) << UInt64(8 * (count - 1))
        return UInt64(bytes.byte(0)) | middle | back
    }

    /// One step of a hash over words: what came before, XORed with the next word, through a wide
    /// multiply that loses nothing of it. The last is to be mixed.
    @inlinable
    public static func fold(_ word: UInt64) -> UInt64 {
        let product = (word ^ 0xA076_1D64_78BD_642F).multipliedFullWidth(by: 0xE703_7ED1_A0B4_28DB)
        return product.high ^ product.low ^ word.byteSwapped
    }
}
