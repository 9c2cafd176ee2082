// A node's wall clock: ahead or behind by so much, too quick or too slow, and set anew at times. It
// is not the monotonic clock, which no fault touches.
internal import MartletBase

/// How far a wall clock is from the world's time.
struct WallClock: Hashable {
    /// How far ahead it is, by its first setting and all later ones; behind below 0.
    private(set) var aheadMilliseconds: Int64
    /// How much too quick it goes, in millionths.
    let driftMillionths: Int
    /// What it was before each time that somebody set it, the earliest first.
    private var settings: [Setting] = []

    /// How far ahead it was until then.
    private struct Setting: Hashable {
        let until: Instant
        let aheadMilliseconds: Int64
    }

    init(ahead: Duration = .zero, driftMillionths: Int = 0) {
        aheadMilliseconds = ahead.signedMilliseconds
        self.driftMillionths = driftMillionths
    }

    /// Milliseconds that it counts from the world's beginning to `now`.
    func milliseconds(at now: Instant) -> Int64 {
        let elapsed = Int64(now.nanoseconds)
        let gained = elapsed / 1_000_000 * Int64(driftMillionths)
        return aheadMilliseconds + (elapsed + gained) / 1_000_000
    }

    /// Somebody sets it forward at `now`, or back below 0.
    mutating func jump(by difference: Duration, at now: Instant) {
        settings.append(Setting(until: now, aheadMilliseconds: aheadMilliseconds))
        aheadMilliseconds += difference.signedMilliseconds
    }

    /// How many milliseconds further ahead it was than it is now, at most, since `then`.
    func lead(since then: Instant) -> Int64 {
        settings.reduce(0) { lead, setting in
            setting.until < then ? lead : max(lead, setting.aheadMilliseconds - aheadMilliseconds)
        }
    }

    /// The clock of each node under one seed.
    static func drawn(_ scenario: Scenario, seed: UInt64) -> [WallClock] {
        var skews = SeededRandom(seed: seed, stream: "clocks")
        var drifts = SeededRandom(seed: seed, stream: "clock drift")
        let (slowest, quickest) = (scenario.clockDrift.lowerBound, scenario.clockDrift.upperBound)
        var clocks = (0..<scenario.nodeCount).map { _ in
            WallClock(
                ahead: skews.duration(in: scenario.clockSkew),
                driftMillionths: slowest + drifts.below(quickest - slowest + 1))
        }
        var odd = SeededRandom(seed: seed, stream: "odd clock")
        clocks[odd.below(clocks.count)].aheadMilliseconds +=
            odd.duration(in: scenario.oddClock).signedMilliseconds
        return clocks
    }
}

extension Duration {
    /// Whole milliseconds, below 0 too.
    var signedMilliseconds: Int64 {
        self < .zero ? -Int64((.zero - self).milliseconds) : Int64(milliseconds)
    }
}
