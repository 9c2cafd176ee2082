// From reads at several moments to the moment at which enough of them are fresh: first where to
// look, then a close look there.
internal import MartletBase

/// How soon a write is seen, narrowed down.
enum VisibilityEstimate {
    /// Where the first look is: at once, then by doublings from 1/4 ms to 8 s.
    static let firstOffsets = [Duration.zero] + (0..<16).map { .microseconds(250 << $0) }
    /// The close look is from where this many times too many reads are stale …
    private static let margin = 4.0
    /// … to where this many times too few are, at so many moments.
    private static let closeCount = 8

    /// Where to look closely, when no more than a share of `stale` of the reads may be stale.
    /// At once and nowhere else, where that is enough by far.
    static func closeOffsets(_ first: [OffsetTally], stale: Double) -> [Duration] {
        guard first[0].staleShare > stale / margin else { return [.zero] }
        let low = first.lastIndex { $0.staleShare > stale * margin } ?? 0
        let high =
            first.indices.first { $0 > low && first[$0].staleShare < stale / margin }
            ?? first.count - 1
        // From zero, geometric steps begin at a small part of the way.
        let from = low == 0 ? first[1].offset / 8 : first[low].offset
        let ratio = Logarithm.base2(
            of: Double(first[high].offset.nanoseconds) / Double(from.nanoseconds))
        let steps = (0..<closeCount).map { step in
            let factor = Logarithm.power(ofTwoTo: ratio * Double(step) / Double(closeCount - 1))
            return Duration.nanoseconds(Int64(Double(from.nanoseconds) * factor))
        }
        return low == 0 ? [.zero] + steps : steps
    }

    /// When no more than a share of `stale` of the reads are stale, as far as `tallies` tell, whose
    /// offsets rise. Between two of them the share is taken to fall exponentially.
    static func crossing(_ tallies: [OffsetTally], stale: Double) -> Duration {
        let index = tallies.firstIndex { $0.staleShare <= stale } ?? tallies.count - 1
        let above = tallies[index]
        if index == 0 || above.staleShare > stale { return above.offset }
        let below = tallies[index - 1]
        // Where none was stale, half of one might have been.
        let least = 0.5 / Double(max(1, above.reads))
        let top = Logarithm.base2(of: below.staleShare)
        let bottom = Logarithm.base2(of: max(above.staleShare, least))
        let way = (top - Logarithm.base2(of: stale)) / max(top - bottom, 1e-9)
        let span = Double((above.offset - below.offset).nanoseconds)
        return below.offset + .nanoseconds(Int64(span * min(way, 1)))
    }

    /// The value that a share of 1 − `probability` of `durations` exceed; zero when there are none.
    static func quantile(_ durations: [Duration], _ probability: Double) -> Duration {
        guard !durations.isEmpty else { return .zero }
        let sorted = durations.sorted()
        return sorted[min(sorted.count - 1, Int(Double(sorted.count) * probability))]
    }
}
