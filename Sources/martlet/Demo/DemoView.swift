// The live view of a demo: lines from what was read of each node. No terminal, no clock.

/// What was last learnt of one node.
struct DemoReading: Hashable, Sendable {
    /// Its name.
    var name: String
    /// Its process; nil when it does not run.
    var pid: Int32?
    /// What the demo knows of the process.
    var condition: DemoSupervisor.Condition
    /// What the other nodes believe of it; nil when none answers.
    var believed: String?
    /// What it told of itself; nil when it does not answer.
    var figures: Figures?

    /// Figures of a node that answers.
    struct Figures: Hashable, Sendable {
        /// Whether it has the ring, and so can serve.
        var hasRing: Bool
        /// Requests since its start.
        var requests: UInt64
        /// Keys that it holds.
        var keys: Int64
        /// Hints that it keeps for others.
        var hints: Int

        /// A node's figures.
        init(hasRing: Bool, requests: UInt64, keys: Int64, hints: Int) {
            self.hasRing = hasRing
            self.requests = requests
            self.keys = keys
            self.hints = hints
        }
    }

    /// A reading of these parts.
    init(
        name: String, pid: Int32?, condition: DemoSupervisor.Condition, believed: String?,
        figures: Figures?
    ) {
        self.name = name
        self.pid = pid
        self.condition = condition
        self.believed = believed
        self.figures = figures
    }

    /// What the node is doing, in a few words; `hasAnswered` when its process has answered before.
    func state(at now: Duration, hasAnswered: Bool) -> String {
        switch condition {
        case .waiting(let until):
            let seconds = max(1, Int(((until - now) / .seconds(1)).rounded(.up)))
            return "down, back in \(seconds) s"
        case .stopping: return "stopping"
        case .running:
            guard let figures else { return hasAnswered ? "not answering" : "starting" }
            return figures.hasRing ? "serving" : "joining"
        }
    }
}

/// The view, with what it needs to remember between two drawings.
struct DemoView: Sendable {
    private var previous: [DemoReading] = []
    private var readAt = Duration.zero
    /// The processes that have answered once.
    private var answered: Set<Int32> = []

    /// A view of nothing yet.
    init() {}

    /// The table of `readings`, with rates since the last call.
    mutating func lines(_ readings: [DemoReading], at now: Duration) -> [String] {
        var table = TextTable([
            ("node", .left), ("pid", .right), ("state", .left), ("seen as", .left),
            ("ops/s", .right), ("keys", .right), ("hints", .right),
        ])
        note(readings)
        for reading in readings {
            table.add([
                reading.name, reading.pid.map { "\($0)" } ?? "-", state(of: reading, at: now),
                reading.believed ?? "-", rate(reading, at: now),
                reading.figures.map { "\($0.keys)" } ?? "-",
                reading.figures.map { "\($0.hints)" } ?? "-",
            ])
        }
        previous = readings
        readAt = now
        return table.lines
    }

    /// What changed since the last call, one line for each node that is in another state; all of
    /// them at the first.
    mutating func changes(_ readings: [DemoReading], at now: Duration) -> [String] {
        note(readings)
        let before = Dictionary(uniqueKeysWithValues: previous.map { ($0.name, $0) })
        defer {
            previous = readings
            readAt = now
        }
        return readings.compactMap { reading in
            let old = before[reading.name]
            let isSame =
                old.map {
                    word($0) == word(reading) && $0.believed == reading.believed
                        && $0.pid == reading.pid
                        && ($0.figures?.hints ?? 0 > 0) == (reading.figures?.hints ?? 0 > 0)
                } ?? false
            if isSame { return nil }
            var line = "\(reading.name) is \(state(of: reading, at: now))"
            if let pid = reading.pid { line += ", pid \(pid)" }
            if let believed = reading.believed { line += ", seen as \(believed)" }
            if let hints = reading.figures?.hints, hints > 0 { line += ", \(hints) hints pending" }
            return line
        }
    }

    /// Keeps which of the processes that run have answered.
    private mutating func note(_ readings: [DemoReading]) {
        answered = Set(
            readings.compactMap { reading in
                reading.pid.flatMap {
                    reading.figures != nil || answered.contains($0) ? $0 : nil
                }
            })
    }

    private func state(of reading: DemoReading, at now: Duration) -> String {
        reading.state(at: now, hasAnswered: reading.pid.map(answered.contains) ?? false)
    }

    /// The state without what counts down.
    private func word(_ reading: DemoReading) -> String {
        if case .waiting = reading.condition { return "down" }
        return state(of: reading, at: .zero)
    }

    private func rate(_ reading: DemoReading, at now: Duration) -> String {
        guard let figures = reading.figures,
            let old = previous.first(where: { $0.name == reading.name }), old.pid == reading.pid,
            let oldFigures = old.figures, figures.requests >= oldFigures.requests, now > readAt
        else { return "-" }
        let seconds = (now - readAt) / .seconds(1)
        return decimal(Double(figures.requests - oldFigures.requests) / seconds, 0)
    }
}
