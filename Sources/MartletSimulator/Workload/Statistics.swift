// Counts and times of what clients saw, for the report.
internal import MartletBase
internal import MartletWire

/// What the clients of a run saw.
struct Statistics {
    var reads = 0
    var writes = 0
    var answered = 0
    /// Requests that failed, by reason.
    var failures = [Int](repeating: 0, count: FailureKind.allCases.count)
    /// Answering times in microseconds, in the order of answering.
    var latencies: [UInt32] = []
    /// What came of the requests asked in each second since the start of the run.
    private(set) var seconds: [Second] = []

    /// What came of the requests that were asked within one second.
    struct Second {
        var answered = 0
        var failed = 0

        /// The share that was answered; nil when there were none.
        var availability: Double? {
            let all = answered + failed
            return all == 0 ? nil : Double(answered) / Double(all)
        }
    }

    mutating func count(_ kind: FailureKind, asked: Instant) {
        failures[kind.rawValue] += 1
        seconds[second(asked)].failed += 1
    }

    /// An answer without an error, `latency` after it was asked for.
    mutating func answered(after latency: Duration, asked: Instant) {
        answered += 1
        latencies.append(UInt32(clamping: latency.nanoseconds / 1_000))
        seconds[second(asked)].answered += 1
    }

    private mutating func second(_ asked: Instant) -> Int {
        let second = Int(asked.nanoseconds / 1_000_000_000)
        while seconds.count <= second { seconds.append(Second()) }
        return second
    }

    /// The time within which `share` of the answers came; zero when there were none.
    func latency(_ share: Double) -> Duration {
        guard !latencies.isEmpty else { return .zero }
        let sorted = latencies.sorted()
        let index = min(sorted.count - 1, Int(Double(sorted.count) * share))
        return .microseconds(Int(sorted[index]))
    }
}

/// Why a request came to nothing, as its client sees it.
enum FailureKind: Int, CaseIterable {
    case noTopology, invalidOptions, unavailable, timedOut, overloaded, tooLarge
    case tooManySiblings, clockSkew, late, storage, ringChanged
    /// The node does not take connections.
    case refused
    /// The node went away with the request: it may have been carried out.
    case disconnected

    init(_ error: RequestError) {
        self =
            switch error {
            case .noTopology: .noTopology
            case .invalidOptions: .invalidOptions
            case .unavailable: .unavailable
            case .timedOut: .timedOut
            case .overloaded: .overloaded
            case .tooLarge: .tooLarge
            case .tooManySiblings: .tooManySiblings
            case .clockSkew: .clockSkew
            case .late: .late
            case .storage: .storage
            case .ringChanged: .ringChanged
            }
    }

    /// As reports name it.
    var name: String {
        switch self {
        case .noTopology: "no-topology"
        case .invalidOptions: "invalid-options"
        case .unavailable: "unavailable"
        case .timedOut: "timed-out"
        case .overloaded: "overloaded"
        case .tooLarge: "too-large"
        case .tooManySiblings: "too-many-siblings"
        case .clockSkew: "clock-skew"
        case .late: "late"
        case .storage: "storage"
        case .ringChanged: "ring-changed"
        case .refused: "refused"
        case .disconnected: "disconnected"
        }
    }
}
