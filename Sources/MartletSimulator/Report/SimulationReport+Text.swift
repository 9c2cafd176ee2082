// The report as a terminal shows it: the verdict first, then what led to it.
internal import MartletBase

extension SimulationReport: CustomStringConvertible {
    /// Several lines, without colour.
    package var description: String {
        var lines = ["\(scenario) seed \(seed): \(headline)"]
        if let witness { lines.append("  witness     \(witness)") }
        for (index, fault) in faults.enumerated() {
            lines.append("  \(index == 0 ? "faults    " : "          ")  \(fault)")
        }
        lines += [
            "  requests    \(operations.reads) reads, \(operations.writes) writes, "
                + "\(Self.percent(availability)) answered, median \(Self.text(latency.median)), "
                + "p99 \(Self.text(latency.p99))",
            "  failures    \(failureText)",
            "  hints       \(hints.kept) kept, \(hints.delivered) delivered, \(hints.lost) lost "
                + "unsynced, \(hints.pending) pending",
            "  occurred    \(occurrenceText)",
            "  settled     \(settlingText)",
            "  simulated   \(Self.text(simulatedTime)) in \(events) events, log hash \(hashText)",
        ]
        return lines.joined(separator: "\n")
    }

    /// The log's hash, in sixteen hexadecimal digits.
    package var hashText: String {
        let digits = String(logHash, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }

    private var headline: String {
        switch verdict {
        case .passed: return "passed"
        case .failed(let promise):
            let at = brokenAt.map { " at \(Self.text($0))" } ?? ""
            return "FAILED\(at): broken promise \"\(promise.rawValue)\""
        case .vacuous(let missing):
            return "vacuous: no " + missing.map(\.rawValue).joined(separator: ", no ")
        }
    }

    private var failureText: String {
        failures.isEmpty
            ? "none" : failures.map { "\($0.count) \($0.reason)" }.joined(separator: ", ")
    }

    private var occurrenceText: String {
        let shown = occurrences.filter { $0.count > 0 }
        return shown.isEmpty
            ? "nothing"
            : shown.map { "\($0.occurrence.rawValue) \($0.count)" }.joined(separator: ", ")
    }

    private var settlingText: String {
        guard let settledAfter else { return "no" }
        let drained = hintsDrainedAfter.map { "hints gone after \(Self.text($0))" }
        let equal =
            convergedByHintsAlone
            ? "all replicas equal by hints alone"
            : "all replicas equal after \(Self.text(settledAfter)), with reads of every key"
        return "\(drained ?? "hints left at the bound"), \(equal)"
    }

    private static func percent(_ share: Double) -> String {
        let hundredths = Int((share * 10_000).rounded())
        let rest = hundredths % 100
        return "\(hundredths / 100).\(rest < 10 ? "0" : "")\(rest)%"
    }

    private static func text(_ duration: Duration) -> String {
        let micros = duration.nanoseconds / 1_000
        return micros < 1_000_000
            ? "\(Double(micros / 10) / 100)ms" : "\(Double(micros / 10_000) / 100)s"
    }
}
