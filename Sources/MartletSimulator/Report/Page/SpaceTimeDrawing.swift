// The drawing of a space-time diagram: columns for clients and nodes, and a scale of time in which
// what happens close together is told apart and waiting takes little room.
internal import MartletBase

/// Draws one stretch of a key's time.
struct SpaceTimeDrawing {
    let trace: Trace
    let stretch: SpaceTime.Stretch

    private static let top = 34.0
    private static let clientColumn = 330.0
    private static let width = 1_240.0
    /// How far a message that was lost is drawn, as a share of its way.
    private static let lostShare = 0.55

    /// What is drawn alike, as the page's filters name it.
    static let styles = [
        ("read", "read"), ("write", "write"), ("hint", "hint"), ("repair", "repair"),
        ("exchange", "exchange"), ("promise", "promise, settled"), ("removal", "removal"),
        ("reply", "reply"),
    ]

    private struct Mark {
        let at: Instant
        /// The room above it.
        let room: Double
    }

    var svg: String {
        let rows = heights
        let bottom = (rows.last?.y ?? Self.top) + 16
        var parts = columns(bottom)
        parts += gaps(rows)
        for (index, message) in stretch.messages.enumerated() {
            // What is sent to several at once is named once.
            let isNamed = index == 0 || !message.isSent(with: stretch.messages[index - 1])
            parts.append(draw(message, isNamed: isNamed, rows, bottom))
        }
        parts += stretch.removals.map { draw($0, rows) }
        parts += stretch.operations.map { draw($0, rows) }
        let box = "0 0 \(Int(Self.width)) \(Int(bottom + 10))"
        return "<svg class=\"spacetime\" viewBox=\"\(box)\">\(parts.joined())</svg>"
    }

    // MARK: The scale

    /// The height of every instant at which something is drawn, ascending.
    private var heights: [(at: Instant, y: Double)] {
        var marks: [Mark] = []
        for operation in stretch.operations {
            marks.append(Mark(at: operation.began, room: 14))
            if let ended = operation.ended, ended <= stretch.end, ended > operation.began {
                marks.append(Mark(at: ended, room: 14))
            }
        }
        for message in stretch.messages {
            marks.append(Mark(at: message.sent, room: 3))
            if let arrived = message.arrived, arrived <= stretch.end {
                marks.append(Mark(at: arrived, room: 5))
            }
        }
        marks += stretch.removals.map { Mark(at: $0.at, room: 14) }
        marks.sort { $0.at == $1.at ? $0.room > $1.room : $0.at < $1.at }
        var rows: [(at: Instant, y: Double)] = []
        var y = Self.top
        for mark in marks {
            if let last = rows.last {
                if last.at == mark.at { continue }
                let gap = Double(mark.at.since(last.at).nanoseconds) / 1e6
                y += max(mark.room, min(26, gap * 5))
            }
            rows.append((mark.at, y))
        }
        return rows
    }

    private func y(_ at: Instant, _ rows: [(at: Instant, y: Double)]) -> Double {
        rows.last { $0.at <= at }?.y ?? Self.top
    }

    private func x(_ node: Int) -> Double {
        let room = Self.width - Self.clientColumn - 50
        return Self.clientColumn + room * Double(node + 1) / Double(trace.nodeCount)
    }

    // MARK: Parts

    private func columns(_ bottom: Double) -> [String] {
        var parts = [
            "<text x=\"\(Int(Self.clientColumn))\" y=\"16\" class=\"column\">clients</text>",
            line(Self.clientColumn, Self.top - 10, Self.clientColumn, bottom, "life"),
        ]
        for node in 0..<trace.nodeCount {
            let x = x(node)
            parts.append(
                "<text x=\"\(number(x))\" y=\"16\" class=\"column\">\(Names.node(node))</text>")
            parts.append(line(x, Self.top - 10, x, bottom, "life"))
        }
        return parts
    }

    /// Time stamps, as many as there is room for, and a mark across every long wait.
    private func gaps(_ rows: [(at: Instant, y: Double)]) -> [String] {
        var parts: [String] = []
        var labelled = -100.0
        for (index, row) in rows.enumerated() {
            let wait = index == 0 ? Duration.zero : row.at.since(rows[index - 1].at)
            if wait > .milliseconds(20) {
                let y = row.y - 8
                parts.append(line(90, y, Self.width, y, "wait"))
                parts.append(
                    "<text x=\"84\" y=\"\(number(y + 3))\" class=\"stamp gap\">"
                        + "+\(SimulationReport.text(wait))</text>")
                labelled = y
            }
            guard row.y - labelled >= 14 else { continue }
            labelled = row.y
            parts.append(
                "<text x=\"84\" y=\"\(number(row.y + 4))\" class=\"stamp\">"
                    + "\(EventLog.seconds(row.at))s</text>")
        }
        return parts
    }

