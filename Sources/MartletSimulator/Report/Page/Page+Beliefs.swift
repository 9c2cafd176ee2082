// Who believed whom to be what: for each node a strip for every other. In large clusters one strip
// for each node, the darker the more nodes believe it.
internal import MartletBase
internal import MartletWire

extension Page {
    /// With more nodes than this the strips of all pairs would be too many to read.
    private static let pairsLimit = 9

    var beliefRows: String {
        let count = trace.nodeCount
        if count < 2 { return "" }
        let rows =
            count <= Self.pairsLimit
            ? (0..<count).map(pairs) : (0..<count).map(together)
        return heading(
            "Beliefs",
            count <= Self.pairsLimit
                ? "what each node holds the others to be" : "the more nodes believe it, the darker",
            keys: [
                ("k-up", "alive"), ("k-unsure", "suspect"), ("k-down", "unreachable"),
                ("k-none", "unknown, or itself down"),
            ]) + rows.joined(separator: "\n")
    }

    private func pairs(of observer: Int) -> String {
        let others = (0..<trace.nodeCount).filter { $0 != observer }
        return others.map { node in
            row(
                node == others[0] ? Names.node(observer) : "", "of \(Names.node(node))", height: 11,
                style: node == others[0] ? "strip first" : "strip",
                strips(of: observer, about: node, opacity: 1))
        }.joined(separator: "\n")
    }

    private func together(about node: Int) -> String {
        let others = (0..<trace.nodeCount).filter { $0 != node }
        let drawing = others.map {
            strips(of: $0, about: node, opacity: 1 / Double(others.count))
        }
        return row(
            "", "of \(Names.node(node))", height: 11, style: node == 0 ? "strip first" : "strip",
            drawing.joined())
    }

    private func strips(of observer: Int, about node: Int, opacity: Double) -> String {
        let scale = TimeScale(end: trace.end)
        let line = trace.belief(of: observer, about: node)
        return line.spells(until: trace.end).map { spell in
            guard let state = spell.value else { return "" }
            let style =
                switch state {
                case .alive: "up"
                case .suspect: "unsure"
                case .unreachable, .forgotten: "down"
                }
            let text = "\(Names.node(observer)) holds \(Names.node(node)) to be \(state)"
            return "<rect class=\"\(style)\" \(scale.span(spell.begin, spell.end)) y=\"8\" "
                + "height=\"84\" opacity=\"\(TimeScale.number(opacity))\""
                + "\(tip(text, spell.begin, spell.end))/>"
        }.joined()
    }
}
