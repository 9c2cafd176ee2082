// A repair, and the watermarks it serves, as a person reads them.
internal import MartletViews

/// Lines of text from repairs.
enum RepairText {
    /// What came of it, a node a line.
    static func lines(_ report: RepairReport) -> [String] {
        var columns: [(String, TextTable.Side)] = [("node", .left), ("partitions", .right)]
        if report.isComplete {
            columns += [
                ("compared", .right), ("differed", .right), ("found", .right), ("sent", .right),
            ]
        }
        var table = TextTable(columns)
        for node in report.nodes {
            let counts = [node.compared, node.differed, node.found, node.sent].map { "\($0)" }
            table.add([node.node, "\(node.partitions)"] + (report.isComplete ? counts : []))
        }
        var lines = table.lines
        lines.append("")
        if report.isComplete {
            lines.append(
                "\(counted(report.rounds, "round")); the last found nothing to mend")
        } else {
            lines.append("begun; 'martlet repair --watch' waits for the end")
        }
        lines += report.away.map { "warning: \($0) is away and was not compared" }
        return lines
    }

    /// How far a round is, on one line.
    static func progress(_ views: [RepairView], round: Int) -> String {
        func sum(_ count: (RepairView) -> Int) -> Int { views.reduce(0) { $0 + count($1) } }
        return "round \(round): \(counted(sum(\.waiting), "partition")) to compare, "
            + "\(sum(\.underWay)) under way, \(counted(sum(\.pushing), "object")) to send"
    }

    /// How far watermarks lie back.
    static func line(_ view: SettledView) -> String {
        if view.partitions == 0 { return "it is a home of no partition" }
        let partitions = counted(view.partitions, "partition")
        let doubts = view.doubted > 0 ? "; \(view.doubted) in doubt since data was lost" : ""
        guard let least = view.leastAge, let median = view.medianAge, let most = view.mostAge else {
            return "nothing of \(partitions) is proven to be the same on all homes yet\(doubts)"
        }
        var text =
            "\(partitions), up to \(age(least)) ago at best, \(age(median)) in the middle, "
            + "\(age(most)) at worst"
        if view.unproven > 0 { text += "; \(view.unproven) not yet" }
        return text + doubts
    }

    /// A time span for people.
    static func age(_ milliseconds: UInt64) -> String {
        let seconds = milliseconds / 1_000
        switch seconds {
        case ..<120: return "\(decimal(Double(milliseconds) / 1_000, 1)) s"
        case ..<7_200: return "\(seconds / 60) min"
        case ..<172_800: return "\(seconds / 3_600) h"
        default: return "\(seconds / 86_400) days"
        }
    }
}
