// Reading the words of a scenario: durations, quorums, and ranges `low..high` of anything.
internal import MartletBase
internal import MartletStorage
internal import MartletWire

/// A word that does not say what it should; the text says what would.
struct WordError: Error {
    var problem: String
}

enum ScenarioText {
    /// Durations are shorter, in nanoseconds: a century.
    private static let longest = 3e18

    /// A whole number.
    static func count(_ word: String) throws(WordError) -> Int {
        guard let count = Int(word), count >= 0 else {
            throw WordError(problem: "\(word) is no whole number")
        }
        return count
    }

    /// A share or chance: `0.25` or `25%`.
    static func share(_ word: String) throws(WordError) -> Double {
        let isPercent = word.hasSuffix("%")
        guard let number = Double(isPercent ? String(word.dropLast()) : word) else {
            throw WordError(problem: "\(word) is no share: write 0.25 or 25%")
        }
        let share = isPercent ? number / 100 : number
        guard (0...1).contains(share) else {
            throw WordError(problem: "\(word) is not between 0 and 1")
        }
        return share
    }

    /// `200us`, `1.5ms`, `2s`, `1m`.
    static func duration(_ word: String) throws(WordError) -> Duration {
        guard let nanoseconds = Units.time.decimal(word), (0..<longest).contains(nanoseconds) else {
            throw WordError(problem: "\(word) is no duration: write 200us, 1.5ms, 2s or 1m")
        }
        return .nanoseconds(Int64(nanoseconds.rounded()))
    }

    /// A duration, or one with a minus in front.
    static func difference(_ word: String) throws(WordError) -> Duration {
        word.hasPrefix("-") ? .zero - (try duration(String(word.dropFirst()))) : try duration(word)
    }

    /// `100ppm` or `-100ppm`: millionths.
    static func millionths(_ word: String) throws(WordError) -> Int {
        guard word.hasSuffix("ppm"), let count = Int(word.dropLast(3)), abs(count) <= 100_000 else {
            throw WordError(problem: "\(word) is no drift: write 100ppm or -100ppm")
        }
        return count
    }

    /// `1`, `quorum` or `all`.
    static func quorum(_ word: String) throws(WordError) -> Quorum {
        switch word {
        case "quorum": return .majority
        case "all": return .all
        default:
            guard let count = Int(word), (0...32).contains(count) else {
                throw WordError(problem: "\(word) is no quorum: write a number, quorum or all")
            }
            return .count(count)
        }
    }

    /// `any` or the number of a node, counted from 1.
    static func node(_ word: String) throws(WordError) -> NodeChoice {
        if word == "any" { return .any }
        guard let number = Int(word), number >= 1 else {
            throw WordError(problem: "\(word) is no node: write any, or a number from 1 on")
        }
        return .number(number)
    }

    /// How much a crash takes; `any` is drawn per seed.
    static func loss(_ word: String) throws(WordError) -> MemoryDisk.CrashLoss? {
        switch word {
        case "any": return nil
        case "nothing": return .nothing
        case "tail": return .tail
        case "sectors": return .sectors
        case "everything": return .everything
        default:
            throw WordError(
                problem: "\(word) is no loss: write any, nothing, tail, sectors or everything")
        }
    }

    /// One value, or two with `..` between them, the lower first.
    static func range<Value: Comparable>(
        _ word: String, of read: (String) throws(WordError) -> Value
    ) throws(WordError) -> ClosedRange<Value> {
        guard let dots = firstDots(in: word) else {
            let value = try read(word)
            return value...value
        }
        let low = try read(String(word[..<dots.lowerBound]))
        let high = try read(String(word[dots.upperBound...]))
        guard low <= high else { throw WordError(problem: "\(word) runs downwards") }
        return low...high
    }

    private static func firstDots(in word: String) -> Range<String.Index>? {
        var index = word.startIndex
        while index < word.endIndex {
            let next = word.index(after: index)
            if word[index] == ".", next < word.endIndex, word[next] == "." {
                return index..<word.index(after: next)
            }
            index = next
        }
        return nil
    }
}
