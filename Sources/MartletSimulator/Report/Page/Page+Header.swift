// The top and the bottom of a page: the verdict and its figures, the broken promise, what occurred.
internal import MartletBase

extension Page {
    var header: String {
        let verdict = report.verdict.name
        let about = trace.scenario?.description ?? ""
        return """
            <header><div class="title"><span class="verdict \(verdict)">\(verdict)</span>\
            <h1>\(MarkupText.escaped(report.scenario))</h1>\
            <span class="seed">seed \(report.seed)</span></div>
            <p class="about">\(MarkupText.escaped(about))</p>
            <p class="command"><code>\(MarkupText.escaped(command))</code></p>
            <div class="figures">\(figures)</div></header>
            """
    }

    private var figures: String {
        let stale = report.staleness
        let spread = report.availabilitySpread
        let all: [(name: String, value: String, note: String)] = [
            (
                "answered", SimulationReport.percent(report.availability),
                "worst second \(SimulationReport.percent(spread.least))"
            ),
            (
                "latency", SimulationReport.text(report.latency.median),
                "p99 \(SimulationReport.text(report.latency.p99))"
            ),
            (
                "stale reads", "\(stale.staleReads)",
                stale.staleReads == 0
                    ? "of \(stale.reads)"
                    : "of \(stale.reads); p99.9 \(SimulationReport.text(stale.age.p999)) old"
            ),
            (
                "hints", "\(report.hints.kept)",
                "\(report.hints.delivered) delivered, \(report.hints.pending) pending"
            ),
            (
                "settled", report.settledAfter.map(SimulationReport.text) ?? "no",
                report.settledAfter == nil
                    ? "the run ended unsettled"
                    : report.convergedWithHints ? "by the end of the hints" : "by exchanges"
            ),
            (
                "simulated", SimulationReport.text(report.simulatedTime),
                "\(report.events) events, log hash \(report.hashText)"
            ),
        ]
        return all.map {
            "<div><b>\($0.name)</b><strong>\($0.value)</strong><i>\($0.note)</i></div>"
        }.joined()
    }

    var broken: String {
        switch report.verdict {
        case .passed: return ""
        case .failed(let promise):
            let at = report.brokenAt.map { " at \(SimulationReport.text($0))" } ?? ""
            return """
                <section class="broken"><h2>Broken promise\(at): \
                \(MarkupText.escaped(promise.rawValue))</h2>
                <p>\(MarkupText.escaped(report.witness ?? ""))</p>\(following)</section>
                """
        case .vacuous:
            return """
                <section class="hollow"><h2>Nothing shown</h2>
                <p>\(MarkupText.escaped(report.headline))</p></section>
                """
        }
    }

    /// The faults that were still to come, where they are asked for.
    private var following: String {
        let end = report.brokenAt ?? report.simulatedTime
        let faults = report.listedFaults.filter { $0.at > end }
        if faults.isEmpty { return "" }
        let items = faults.map { "<li>\(MarkupText.escaped($0.description))</li>" }
        return "<h3>Still to come</h3><ul>\(items.joined())</ul>"
    }

    var occurrences: String {
        let seen = report.occurrences.filter { $0.count > 0 }.map {
            ($0.occurrence.name, "\($0.count)")
        }
        let failures = report.failures.map { ($0.reason, "\($0.count)") }
        let requests = [
            ("reads", "\(report.operations.reads)"), ("writes", "\(report.operations.writes)"),
            ("answered", "\(report.operations.answered)"),
        ]
        return """
            <section class="tables"><h2>What occurred</h2><div>\(table("events", seen))\
            \(table("requests", requests))\(table("failures", failures))</div></section>
            """
    }

    private func table(_ title: String, _ rows: [(String, String)]) -> String {
        if rows.isEmpty { return "<div><h3>\(title)</h3><p>none</p></div>" }
        let cells = rows.map {
            "<li><span>\(MarkupText.escaped($0.0))</span><b>\($0.1)</b></li>"
        }
        return "<div><h3>\(title)</h3><ul>\(cells.joined())</ul></div>"
    }
}
