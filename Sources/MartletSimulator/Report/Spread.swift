// Quantiles of what was measured over a run, as reports show them.
internal import MartletBase

/// Quantiles of one measure, of which less is better.
package struct Spread<Value: Comparable & Sendable>: Sendable {
    /// Half of all are at most this.
    package let median: Value
    /// 99 of 100.
    package let p99: Value
    /// 999 of 1000.
    package let p999: Value
    /// All.
    package let most: Value

    /// The quantiles of `values` and of `zeros` more that are zero.
    init(_ values: [Value], zero: Value, zeros: Int = 0) {
        let sorted = values.sorted()
        let count = sorted.count + zeros
        func value(_ share: Double) -> Value {
            let rank = min(count - 1, Int(Double(count) * share)) - zeros
            return rank < 0 ? zero : sorted[rank]
        }
        median = value(0.5)
        p99 = value(0.99)
        p999 = value(0.999)
        most = sorted.last ?? zero
    }
}

/// How far the reads of a run were behind.
package struct Staleness: Sendable {
    /// Reads that were answered.
    package let reads: Int
    /// Those that missed a write acknowledged before they began.
    package let staleReads: Int
    /// How many such writes each read missed.
    package let missed: Spread<Int>
    /// How long before the read the newest write that it missed had been acknowledged; zero for a
    /// read that missed none.
    package let age: Spread<Duration>

    init(_ meter: StalenessMeter) {
        staleReads = meter.staleReads.count
        reads = meter.freshReads + staleReads
        missed = Spread(meter.staleReads.map(\.missed), zero: 0, zeros: meter.freshReads)
        age = Spread(meter.staleReads.map(\.age), zero: .zero, zeros: meter.freshReads)
    }
}

/// Of the requests asked in each second, where there were any, the share answered, 0 … 1.
package struct AvailabilitySpread: Sendable {
    /// The worst second.
    package let least: Double
    /// One second in ten was at most as good.
    package let tenth: Double
    /// Half of them.
    package let median: Double

    init(_ seconds: [Statistics.Second]) {
        let shares = seconds.compactMap(\.availability).sorted()
        func share(_ part: Double) -> Double {
            shares.isEmpty ? 1 : shares[min(shares.count - 1, Int(Double(shares.count) * part))]
        }
        least = shares.first ?? 1
        tenth = share(0.1)
        median = share(0.5)
    }
}
