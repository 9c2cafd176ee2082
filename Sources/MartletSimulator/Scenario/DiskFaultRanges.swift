// What a faulty disk does wrong, as a scenario says it: a chance for each operation, or a range
// that a seed draws it from.
internal import MartletBase
internal import MartletStorage

/// The chances of a faulty disk.
package struct DiskFaultRanges: Sendable {
    private var ranges = [ClosedRange<Double>](repeating: 0...0, count: chances.count)

    /// Nothing goes wrong.
    init() {}

    /// By which word a scenario sets which chance.
    static var chances: [(key: String, path: WritableKeyPath<DiskFaults, Double>)] {
        [
            ("read-errors", \.readErrorChance), ("write-errors", \.writeErrorChance),
            ("sync-errors", \.syncErrorChance), ("lost-writes", \.lostWriteChance),
            ("misdirected", \.misdirectedWriteChance), ("flipped-bits", \.flippedBitChance),
        ]
    }

    /// The range of the chance of that position among `chances`.
    subscript(_ index: Int) -> ClosedRange<Double> {
        get { ranges[index] }
        set { ranges[index] = newValue }
    }

    func drawn(_ random: inout SeededRandom) -> DiskFaults {
        var faults = DiskFaults()
        for (chance, range) in zip(Self.chances, ranges) {
            faults[keyPath: chance.path] = random.probability(in: range)
        }
        return faults
    }
}

extension DiskFaults {
    /// The chances that are not 0, in hundredths of a percent.
    var text: String {
        let words = DiskFaultRanges.chances.compactMap { key, path in
            let share = self[keyPath: path]
            return share > 0 ? "\(key) \(Int((share * 10_000).rounded()))/10000" : nil
        }
        return words.isEmpty ? "without effect" : words.joined(separator: ", ")
    }
}
