// Changes of the ring as a person reads them.
internal import MartletViews

/// Lines of text about staged, planned and decided changes.
enum ClusterText {
    /// What is staged, and what to do next.
    static func lines(staged: [String]) -> [String] {
        if staged.isEmpty { return ["nothing is staged"] }
        return ["staged:"] + staged.map { "  \($0)" } + [
            "",
            "'martlet cluster plan' shows what that comes to; nothing happens until "
                + "'martlet cluster commit'",
        ]
    }

    /// What the members have decided.
    static func lines(_ decided: DecidedChange) -> [String] {
        let epoch = "the members have decided: the ring is of epoch \(decided.epoch)"
        if decided.moving == 0 { return ["\(epoch); nothing moves"] }
        return [
            "\(epoch), and \(counted(decided.moving, "partition moves", "partitions move"))",
            "'martlet transfers --watch' shows how far they are; 'martlet cluster cancel' goes "
                + "back",
        ]
    }

    /// All that an operator must know before a commit.
    static func lines(_ plan: PlanView) -> [String] {
        var lines = ["staged:"] + plan.changes.map { "  \($0)" }
        lines += ["", heading(plan), ""] + nodes(plan)
        if !plan.gains.isEmpty { lines.append("") }
        lines += plan.gains.map(line)
        lines += ["", tolerance(plan.tolerance)]
        if !plan.warnings.isEmpty { lines.append("") }
        lines += plan.warnings.map { "warning: \($0)" }
        lines += [
            "",
            "'martlet cluster commit --epoch \(plan.nextEpoch)' begins it; 'martlet cluster clear' "
                + "forgets it",
        ]
        return lines
    }

    private static func heading(_ plan: PlanView) -> String {
        var text =
            "epoch \(plan.epoch) to \(plan.nextEpoch): \(plan.moving) of "
            + "\(counted(plan.partitions, "partition")) \(plan.moving == 1 ? "moves" : "move"), "
            + "in \(counted(plan.transfers, "copy", "copies"))"
        text +=
            plan.transfers <= plan.leastTransfers
            ? ", as few as can be" : "; \(plan.leastTransfers) would be the least"
        if plan.replicas != plan.nextReplicas {
            text += "; \(counted(plan.nextReplicas, "home replica")) in place of \(plan.replicas)"
        }
        return text
    }

    private static func nodes(_ plan: PlanView) -> [String] {
        var table = TextTable([
            ("node", .left), ("state", .left), ("home of", .right), ("then", .right),
            ("gains", .right), ("loses", .right), ("share then", .right), ("", .left),
        ])
        for node in plan.nodes {
            table.add([
                node.name, node.state, "\(node.before)", "\(node.after)",
                node.gained > 0 ? "\(node.gained)" : "-", node.lost > 0 ? "\(node.lost)" : "-",
                "\(decimal(node.share, 1))%", node.joins ? "joins" : node.leaves ? "leaves" : "",
            ])
        }
        return table.lines
    }

    private static func line(_ gain: PlanView.Gain) -> String {
        let places = gain.places.map { "\($0.partitions) of \($0.node)" }
            .joined(separator: ", ")
        let sources = gain.sources.map(\.node)
        let any =
            sources.count < 2
            ? sources.joined()
            : sources.dropLast().joined(separator: ", ") + " or \(sources[sources.count - 1])"
        return "\(gain.node) gains \(gain.partitions)"
            + (places.isEmpty ? "" : ", taking the place of \(places)")
            + "; \(any) can fill it"
    }

    private static func tolerance(_ tolerance: PlanView.Tolerance) -> String {
        func text(_ spare: Int) -> String { spare < 0 ? "none, and some fail now" : "\(spare)" }
        return "homes of a key that may be down while writes find a majority of them: "
            + "\(text(tolerance.before)) now, \(text(tolerance.during)) while partitions move, "
            + "\(text(tolerance.after)) then"
    }
}
