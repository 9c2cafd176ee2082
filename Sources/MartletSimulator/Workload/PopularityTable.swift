// Draws keys that are not asked for alike, in whole numbers: floating-point functions differ
// between machines, and a run must not.
internal import MartletBase

/// The shares of keys, added up.
struct PopularityTable {
    /// For each key, its weight and those of all before it.
    private let sums: [Int]

    /// The weight of the first key of a Zipf distribution.
    private static let firstWeight = 1 << 30

    /// Nil for `tenth`, which clients draw as part of their plan.
    init?(_ popularity: Popularity, keyCount: Int) {
        if popularity == .tenth { return nil }
        var sum = 0
        sums = (0..<keyCount).map { key in
            sum += popularity == .zipf ? max(1, Self.firstWeight / (key + 1)) : 1
            return sum
        }
    }

    func draw(_ random: inout SeededRandom) -> Int {
        let drawn = random.below(sums[sums.count - 1])
        return sums.partitionIndex { $0 <= drawn }
    }
}
