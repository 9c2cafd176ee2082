// What moves between nodes as a person reads it.
internal import MartletViews

/// Lines of text about transfers.
enum TransfersText {
    /// Characters of a progress bar.
    private static let barWidth = 30

    /// How far everything is, a node and a purpose a line.
    static func lines(_ report: TransfersReport) -> [String] {
        var lines = [heading(report)]
        let rows = report.nodes.flatMap { view in view.groups.map { (view, $0) } }
        if !rows.isEmpty { lines += [""] + table(rows) }
        if !report.missing.isEmpty { lines.append("") }
        lines += report.missing.map { "warning: \($0) does not answer" }
        return lines
    }

    private static func heading(_ report: TransfersReport) -> String {
        guard report.epoch > 0 else { return "the cluster is not created yet" }
        let epoch = "epoch \(report.epoch): "
        if report.moving == 0 {
            return epoch
                + (report.isAtRest ? "nothing moves" : "what has moved is dropped where it was")
        }
        return epoch + "\(report.moving) of \(counted(report.partitions, "partition")) "
            + (report.moving == 1 ? "moves" : "move")
    }

    private static func table(_ rows: [(TransfersView, TransfersView.Group)]) -> [String] {
        var table = TextTable([
            ("node", .left), ("", .left), ("partitions", .right), ("done", .right),
            ("progress", .left), ("now from", .left), ("objects", .right), ("bytes", .right),
        ])
        for (view, group) in rows {
            let sources = Set(
                view.fetches.filter { $0.purpose == group.purpose }.map(\.source))
            table.add([
                view.node, words(group.purpose), "\(group.partitions)", "\(group.complete)",
                bar(group), sources.isEmpty ? "-" : sources.sorted().joined(separator: " "),
                "\(group.objects)", bytesText(Int(clamping: group.bytes)),
            ])
        }
        return table.lines
    }

    private static func words(_ purpose: TransfersView.Purpose) -> String {
        switch purpose {
        case .clear: "clears out"
        case .fill: "is filled"
        case .leave: "hands over"
        case .take: "takes over"
        }
    }

    private static func bar(_ group: TransfersView.Group) -> String {
        let part = Double(group.leaves) / Double(max(1, group.leafCount))
        let filled = Int(part * Double(barWidth))
        return "[" + String(repeating: "#", count: filled)
            + String(repeating: "-", count: barWidth - filled)
            + "] \(decimal(100 * part, 0))%"
    }
}
