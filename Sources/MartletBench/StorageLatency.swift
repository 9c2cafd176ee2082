// How long each of many operations took, in buckets that grow with the time: 16 to each power of
// two, so that every figure is right to 1/16. No clock in here.

/// A histogram of times in nanoseconds.
struct StorageLatency: Hashable, Sendable {
    private static let stepBits = 4
    private var counts = [Int](repeating: 0, count: 64 << stepBits)
    /// How many were recorded.
    private(set) var count = 0
    /// The longest.
    private(set) var longest: UInt64 = 0

    /// Counts one. O(1).
    mutating func record(_ nanoseconds: UInt64) {
        counts[Self.bucket(nanoseconds)] += 1
        count += 1
        if nanoseconds > longest { longest = nanoseconds }
    }

    /// What `share` of all stayed within, as the upper end of its bucket; 0 of none. O(buckets).
    func nanoseconds(within share: Double) -> UInt64 {
        var left = Int((share * Double(count)).rounded(.up))
        if count == 0 { return 0 }
        for (bucket, count) in counts.enumerated() {
            left -= count
            if left <= 0 { return min(longest, Self.upperEnd(bucket)) }
        }
        return longest
    }

    private static func bucket(_ value: UInt64) -> Int {
        let steps = 1 << stepBits
        if value < UInt64(steps) { return Int(value) }
        let shift = 63 - stepBits - value.leadingZeroBitCount
        return (shift + 1) << stepBits + Int(value >> UInt64(shift)) - steps
    }

    private static func upperEnd(_ bucket: Int) -> UInt64 {
        let steps = 1 << stepBits
        if bucket < steps { return UInt64(bucket) }
        let shift = UInt64(bucket >> stepBits - 1)
        return (UInt64(bucket & (steps - 1) + steps + 1) << shift) &- 1
    }
}
