// The page of one run: a single HTML file that needs nothing else. Each part is a file beside this
// one; all of them share one axis of virtual time.
//
//     header   verdict, command, figures          Page+Beliefs   who believes whom to be what
//     Page+Lanes   faults, nodes, clients         Page+Curves    hints, differences, latency …
//     SpaceTime    the messages of one key        Page+Header    the rest
internal import MartletBase

extension SimulationReport {
    /// The run as one self-contained HTML page; `command` repeats it.
    package func page(_ trace: Trace, command: String) -> String {
        Page(report: self, trace: trace, command: command).html
    }
}

/// One run, to be drawn.
struct Page {
    let report: SimulationReport
    let trace: Trace
    let command: String

    var html: String {
        let scale = TimeScale(end: trace.end)
        let title = MarkupText.escaped("\(report.scenario) seed \(report.seed)")
        return [
            "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">",
            "<meta name=\"viewport\" content=\"width=device-width\">",
            "<title>\(title)</title>",
            "<style>\n\(PageStyle.text)\n\(PageStyle.tracks)\n</style>\n</head>",
            "<body data-end=\"\(scale.width)\" style=\"--t0:0;--span:\(scale.width)\">",
            header, broken,
            "<main id=\"tracks\">", axis, faultRows, nodeRows, clientRows, curveRows, beliefRows,
            "</main>",
            SpaceTime(trace: trace, witness: report.witness).section, occurrences,
            "<div id=\"tip\" hidden></div>\n<svg class=\"defs\">\(bands)</svg>",
            "<script type=\"application/json\" id=\"operations\">\(operationData)</script>",
            "<script>\n\(PageScript.text)\n</script>\n</body>\n</html>\n",
        ].joined(separator: "\n")
    }

    // MARK: Rows

    /// A heading with the meanings of its colours.
    func heading(_ title: String, _ note: String, keys: [(style: String, text: String)]) -> String {
        let chips = keys.map { "<span class=\"chip \($0.style)\">\($0.text)</span>" }.joined()
        return "<div class=\"heading\"><h2>\(title)</h2><p>\(note)</p>\(chips)</div>"
    }

    /// One line along the axis: its name, then what `drawing` shows in 100 units of height.
    func row(
        _ name: String, _ side: String = "", height: Int, style: String = "", data: String = "",
        _ drawing: String
    ) -> String {
        """
        <div class="row \(style)"><div class="name"><b>\(MarkupText.escaped(name))</b>\
        <i>\(MarkupText.escaped(side))</i></div><div class="track" style="height:\(height)px"\
        \(data)><svg viewBox="\(TimeScale(end: trace.end).box)" preserveAspectRatio="none">\
        <use href="#bands"/>\(drawing)</svg></div></div>
        """
    }

    private var axis: String {
        let scale = TimeScale(end: trace.end)
        var phases = [(Instant.start, trace.unrest ?? trace.end, "start")]
        if let unrest = trace.unrest {
            phases.append((unrest, trace.healing ?? trace.end, "clients and faults"))
        }
        if let healing = trace.healing { phases.append((healing, trace.end, "settling")) }
        let bars = phases.map { begin, end, name in
            "<span class=\"phase\" style=\"\(scale.style(begin, end))\">\(name)</span>"
        }
        return """
            <div class="row axis" data-tip="seconds since the run's start; drag over any row to \
            zoom, double click to see all">\
            <div class="name"><b>time</b><i>drag to zoom</i></div>\
            <div class="track"><div class="phases">\(bars.joined())</div><div id="ticks"></div>\
            </div></div>
            """
    }

    /// What lies behind every row: faults, and where the phases meet.
    private var bands: String {
        let scale = TimeScale(end: trace.end)
        var marks = trace.faults.map {
            "<rect class=\"band\" \(scale.span($0.begin, $0.end)) y=\"0\" height=\"100\"/>"
        }
        for at in [trace.unrest, trace.healing].compactMap(\.self) {
            marks.append("<path class=\"border\" d=\"M\(scale.x(at)) 0v100\"/>")
        }
        if let violation = trace.violation {
            marks.append("<path class=\"breach\" d=\"M\(scale.x(violation.at)) 0v100\"/>")
        }
        return "<g id=\"bands\">\(marks.joined())</g>"
    }
}

/// Virtual time as the drawings count it: in milliseconds.
struct TimeScale {
    let end: Instant

    var width: String { x(end) }
    var box: String { "0 0 \(width) 100" }

    func x(_ at: Instant) -> String { Self.number(Double(at.nanoseconds) / 1e6) }

    func span(_ begin: Instant, _ end: Instant) -> String {
        "x=\"\(x(begin))\" width=\"\(Self.number(Double(end.since(begin).nanoseconds) / 1e6))\""
    }

    func style(_ begin: Instant, _ end: Instant) -> String { "--a:\(x(begin));--b:\(x(end))" }

    /// With two decimals at the most.
    static func number(_ value: Double) -> String {
        let rounded = (value * 100).rounded() / 100
        return rounded == rounded.rounded() ? "\(Int(rounded))" : "\(rounded)"
    }
}
