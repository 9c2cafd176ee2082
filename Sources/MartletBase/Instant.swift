// Time as the core knows it: handed in with every event, never asked for.

/// A point on one node's monotonic clock, in nanoseconds; comparable on that node alone.
public struct Instant: Hashable, Comparable, Sendable {
    /// Nanoseconds since the clock's own start.
    public var nanoseconds: UInt64

    /// The instant `nanoseconds` after the clock's start.
    public init(nanoseconds: UInt64) {
        self.nanoseconds = nanoseconds
    }

    /// The clock's start.
    public static let start = Instant(nanoseconds: 0)
    /// A time that never comes.
    public static let never = Instant(nanoseconds: .max)

    /// The earlier of two comes first.
    public static func < (left: Instant, right: Instant) -> Bool {
        left.nanoseconds < right.nanoseconds
    }

    /// `instant` moved forward by `duration`, stopping at `never`.
    public static func + (instant: Instant, duration: Duration) -> Instant {
        let (sum, overflow) = instant.nanoseconds.addingReportingOverflow(duration.nanoseconds)
        return overflow ? .never : Instant(nanoseconds: sum)
    }

    /// How long after `earlier` this is; zero when it is not after it.
    public func since(_ earlier: Instant) -> Duration {
        self > earlier ? .nanoseconds(Int64(clamping: nanoseconds - earlier.nanoseconds)) : .zero
    }
}

extension Duration {
    /// The whole nanoseconds of a duration, clamped to 0 … `UInt64.max`.
    public var nanoseconds: UInt64 {
        // Eighteen seconds of attoseconds fit into a word, and nearly all durations are shorter:
        // division of two words takes many times as long as that of one.
        if let word = UInt64(exactly: attoseconds) { return word / 1_000_000_000 }
        return attoseconds < 0 ? 0 : UInt64(clamping: attoseconds / 1_000_000_000)
    }

    /// The whole milliseconds of a duration.
    public var milliseconds: UInt64 { nanoseconds / 1_000_000 }
}

/// Milliseconds since 1970-01-01 UTC by a node's wall clock: may jump, may be wrong.
public struct WallTime: Hashable, Comparable, Sendable {
    /// Milliseconds since 1970-01-01 UTC.
    public var milliseconds: UInt64

    /// The wall time `milliseconds` after the epoch.
    public init(milliseconds: UInt64) {
        self.milliseconds = milliseconds
    }

    /// So long before, but not before the epoch.
    public func earlier(by duration: Duration) -> WallTime {
        let back = UInt64(max(0, duration.milliseconds))
        return WallTime(milliseconds: milliseconds - min(milliseconds, back))
    }

    /// The earlier of two comes first.
    public static func < (left: WallTime, right: WallTime) -> Bool {
        left.milliseconds < right.milliseconds
    }
}

/// What a shell hands in with each event: both of a node's clocks, read together.
public struct Moment: Hashable, Sendable {
    /// The monotonic clock: durations, deadlines, timers.
    public var instant: Instant
    /// The wall clock: timestamps and expiry, nothing else.
    public var wall: WallTime

    /// Both readings.
    public init(instant: Instant, wall: WallTime) {
        self.instant = instant
        self.wall = wall
    }
}

extension SeededRandom {
    /// A duration in `range`, uniformly, to the nanosecond.
    public mutating func duration(in range: ClosedRange<Duration>) -> Duration {
        let width = (range.upperBound - range.lowerBound).nanoseconds
        return range.lowerBound + .nanoseconds(Int64(below(Int(width) + 1)))
    }
}
