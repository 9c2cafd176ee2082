// The report as a terminal shows it: the verdict first, then what led to it.
internal import MartletBase

extension SimulationReport: CustomStringConvertible {
    /// Several lines, without colour; a function of scenario and seed.
    package var description: String { text(wall: nil, command: nil) }

    /// The report with what is not part of it: how long the run took on the wall, and the command
    /// that repeats it.
    package func text(wall: Duration?, command: String?) -> String {
        var lines = ["\(scenario) seed \(seed): \(headline)"]
        if let witness { lines.append("  witness     \(witness)") }
        lines.append("  cluster     \(cluster)")
        if let unrestBegan {
            lines.append(
                "  unrest      clients and faults from \(Self.text(unrestBegan)) to "
                    + "\(Self.text(healed ?? simulatedTime)), since the run's start as all times")
        }
        for (index, fault) in listedFaults.enumerated() {
            lines.append("  \(index == 0 ? "faults    " : "          ")  \(fault)")
        }
        if !leftOut.isEmpty { lines.append("  without     " + leftOut.joined(separator: ", ")) }
        if let core {
            let outcome = coreSettledAfter.map { "settled after \(Self.text($0))" }
            lines.append("  left alone  \(core): \(outcome ?? "not settled")")
        }
        lines += [
            "  requests    \(operations.reads) reads, \(operations.writes) writes, "
                + "\(Self.percent(availability)) answered, median \(Self.text(latency.median)), "
                + "p99 \(Self.text(latency.p99))",
            "  each second \(Self.percent(availabilitySpread.median)) answered in half of them, "
                + "\(Self.percent(availabilitySpread.tenth)) in the worst tenth, "
                + "\(Self.percent(availabilitySpread.least)) in the worst",
            "  staleness   \(stalenessText)",
            "  failures    \(failureText)",
            "  hints       \(hints.kept) kept, \(hints.delivered) delivered, \(hints.lost) lost "
                + "unsynced, \(hints.pending) pending",
            "  occurred    \(occurrenceText)",
            "  settled     \(settlingText)",
            "  simulated   \(Self.text(simulatedTime)) in \(events) events, log hash \(hashText)",
        ]
        if let wall { lines.append("  took        \(speedText(wall))") }
        if let command { lines.append("  again       \(command)") }
        return lines.joined(separator: "\n")
    }

    /// The log's hash, in sixteen hexadecimal digits.
    package var hashText: String { EventLog.hexadecimal(logHash) }

    /// The verdict in one line.
    var headline: String {
        switch verdict {
        case .passed: return "passed"
        case .failed(let promise):
            let at = brokenAt.map { " at \(Self.text($0))" } ?? ""
            return "FAILED\(at): broken promise \"\(promise.rawValue)\""
        case .vacuous(let missing):
            return "vacuous: no " + missing.map(\.name).joined(separator: ", no ")
        }
    }

    private var stalenessText: String {
        if staleness.staleReads == 0 { return "none of \(staleness.reads) reads was behind" }
        let age = staleness.age
        return "\(staleness.staleReads) of \(staleness.reads) reads were behind, at most "
            + "\(staleness.missed.most) writes; the newest missed was \(Self.text(age.p99)) old at "
            + "p99, \(Self.text(age.p999)) at p99.9, \(Self.text(age.most)) at most"
    }

    private func speedText(_ wall: Duration) -> String {
        let seconds = max(Double(wall.nanoseconds), 1) / 1e9
        let ratio = Double(simulatedTime.nanoseconds) / 1e9 / seconds
        return "\(Self.text(wall)): \(Int(ratio.rounded())) simulated seconds and "
            + "\(Int((Double(events) / seconds).rounded())) events a second"
    }

    private var failureText: String {
        failures.isEmpty
            ? "none" : failures.map { "\($0.count) \($0.reason)" }.joined(separator: ", ")
    }

    private var occurrenceText: String {
        let shown = occurrences.filter { $0.count > 0 }
        return shown.isEmpty
            ? "nothing"
            : shown.map { "\($0.occurrence.name) \($0.count)" }.joined(separator: ", ")
    }

    /// How the run ended, in one line.
    var settlingText: String {
        guard let settledAfter else { return "no" }
        let drained = hintsDrainedAfter.map { "hints gone after \(Self.text($0))" }
        let equal =
            convergedWithHints
            ? "all replicas equal by then"
            : "all replicas equal after \(Self.text(settledAfter))"
        return "\(drained ?? "hints left at the bound"), \(equal)"
    }

    static func percent(_ share: Double) -> String {
        let hundredths = Int((share * 10_000).rounded())
        let rest = hundredths % 100
        return "\(hundredths / 100).\(rest < 10 ? "0" : "")\(rest)%"
    }

    static func text(_ duration: Duration) -> String {
        let micros = duration.nanoseconds / 1_000
        return micros < 1_000_000
            ? "\(Double(micros / 10) / 100)ms" : "\(Double(micros / 10_000) / 100)s"
    }
}
