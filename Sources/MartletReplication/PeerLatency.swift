// How quick the other nodes have been lately, and how often that may be taken as a reason to ask
// somebody else.
internal import MartletBase

/// A running estimate of one peer's answering time: mean and deviation by exponential averages, as
/// TCP estimates its round trip (Jacobson, 1988).
struct PeerLatency {
    private var mean: Double = 0
    private var deviation: Double = 0
    private var isEmpty = true

    /// Takes one answering time into account.
    mutating func observe(_ duration: Duration) {
        let sample = Double(duration.nanoseconds)
        if isEmpty {
            isEmpty = false
            mean = sample
            deviation = sample / 2
        } else {
            deviation += (abs(sample - mean) - deviation) / 4
            mean += (sample - mean) / 8
        }
    }

    /// Nanoseconds: what to sort peers by. A peer never heard from comes first, so that it is.
    var expected: Double { mean }

    /// How long to wait before doubting the peer, held within `range`.
    func hedgeDelay(within range: ClosedRange<Duration>) -> Duration {
        let estimate = Duration.nanoseconds(Int64(mean + 4 * deviation))
        return min(max(estimate, range.lowerBound), range.upperBound)
    }
}

/// A token bucket that requests fill and hedges drain: hedges stay a share of the requests however
/// slow everything gets (Dean and Barroso, "The tail at scale", 2013).
struct HedgeBudget {
    /// The most hedges that can be saved up.
    static let savingsLimit = 100.0

    private let share: Double
    private var tokens = Self.savingsLimit

    init(share: Double) {
        self.share = share
    }

    mutating func requestBegan() {
        tokens = min(tokens + share, Self.savingsLimit)
    }

    /// Takes one hedge out, if there is one left.
    mutating func spend() -> Bool {
        guard tokens >= 1 else { return false }
        tokens -= 1
        return true
    }
}