    private func draw(
        _ message: TraceMessage, isNamed: Bool, _ rows: [(at: Instant, y: Double)],
        _ bottom: Double
    ) -> String {
        let from = (x: x(message.from), y: y(message.sent, rows))
        let way = "\(message.kind.rawValue) " + Names.way((message.from, message.to))
        let sent = "sent \(EventLog.seconds(message.sent))s"
        guard let arrived = message.arrived else {
            let end = (
                x: from.x + (x(message.to) - from.x) * Self.lostShare, y: min(from.y + 14, bottom)
            )
            return "<g class=\"message lost \(Self.style(of: message.kind))\" "
                + "data-tip=\"\(way), \(sent), lost\">" + line(from.x, from.y, end.x, end.y, "")
                + (isNamed ? what(message, from, end) : "")
                + "<text x=\"\(number(end.x))\" y=\"\(number(end.y + 4))\">×</text></g>"
        }
        let to = arrived > stretch.end ? bottom : y(arrived, rows)
        let taken = SimulationReport.text(arrived.since(message.sent))
        return "<g class=\"message \(Self.style(of: message.kind))\" "
            + "data-tip=\"\(way), \(sent), took \(taken)\">"
            + line(from.x, from.y, x(message.to), to, "")
            + (isNamed ? what(message, from, (x(message.to), to)) : "")
            + "<circle cx=\"\(number(x(message.to)))\" cy=\"\(number(to))\" r=\"2.4\"/></g>"
    }

    /// The word of a message that is no part of a request, beside its line.
    private func what(
        _ message: TraceMessage, _ from: (x: Double, y: Double), _ to: (x: Double, y: Double)
    ) -> String {
        switch message.kind {
        case .write, .read, .forward, .stored, .object, .forwardReply: return ""
        case .hint, .repair, .exchange, .comparison, .promise, .settled, .removal: break
        }
        let x = from.x + (to.x - from.x) * 0.3
        let y = from.y + (to.y - from.y) * 0.3 - 3
        return "<text class=\"what\" x=\"\(number(x))\" y=\"\(number(y))\">"
            + "\(message.kind.rawValue)</text>"
    }

    /// A node removes the key.
    private func draw(_ removal: TraceRemoval, _ rows: [(at: Instant, y: Double)]) -> String {
        let (x, y) = (x(removal.node), y(removal.at, rows))
        let text = "\(Names.node(removal.node)) removes the last trace"
        return "<g class=\"message removal\" "
            + "data-tip=\"\(text), \(EventLog.seconds(removal.at))s\">"
            + "<circle cx=\"\(number(x))\" cy=\"\(number(y))\" r=\"4\"/>"
            + "<text class=\"what\" x=\"\(number(x + 8))\" y=\"\(number(y + 4))\">removed</text>"
            + "</g>"
    }

    private static func style(of kind: TraceMessage.Kind) -> String {
        switch kind {
        case .write, .forward: "write"
        case .read: "read"
        case .hint: "hint"
        case .repair: "repair"
        case .exchange: "exchange"
        case .comparison: "exchange comparison"
        case .promise, .settled: "promise"
        case .removal: "removal"
        case .stored, .object, .forwardReply: "reply"
        }
    }

    private func draw(_ operation: TraceOperation, _ rows: [(at: Instant, y: Double)]) -> String {
        let (style, outcome) = outcome(of: operation)
        let begin = y(operation.began, rows)
        let client = operation.client.map { "client \($0 + 1)" } ?? "settling"
        let asked = "\(client): \(operation.kind.rawValue) w\(operation.number)"
        let question = line(Self.clientColumn, begin, x(operation.node), begin, "ask")
        if operation.ended == operation.began {
            return question + label("\(asked), \(outcome)", begin, style)
        }
        var parts = [question, label(asked, begin, "ask")]
        if let ended = operation.ended, ended <= stretch.end {
            let end = y(ended, rows)
            parts.append(line(x(operation.node), end, Self.clientColumn, end, "answer \(style)"))
            parts.append(label("w\(operation.number) \(outcome)", end, style))
        }
        return parts.joined()
    }

    private func outcome(of operation: TraceOperation) -> (style: String, text: String) {
        let dots = trace.names.dots(operation.dots)
        switch operation.outcome {
        case .read: return ("read", dots.isEmpty ? "shown nothing" : "shown \(dots)")
        case .written: return ("write", "written as \(dots)")
        case .failed: return ("bad", operation.failure ?? "failed")
        case .unknown: return ("unsure", "unknown")
        case .open: return ("unsure", "open")
        }
    }

    private func label(_ text: String, _ y: Double, _ style: String) -> String {
        let shown = text.count > 34 ? text.prefix(33) + "…" : text[...]
        return "<text x=\"\(Int(Self.clientColumn) - 8)\" y=\"\(number(y + 4))\" "
            + "class=\"label \(style)\">\(MarkupText.escaped(shown))</text>"
    }

    private func line(
        _ x1: Double, _ y1: Double, _ x2: Double, _ y2: Double, _ style: String
    ) -> String {
        "<path class=\"\(style)\" d=\"M\(number(x1)) \(number(y1))L\(number(x2)) \(number(y2))\"/>"
    }

    private func number(_ value: Double) -> String { TimeScale.number(value) }
}
