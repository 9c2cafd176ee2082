// How much background work may be under way at a node that has foreground work to do: as much as
// its answers stay quick under.

/// A window that grows by one with each quick answer and halves with each slow one (Jacobson,
/// "Congestion avoidance and control", 1988).
struct AdaptiveWindow {
    private let limit: Int
    private let latencyTarget: Duration
    /// How many may be under way; at least 1.
    private(set) var size: Int

    init(_ options: ReplicationOptions) {
        limit = options.hintWindowLimit
        latencyTarget = options.hintLatencyTarget
        size = max(1, limit / 4)
    }

    /// Takes in how long an answer took that was to `count` of them.
    mutating func observe(_ duration: Duration, count: Int = 1) {
        if duration > latencyTarget { shrink() } else { size = min(size + count, limit) }
    }

    mutating func shrink() { size = max(1, size / 2) }
}
