// Lanes along the axis: faults, nodes with their states and hints, clients with their requests.
internal import MartletBase

extension Page {
    private var scale: TimeScale { TimeScale(end: trace.end) }

    // MARK: Faults

    var faultRows: String {
        if trace.faults.isEmpty { return "" }
        let rows = trace.faults.map { fault in
            let isLate = fault.begin.nanoseconds > trace.end.nanoseconds / 2
            let name = MarkupText.escaped(fault.name)
            return """
                <div class="row fault"><div class="name"></div><div class="track">\
                <div class="bar" style="\(scale.style(fault.begin, fault.end))">\
                <span class="\(isLate ? "before" : "after")">\(name)</span></div></div></div>
                """
        }
        return heading("Faults", "shaded in every row below", keys: [("k-fault", "fault")])
            + rows.joined(separator: "\n")
    }

    // MARK: Nodes

    var nodeRows: String {
        let most = trace.samples.flatMap(\.hints).max() ?? 0
        let bar = most == 0 ? "y=\"10\" height=\"80\"" : "y=\"6\" height=\"40\""
        let rows = (0..<trace.nodeCount).map { node in
            let spells = trace.conditions[node].spells(until: trace.end).map { spell in
                let text = "\(Names.node(node)) \(spell.value.rawValue)"
                return "<rect class=\"\(Self.style(of: spell.value))\" "
                    + "\(scale.span(spell.begin, spell.end)) \(bar)"
                    + "\(tip(text, spell.begin, spell.end))/>"
            }
            let hints = area(
                trace.samples.map { ($0.at, Double($0.hints[node]) / Double(max(1, most)) * 44) })
            let top = trace.samples.map { $0.hints[node] }.max() ?? 0
            return row(
                Names.node(node), top == 0 ? "" : "\(top) hint\(top == 1 ? "" : "s")",
                height: most == 0 ? 22 : 40,
                spells.joined() + "<path class=\"hints\" d=\"\(hints)\"/>")
        }
        return heading(
            "Nodes",
            most == 0 ? "none kept a hint" : "state above, hints kept below, all to one scale",
            keys: [
                ("k-up", "up"), ("k-down", "down"), ("k-paused", "paused"),
                ("k-refusing", "refusing writes"),
                ("k-hint", "hints"),
            ]) + rows.joined(separator: "\n")
    }

    private static func style(of condition: NodeCondition) -> String {
        switch condition {
        case .up: "up"
        case .down: "down"
        case .refusing: "refusing"
        case .paused: "paused"
        }
    }

    func tip(_ text: String, _ begin: Instant, _ end: Instant) -> String {
        let span = "\(EventLog.seconds(begin))s to \(EventLog.seconds(end))s"
        return " data-tip=\"\(MarkupText.escaped(text)), \(span)\""
    }

    /// A closed outline in steps over points of (time, height).
    func area(_ points: [(at: Instant, height: Double)]) -> String {
        guard let first = points.first else { return "" }
        var path = "M\(scale.x(first.at)) 100"
        var last = -1.0
        for point in points where point.height != last {
            path += "H\(scale.x(point.at))V\(TimeScale.number(100 - point.height))"
            last = point.height
        }
        return path + "H\(scale.width)V100Z"
    }

    // MARK: Clients

    var clientRows: String {
        let clients = clientCount
        if clients == 0 { return "" }
        let rows = (0..<clients).map { client in
            let own = trace.operations.filter { $0.client == client }
            let refused = trace.refusals.filter { $0.client == client }
                .map { "M\(scale.x($0.at)) 70v30" }.joined()
            return row(
                "client \(client + 1)", height: 22, style: "client",
                data: " data-client=\"\(client)\"",
                ticks(own) + "<path class=\"op refused\" d=\"\(refused)\"/>")
        }
        return heading(
            "Requests", "from asking to the answer; hover for the request",
            keys: [
                ("k-read", "read"), ("k-write", "written"), ("k-bad", "failed"),
                ("k-unsure", "unknown or open"), ("k-refused", "not taken: node down"),
            ]) + rows.joined(separator: "\n")
    }

    private var clientCount: Int { 1 + (trace.operations.compactMap(\.client).max() ?? -1) }

    private func ticks(_ operations: [TraceOperation]) -> String {
        var paths = ["", "", "", ""]
        for operation in operations {
            let style = Self.style(of: operation)
            let begin = scale.x(operation.began)
            paths[style] += style < 2 ? "M\(begin) 20v55" : "M\(begin) 5v90"
            let end = operation.ended ?? trace.end
            if end.since(operation.began) > .milliseconds(20) {
                paths[style] += "M\(begin) 50H\(scale.x(end))"
            }
        }
        let styles = ["read", "write", "bad", "unsure"]
        return zip(styles, paths).map { "<path class=\"op \($0)\" d=\"\($1)\"/>" }.joined()
    }

    /// Which of the styles of `ticks` is a request's.
    private static func style(of operation: TraceOperation) -> Int {
        switch operation.outcome {
        case .read: 0
        case .written: 1
        case .failed: 2
        case .unknown, .open: 3
        }
    }

    /// What hovering shows of every request: for each client [begin, end, text], ascending.
    var operationData: String {
        let lanes = (0..<clientCount).map { client in
            let own = trace.operations.filter { $0.client == client }.map { operation in
                let end = operation.ended ?? trace.end
                return "[\(scale.x(operation.began)),\(scale.x(end)),\"\(text(of: operation))\"]"
            }
            return "[\(own.joined(separator: ","))]"
        }
        return "[\(lanes.joined(separator: ",\n"))]"
    }

    /// In characters that JSON and script elements take as they are.
    private func text(of operation: TraceOperation) -> String {
        let dots = trace.names.dots(operation.dots)
        let outcome: String
        switch operation.outcome {
        case .read: outcome = dots.isEmpty ? "shown nothing" : "shown \(dots)"
        case .written: outcome = "written as \(dots)"
        case .failed: outcome = "failed: \(operation.failure ?? "")"
        case .unknown: outcome = "unknown: its node went away"
        case .open: outcome = "open"
        }
        let kind = operation.kind.rawValue
        return "w\(operation.number) \(kind) \(trace.names.key(operation.key)) at "
            + "\(Names.node(operation.node)), \(outcome)"
    }
}
