// Curves over time: what is owed, what differs, and what clients had of it.
internal import Foundation
internal import MartletBase

extension Page {
    private static let window = Duration.milliseconds(500)

    var curveRows: String {
        let hints = trace.samples.map { ($0.at, $0.hints.reduce(0, +)) }
        let differing = trace.samples.map { ($0.at, $0.differing) }
        return heading(
            "Curves", "hints and keys every 250 ms; requests by half seconds of their asking",
            keys: [
                ("k-hint", "hints"), ("k-differ", "keys that differ"), ("k-bad", "not answered"),
                ("k-ink", "median"), ("k-reply", "p99"),
            ])
            + [
                count("hints kept", hints, style: "hints"),
                count("keys that differ", differing, style: "differ"),
                availability, latency,
            ].joined(separator: "\n")
    }

    private func count(_ name: String, _ points: [(at: Instant, count: Int)], style: String)
        -> String
    {
        let most = points.map(\.count).max() ?? 0
        if most == 0 { return "" }
        let heights = points.map { ($0.at, Double($0.count) / Double(most) * 92) }
        return row(
            name, "up to \(most)", height: 52,
            "<path class=\"\(style)\" d=\"\(area(heights))\"/>")
    }

    private struct Window {
        var at: Instant
        var failed = 0
        var latencies: [Double] = []

        func quantile(_ share: Double) -> Double? {
            let sorted = latencies.sorted()
            return sorted.isEmpty
                ? nil : sorted[min(sorted.count - 1, Int(Double(sorted.count) * share))]
        }
    }

    private var windows: [Window] {
        let width = Self.window.nanoseconds
        var windows = (0...Int(trace.end.nanoseconds / width)).map {
            Window(at: Instant(nanoseconds: UInt64($0) * width))
        }
        for operation in trace.operations where operation.client != nil {
            let index = Int(operation.began.nanoseconds / width)
            switch operation.outcome {
            case .read, .written:
                guard let ended = operation.ended else { continue }
                let taken = ended.since(operation.began).nanoseconds
                windows[index].latencies.append(Double(taken) / 1e6)
            case .failed, .unknown: windows[index].failed += 1
            case .open: continue
            }
        }
        for refusal in trace.refusals { windows[Int(refusal.at.nanoseconds / width)].failed += 1 }
        return windows
    }

    private var availability: String {
        let shares = windows.map { window in
            let all = window.failed + window.latencies.count
            return (window.at, all == 0 ? 0 : Double(window.failed) / Double(all))
        }
        let most = shares.map(\.1).max() ?? 0
        if most == 0 { return "" }
        return row(
            "not answered", "up to \(Int((most * 100).rounded(.up)))%", height: 40,
            "<path class=\"failed\" d=\"\(area(shares.map { ($0.0, $0.1 * 96) }))\"/>")
    }

    /// Latencies on a logarithmic scale, 0.1 ms to 10 s.
    private var latency: String {
        func line(_ share: Double) -> String {
            var path = ""
            for window in windows {
                guard let value = window.quantile(share) else { continue }
                let decades = log10(min(max(value, 0.1), 10_000)) + 1
                let begin = TimeScale(end: trace.end).x(window.at)
                let width = TimeScale.number(Double(Self.window.nanoseconds) / 1e6)
                path += "M\(begin) \(TimeScale.number(98 - decades / 5 * 96))h\(width)"
            }
            return path
        }
        let grid = (1..<5).map { "M0 \(TimeScale.number(98 - Double($0) / 5 * 96))H100000000" }
        return row(
            "latency", "0.1 ms to 10 s, log", height: 70,
            "<path class=\"grid\" d=\"\(grid.joined())\"/>"
                + "<path class=\"line p99\" d=\"\(line(0.99))\"/>"
                + "<path class=\"line median\" d=\"\(line(0.5))\"/>")
    }
}
