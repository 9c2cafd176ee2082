// The ring as a person reads it.
internal import MartletViews

/// Lines of text from the ring's views.
enum RingText {
    /// The members and what each is home to.
    static func lines(_ view: RingView) -> [String] {
        var lines = [heading(view), ""]
        lines += members(view)
        if view.moving > 0 {
            let count = counted(view.moving, "partition moves", "partitions move")
            lines += ["", "\(count): 'martlet transfers' shows how far they are"]
        }
        if let settled = view.settled {
            lines += ["", "settled at the node asked: \(RepairText.line(settled))"]
        }
        if !view.warnings.isEmpty { lines.append("") }
        lines += view.warnings.map { "warning: \($0)" }
        if let homes = view.homes { lines += [""] + Self.lines(homes) }
        return lines
    }

    private static func members(_ view: RingView) -> [String] {
        let moves: [(String, TextTable.Side)] =
            view.moving > 0 ? [("coming", .right), ("going", .right)] : []
        var table = TextTable(
            [
                ("member", .left), ("state", .left), ("zone", .left), ("weight", .right),
                ("home of", .right), ("primary of", .right), ("share", .right),
            ] + moves + [("clients", .left), ("peers", .left)])
        for member in view.members {
            let moves = [member.coming, member.going].map { $0 > 0 ? "\($0)" : "-" }
            table.add(
                [
                    member.name, member.leaving ? "\(member.state), leaves" : member.state,
                    member.zone.isEmpty ? "-" : member.zone, "\(member.weight)",
                    member.inRing ? "\(member.partitionsAsHome)" : "-",
                    member.inRing ? "\(member.partitionsAsPrimary)" : "-",
                    member.inRing ? "\(decimal(member.share, 1))%" : "-",
                ] + (view.moving > 0 ? moves : []) + [member.client ?? "-", member.peer ?? "-"])
        }
        return table.lines
    }

    private static func heading(_ view: RingView) -> String {
        guard view.epoch > 0 else { return "cluster \(view.cluster): not created yet" }
        let digest = view.topologyDigest.map { ", digest \($0)" } ?? ""
        return "cluster \(view.cluster): epoch \(view.epoch), "
            + "\(counted(view.partitions, "partition")) with \(counted(view.n, "home replica")) "
            + "each\(digest)"
    }

    private static func lines(_ homes: [RingView.Homes]) -> [String] {
        var table = TextTable([
            ("partition", .right), ("slots", .right), ("settled", .right), ("homes", .left),
        ])
        for home in homes {
            table.add([
                "\(home.partition)", "\(home.firstSlot)-\(home.lastSlot)",
                home.settledAge.map { "\(RepairText.age($0)) ago" } ?? "-",
                home.homes.joined(separator: " ")
                    + (home.from.map { " (from \($0.joined(separator: " ")))" } ?? ""),
            ])
        }
        return table.lines
    }

    /// Where one key lives.
    static func lines(_ view: KeyView) -> [String] {
        var table = TextTable([
            ("node", .left), ("as", .left), ("state", .left), ("zone", .left), ("clients", .left),
        ])
        func add(_ node: KeyView.Node, as role: String) {
            table.add([
                node.name, role, node.state, node.zone.isEmpty ? "-" : node.zone,
                node.client ?? "-",
            ])
        }
        for (node, role) in roles(view) { add(node, as: role) }
        let place =
            "key \(Printable.text(view.key)): slot \(view.slot), partition \(view.partition)"
        return [place, ""] + table.lines
    }

    /// What each node is to the key: the homes first, the stand-ins last.
    static func roles(_ view: KeyView) -> [(node: KeyView.Node, role: String)] {
        view.homes.enumerated().map { index, home in
            let role = index == 0 ? "home, primary" : "home"
            return (home, home.filling ? "\(role), is filled" : role)
        } + view.former.map { ($0, "home until it has moved") }
            + view.fallbacks.enumerated().map { ($1, "stand-in \($0 + 1)") }
    }
}
