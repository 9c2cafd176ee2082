// How much background work may be under way at a node that has foreground work to do: as much as
// its answers stay quick under.

/// A window that grows by one with each quick answer and halves with each slow one, and a patience
/// that follows how long answers take and doubles when none comes (Jacobson, "Congestion avoidance
/// and control", 1988). A home whose disk is slow says late that it has what it was sent: were it
/// always given up before, the same would be sent for ever.
struct AdaptiveWindow {
    /// The shortest and the longest time that an answer is waited for.
    static let patienceRange = Duration.seconds(2)...Duration.seconds(60)
    /// How many times as long as the last answers took the next is waited for.
    private static let patienceFactor = 4

    private let limit: Int
    private let latencyTarget: Duration
    /// How many may be under way; at least 1.
    private(set) var size: Int
    /// How long an answer is waited for.
    private(set) var patience = Self.patienceRange.lowerBound

    init(_ options: ReplicationOptions) {
        limit = options.hintWindowLimit
        latencyTarget = options.hintLatencyTarget
        size = max(1, limit / 4)
    }

    /// Takes in how long an answer took that was to `count` of them.
    mutating func observe(_ duration: Duration, count: Int = 1) {
        if duration > latencyTarget { shrink() } else { size = min(size + count, limit) }
        let enough = duration * Self.patienceFactor
        // Up at once, down by eighths: few quick answers among slow ones say little.
        wait(enough > patience ? enough : patience - (patience - enough) / 8)
    }

    /// No answer came in time.
    mutating func overdue() {
        shrink()
        wait(patience * 2)
    }

    private mutating func shrink() { size = max(1, size / 2) }

    private mutating func wait(_ duration: Duration) {
        let range = Self.patienceRange
        patience = min(max(duration, range.lowerBound), range.upperBound)
    }
}
