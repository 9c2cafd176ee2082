// Where a key falls among Redis Cluster's 16384 slots. Nothing here knows partitions or nodes.
public import MartletBase

/// One of the 16384 hash slots of Redis Cluster: CRC16 of the key, or of its hashtag, mod 16384.
/// A cluster-aware Redis client computes the same number and so finds a home replica unaided.
public struct Slot: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// How many slots there are.
    public static let count = 16384

    /// The slot's number, in `0 ..< count`.
    public let index: UInt16

    /// The slot with this number; nil from `count` on.
    public init?(index: Int) {
        guard (0..<Slot.count).contains(index) else { return nil }
        self.index = UInt16(index)
    }

    /// The slot of `key`. O(n), no allocation.
    public init(ofKey key: Bytes) {
        index = CRC16.checksum(key, Slot.hashedRange(of: key)) % UInt16(Slot.count)
    }

    /// The part of `key` that is hashed: what stands between its first `{` and the first `}` after
    /// that, when it is not empty; else the whole key. Keys that share a hashtag share a slot.
    public static func hashedRange(of key: Bytes) -> Range<Int> {
        guard let open = key.firstIndex(of: UInt8(ascii: "{")),
            let close = key[(open + 1)...].firstIndex(of: UInt8(ascii: "}")),
            close > open + 1
        else { return 0..<key.count }
        return open + 1..<close
    }

    /// By number.
    public static func < (left: Slot, right: Slot) -> Bool {
        left.index < right.index
    }

    /// The number in decimal.
    public var description: String { String(index) }
}

/// CRC-16/XMODEM: polynomial 0x1021, initial value 0, no reflection, no final inversion.
public enum CRC16 {
    /// The checksum of `bytes[range]`, a table step for each byte.
    public static func checksum(_ bytes: Bytes, _ range: Range<Int>) -> UInt16 {
        var crc: UInt16 = 0
        for index in range {
            crc = (crc << 8) ^ table[Int(UInt8(truncatingIfNeeded: crc >> 8) ^ bytes[index])]
        }
        return crc
    }

    /// For each leading byte, what eight shifts through the polynomial make of it.
    private static let table: [UInt16] = (0..<256).map { byte in
        var crc = UInt16(byte) << 8
        for _ in 0..<8 { crc = crc & 0x8000 != 0 ? (crc << 1) ^ 0x1021 : crc << 1 }
        return crc
    }
}
