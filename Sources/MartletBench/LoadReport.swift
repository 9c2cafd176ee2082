// What redis-benchmark prints with --csv, read. No IO.
//
//     "test","rps",…,"p50_latency_ms",…,"p99_latency_ms",…     one heading, since 6.2
//     "SET","28901.73",…                                       one line for each test
//     Error from server: …                                     a line now and then, when there are
internal import MartletLocal

/// What one measurement of the load told.
struct LoadReport: Hashable, Sendable {
    /// Requests answered in a second.
    var requestsPerSecond: Double
    /// The latency that half of the requests stayed within, in milliseconds.
    var p50Milliseconds: Double
    /// The latency that 99 of 100 requests stayed within, in milliseconds.
    var p99Milliseconds: Double

    /// The report with these.
    init(requestsPerSecond: Double, p50Milliseconds: Double, p99Milliseconds: Double) {
        self.requestsPerSecond = requestsPerSecond
        self.p50Milliseconds = p50Milliseconds
        self.p99Milliseconds = p99Milliseconds
    }

    /// Reads the output of one test. A load with errors is no measurement.
    init(csv: String) throws(LocalFailure) {
        let lines = csv.split(separator: "\n")
        if let line = lines.first(where: { $0.hasPrefix("Error") }) {
            throw LocalFailure("the load got errors, so nothing was measured: \(line)")
        }
        let rows = lines.filter { $0.hasPrefix("\"") }.map(Self.cells)
        guard let heading = rows.first, heading.first == "test" else {
            throw LocalFailure(
                "redis-benchmark's answer has no heading: version 6.2 or later is needed; it said: "
                    + (lines.last.map(String.init) ?? "nothing"))
        }
        guard rows.count == 2, rows[1].count == heading.count else {
            throw LocalFailure("redis-benchmark's answer has \(rows.count - 1) results, not one")
        }
        let values = rows[1]
        func number(_ column: String) throws(LocalFailure) -> Double {
            guard let index = heading.firstIndex(of: column), let number = Double(values[index]),
                number.isFinite, number >= 0
            else { throw LocalFailure("redis-benchmark's answer has no \(column)") }
            return number
        }
        requestsPerSecond = try number("rps")
        p50Milliseconds = try number("p50_latency_ms")
        p99Milliseconds = try number("p99_latency_ms")
    }

    private static func cells(_ line: Substring) -> [String] {
        line.split(separator: ",", omittingEmptySubsequences: false).map { cell in
            String(cell.drop { $0 == "\"" }.prefix { $0 != "\"" })
        }
    }
}
