// The knobs of deciding a ring, each with its unit, its range and what it trades. None of them has
// a part in safety.

/// How patiently a node has its proposal decided.
public struct ConsensusOptions: Hashable, Sendable {
    /// How long a proposal is tried before its operator is told that it failed: 1 s ... 10 min.
    /// Longer outlasts restarts and partitions; shorter tells sooner.
    public var patience: Duration = .seconds(10)
    /// How long an attempt may wait for answers before a higher ballot is tried, doubled with each
    /// attempt, and up to half as long again by chance: 10 ms ... 60 s. Shorter makes up for loss
    /// sooner; one below the time of two round trips begins anew in vain until it has doubled.
    public var attemptTimeout: Duration = .milliseconds(500)
    /// The most, drawn at random, that a proposer waits once a higher ballot was in its way,
    /// doubled with each attempt: 1 ms ... 10 s. Longer lets the other one finish; shorter is
    /// sooner back.
    public var backoff: Duration = .milliseconds(50)

    /// How often timeout and backoff are doubled at the most.
    public static let doublingLimit = 6

    /// The defaults.
    public init() {}

    /// Which option is out of its range, for the configuration to report; nil when none is.
    public var defect: String? {
        if !(.seconds(1) ... .seconds(600) ~= patience) { return "patience" }
        if !(.milliseconds(10) ... .seconds(60) ~= attemptTimeout) { return "attemptTimeout" }
        if !(.milliseconds(1) ... .seconds(10) ~= backoff) { return "backoff" }
        return nil
    }

    /// By what durations are multiplied in the attempt with this number, counted from 1.
    func growth(ofAttempt number: Int) -> Int {
        1 << min(number - 1, Self.doublingLimit)
    }
}
