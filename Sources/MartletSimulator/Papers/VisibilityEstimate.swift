// From reads at several moments to the moment at which enough of them are fresh: first where to
// look, then a close look there.
internal import MartletBase

/// How soon a write is seen, narrowed down in three looks, each at moments nearer to the answer.
enum VisibilityEstimate {
    /// The first look: at once, then by doublings from 1/4 ms to 8 s.
    static let firstOffsets = [Duration.zero] + (0..<16).map { .microseconds(250 << $0) }
    /// The second is from where so many times too many reads were stale to where as many times too
    /// few were, at so many moments.
    private static let secondMargin = 4.0
    private static let secondCount = 6
    /// The third is around the answer of the second.
    private static let thirdFactors = [0.8, 1, 1.25]

    /// Where to look a second time, when no more than a share of `stale` of the reads may be
    /// stale: at once and nowhere else, where that is enough by far.
    static func secondOffsets(_ first: [OffsetTally], stale: Double) -> [Duration] {
        guard first[0].staleShare > stale / secondMargin else { return [.zero] }
        let low = max(1, first.lastIndex { $0.staleShare > stale * secondMargin } ?? 1)
        let high =
            first.indices.first { $0 > low && first[$0].staleShare < stale / secondMargin }
            ?? first.count - 1
        let from = Double(first[low].offset.nanoseconds)
        let ratio = Logarithm.base2(of: Double(first[high].offset.nanoseconds) / from)
        return (0..<secondCount).map { step in
            let way = Double(step) / Double(secondCount - 1)
            return .nanoseconds(Int64(from * Logarithm.power(ofTwoTo: ratio * way)))
        }
    }

    /// Where to look a third time.
    static func thirdOffsets(_ second: [OffsetTally], stale: Double) -> [Duration] {
        if second.count == 1 { return second.map(\.offset) }
        let middle = Double(crossing(second, stale: stale).nanoseconds)
        return thirdFactors.map { .nanoseconds(Int64(middle * $0)) }
    }

    /// When no more than a share of `stale` of the reads are stale, as `tallies` tell, whose
    /// offsets rise. Between two of them, and a little beyond them, the share is taken to follow a
    /// power of time; at once, where that was all that was looked at.
    static func crossing(_ tallies: [OffsetTally], stale: Double) -> Duration {
        guard tallies.count > 1 else { return tallies[0].offset }
        let found = tallies.firstIndex { $0.staleShare <= stale } ?? tallies.count - 1
        let (below, above) = (tallies[max(1, found) - 1], tallies[max(1, found)])
        let (top, bottom) = (share(below), share(above))
        guard top > bottom else { return above.offset }
        let steep = Logarithm.base2(of: top / bottom)
        let way = min(max(Logarithm.base2(of: top / stale) / steep, -1), 2)
        let from = Double(below.offset.nanoseconds)
        let ratio = Logarithm.base2(of: Double(above.offset.nanoseconds) / from)
        return .nanoseconds(Int64(from * Logarithm.power(ofTwoTo: ratio * way)))
    }

    /// Where none was stale, half of one might have been.
    private static func share(_ tally: OffsetTally) -> Double {
        max(tally.staleShare, 0.5 / Double(max(1, tally.reads)))
    }

    /// The value that a share of 1 − `probability` of `durations` exceed; zero when there are none.
    static func quantile(_ durations: [Duration], _ probability: Double) -> Duration {
        guard !durations.isEmpty else { return .zero }
        let sorted = durations.sorted()
        let place = Int(Double(sorted.count) * min(max(probability, 0), 1))
        return sorted[min(sorted.count - 1, place)]
    }
}
