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

    /// Nanoseconds.
    var expected: Double { mean }

    /// How long to wait before doubting the peer, held within `range`.
    func hedgeDelay(within range: ClosedRange<Duration>) -> Duration {
        let estimate = Duration.nanoseconds(Int64(mean + 4 * deviation))
        return min(max(estimate, range.lowerBound), range.upperBound)
    }
}

/// The other nodes as replication sees them: whether they can be sent to, and how quick they are.
/// Sorted by id; every look-up is a binary search.
struct Peers {
    private struct Standing {
        var node: NodeID
        var isReachable = false
        /// Into how many shards it is divided, as far as it has said.
        var shardCount = 1
        var latency = PeerLatency()
        /// What its monotonic clock showed, and when that came; nil where it has not told since
        /// the link to it was made.
        var clock: (shown: Instant, at: Instant)?
        /// The latest epoch that it was told of, or asked about, since the link was made.
        var toldOf: UInt64 = 0
    }

    /// How long what a clock showed is of use.
    private static let clockLifetime = Duration.seconds(60)

    private var all: [Standing] = []

    func isReachable(_ node: NodeID) -> Bool {
        let index = position(of: node)
        return holds(node, at: index) && all[index].isReachable
    }

    /// Of how many shards `node` is; 1 where it was never reached.
    func shardCount(of node: NodeID) -> Int {
        let index = position(of: node)
        return holds(node, at: index) ? all[index].shardCount : 1
    }

    /// Returns whether that changes anything.
    mutating func setReachable(_ node: NodeID, of shardCount: Int, _ isReachable: Bool) -> Bool {
        let index = index(of: node)
        all[index].shardCount = shardCount
        guard all[index].isReachable != isReachable else { return false }
        all[index].isReachable = isReachable
        all[index].clock = nil
        all[index].toldOf = 0
        return true
    }

    /// The monotonic clock of `node` showed `shown` before now.
    mutating func heard(_ shown: Instant, of node: NodeID, at now: Instant) {
        let index = position(of: node)
        if holds(node, at: index), all[index].isReachable { all[index].clock = (shown, now) }
    }

    /// What the monotonic clock of `node` shows now, at the least; nil when that is not known.
    func clock(of node: NodeID, at now: Instant) -> Instant? {
        let index = position(of: node)
        guard holds(node, at: index), let clock = all[index].clock else { return nil }
        let elapsed = now.since(clock.at)
        // Two clocks that are being set right part by a thousandth at the most.
        return elapsed <= Self.clockLifetime ? clock.shown + (elapsed - elapsed / 1_000) : nil
    }

    /// Whether `node` was not told of the ring of `epoch`, or asked for it, over this link: now it
    /// is.
    mutating func mayTell(_ node: NodeID, of epoch: UInt64) -> Bool {
        let index = position(of: node)
        guard holds(node, at: index), all[index].isReachable, all[index].toldOf < epoch else {
            return false
        }
        all[index].toldOf = epoch
        return true
    }

    mutating func observe(_ node: NodeID, took duration: Duration) {
        all[index(of: node)].latency.observe(duration)
    }

    /// Nanoseconds that an answer of `node` is expected to take; 0 when it was never heard from,
    /// so that it is.
    func expected(of node: NodeID) -> Double {
        let index = position(of: node)
        return holds(node, at: index) ? all[index].latency.expected : 0
    }

    func hedgeDelay(of node: NodeID, within range: ClosedRange<Duration>) -> Duration {
        let index = position(of: node)
        return holds(node, at: index)
            ? all[index].latency.hedgeDelay(within: range) : range.lowerBound
    }

    private mutating func index(of node: NodeID) -> Int {
        let index = position(of: node)
        if !holds(node, at: index) { all.insert(Standing(node: node), at: index) }
        return index
    }

    private func holds(_ node: NodeID, at index: Int) -> Bool {
        index < all.count && all[index].node == node
    }

    private func position(of node: NodeID) -> Int {
        all.partitionIndex { $0.node < node }
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
