// A table's Bloom filter: it tells, for most keys that a table lacks, that the table lacks them.
// It is blocked (Putze, Sanders, Singler, "Cache-, Hash- and Space-Efficient Bloom Filters", WEA
// 2007): all bits of a key lie in one line of 64 bytes, so that a question costs one cache miss.
internal import MartletBase

/// Whether a table may hold a key: a yes may be wrong, a no never is.
struct TableFilter: Sendable {
    private let payload: Bytes
    private let probes: Int
    private let lines: UInt64

    private static let headBytes = 8
    private static let lineBytes = 64
    static let probesLimit = 16

    /// What memory the filter takes, in bytes.
    var memoryBytes: Int { payload.count }

    /// The filter over the keys with these hashes (see `hash`), `bitsPerKey` ≥ 1 for each. O(n).
    init(_ hashes: [UInt64], bitsPerKey: Int) {
        // Beyond the limit the filter says yes more often, and stays right.
        let lineLimit = (TableFormat.sectionLimitBytes - Self.headBytes) / Self.lineBytes
        let lines = min(lineLimit, max(1, (hashes.count * bitsPerKey + 511) / 512))
        // 0.69 bits/key would be best in one large filter; in lines somewhat fewer are.
        let probes = min(Self.probesLimit, max(1, bitsPerKey * 6 / 10))
        var payload = Bytes(repeating: 0, count: Self.headBytes + lines * Self.lineBytes)
        for index in 0..<4 {
            payload[index] = UInt8(truncatingIfNeeded: probes >> (8 * index))
            payload[4 + index] = UInt8(truncatingIfNeeded: lines >> (8 * index))
        }
        for hash in hashes {
            let line = Self.line(hash, of: UInt64(lines))
            var bits = hash
            for _ in 0..<probes {
                let bit = Self.nextBit(&bits)
                payload[line + bit >> 3] |= 1 << UInt8(truncatingIfNeeded: bit & 7)
            }
        }
        self.payload = payload
        self.probes = probes
        self.lines = UInt64(lines)
    }

    /// Takes what a filter section holds.
    init(decoding payload: Bytes) throws(FormatError) {
        guard payload.count >= Self.headBytes else { throw FormatError(.truncated, at: 0) }
        let span = payload.raw
        probes = Int(span.quarter(0))
        lines = UInt64(span.quarter(4))
        guard (1...Self.probesLimit).contains(probes), lines > 0,
            payload.count == Self.headBytes + Int(lines) * Self.lineBytes
        else { throw FormatError(.invalid("filter"), at: 0) }
        self.payload = payload
    }

    /// The payload of a filter section.
    var encoded: Bytes { payload }

    /// Whether the table may hold the key with this hash (see `hash`). O(1), one cache miss.
    func mayHold(_ hash: UInt64) -> Bool {
        let span = payload.raw
        let line = Self.line(hash, of: lines)
        var bits = hash
        for _ in 0..<probes {
            let bit = Self.nextBit(&bits)
            if span.byte(line + bit >> 3) & 1 << UInt8(truncatingIfNeeded: bit & 7) == 0 {
                return false
            }
        }
        return true
    }

    /// What the filter knows a key by: its hash and all else that tells keys apart.
    static func hash(
        _ keyHash: UInt64, space: StorageKey.Space, partition: UInt16, owner: UInt64
    ) -> UInt64 {
        let place = UInt64(space.rawValue) << 16 | UInt64(partition)
        return StableHash.mix(keyHash ^ StableHash.mix(owner &+ place << 32 &+ place))
    }

    /// Where the line begins, by the hash's upper half.
    private static func line(_ hash: UInt64, of lines: UInt64) -> Int {
        headBytes + Int(((hash >> 32) &* lines) >> 32) * lineBytes
    }

    /// The next of a key's bits in its line, 0 ..< 512, by the hash's lower half.
    private static func nextBit(_ bits: inout UInt64) -> Int {
        bits = UInt64(UInt32(truncatingIfNeeded: bits)) &* 0x9E37_79B9
        return Int(bits >> 23 & 511)
    }
}
