// What a search has come by, and what it has not: everything that scenarios can expect, and the
// rare branches of the core that have a mark. What never occurred was never tested.
internal import MartletNode

/// In how many runs each thing occurred.
package struct Coverage: Sendable {
    /// Everything that can occur, in the order of the counts.
    package static let names = Occurrence.allCases.map(\.name) + NodeCore.allRareBranches

    private static let branchPlaces = Dictionary(
        uniqueKeysWithValues: NodeCore.allRareBranches.enumerated().map {
            ($1, $0 + Occurrence.allCases.count)
        })

    /// In how many runs each occurred, by the place of its name.
    package private(set) var runCounts = [Int](repeating: 0, count: names.count)
    /// Runs counted.
    package private(set) var runCount = 0

    /// Nothing occurred yet.
    package init() {}

    /// Counts a run; O(names).
    package mutating func count(_ report: SimulationReport) {
        runCount += 1
        for place in Self.places(of: report) { runCounts[place] += 1 }
    }

    /// The places of the names of what occurred in a run, ascending.
    static func places(of report: SimulationReport) -> [Int] {
        report.occurrences.filter { $0.count > 0 }.map(\.occurrence.rawValue)
            + report.rareBranches.compactMap { branchPlaces[$0] }
    }

    /// What occurred in no run, in order.
    package var neverOccurred: [String] {
        zip(Self.names, runCounts).filter { $1 == 0 }.map(\.0)
    }

    /// What never occurred, in a few lines.
    package var gaps: String {
        let never = neverOccurred
        if never.isEmpty { return "everything that has a name occurred" }
        return Self.wrapped(
            "never occurred, \(never.count) of \(Self.names.count): "
                + never.joined(separator: ", "))
    }

    /// Each thing with its count, rarest first.
    package var table: String {
        let order = Self.names.indices.sorted { (runCounts[$0], $0) < (runCounts[$1], $1) }
        let width = "\(runCount)".count
        return
            (["in so many of \(runCount) runs:"]
            + order.map { place in
                let count = "\(runCounts[place])"
                let space = String(repeating: " ", count: width - count.count)
                return "  \(space)\(count)  \(Self.names[place])"
            }).joined(separator: "\n")
    }

    private static let lineWidth = 100

    /// A text in lines of their width, those after the first indented.
    private static func wrapped(_ text: String) -> String {
        var lines: [String] = []
        var line = ""
        for word in text.split(separator: " ") {
            if !line.isEmpty, line.count + 1 + word.count > lineWidth {
                lines.append(line)
                line = " "
            }
            line += line.isEmpty ? "\(word)" : " \(word)"
        }
        return (lines + [line]).joined(separator: "\n")
    }
}
