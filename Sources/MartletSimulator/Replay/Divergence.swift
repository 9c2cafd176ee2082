// Where two event logs that should be one part ways.

/// The first event that is not the same in both of two runs.
package struct Divergence: Sendable, CustomStringConvertible {
    /// How many lines before it are shown.
    private static let contextLimit = 5

    /// Its line, counted from 1.
    package let line: Int
    /// The lines before it, the same in both.
    package let before: [String]
    /// The event in the one run and in the other; nil where that has ended.
    package let events: (one: String?, other: String?)

    /// Compares two logs line by line; nil when they are equal.
    package init?(_ one: [String], _ other: [String]) {
        let common = zip(one, other).prefix { $0 == $1 }.count
        guard common < max(one.count, other.count) else { return nil }
        line = common + 1
        before = Array(one[max(0, common - Self.contextLimit)..<common])
        events = (
            common < one.count ? one[common] : nil, common < other.count ? other[common] : nil
        )
    }

    /// Several lines: what went before, then the two events.
    package var description: String {
        let lines =
            ["the runs part at line \(line) of their logs:"] + before.map { "    \($0)" }
            + ["  < \(events.one ?? "(ends)")", "  > \(events.other ?? "(ends)")"]
        return lines.joined(separator: "\n")
    }
}
