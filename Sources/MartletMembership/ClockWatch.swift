// Whose wall clock is the odd one out. Every answered probe is a reading of another member's clock,
// known to within half the round trip (Cristian, "Probabilistic clock synchronization", 1989). A
// node goes by its own clock while that lies where the middle of all clocks can be, and else by the
// middle, so that all nodes go by one time, however wrong a minority of the clocks is.
//
//     others' clocks, earliest first   ─────a──────b──────────c─────▶
//     three others: own is held within      └──────┘   the middle of all four, the earlier of two
//
// With an even number of clocks the middle is the earlier of the two: of two clocks that differ the
// one that is behind counts, by which nothing expires too soon.
public import MartletBase

/// How a node's own wall clock compares with the others'.
public enum ClockStanding: Hashable, Sendable {
    /// No other clock has been read. It goes by its own.
    case alone
    /// As `alone`, and its clock has just been set anew by more than the limit.
    case leapt
    /// Near the middle of the clocks that have been read.
    case agreed
    /// Beyond the limit from the middle: ahead by so many milliseconds, behind below 0.
    case odd(aheadMilliseconds: Int64)
}

/// Compares a node's wall clock with what is read of others'.
///
/// Each clock is kept as a difference from the monotonic clock, so that a jump of the own wall
/// clock shows at once, against what was read long before. O(1) for an event, O(k log k) for a
/// reading, with k at most `readingLimit`.
public struct ClockWatch: Sendable {
    /// The most clocks kept: the latest read of a large cluster are a fair sample.
    public static let readingLimit = 32
    /// How long a reading is of use: quartz may be off by 0.1 s in that time.
    public static let readingLifetime = Duration.seconds(1_800)
    /// A round trip longer than this reads no clock: half of it is how wrong the reading may be.
    public static let roundTripLimit = Duration.seconds(2)
    /// How long a node that can compare itself with nobody doubts its clock after a leap.
    public static let doubtAfterLeap = Duration.seconds(600)

    /// What no clock shows: timestamps have 48 bits for it.
    private static let latest = WallTime(milliseconds: (1 << 48) - 1)

    /// One clock: milliseconds since 1970 when this node's monotonic clock was at 0.
    private struct Reading {
        var node: NodeID
        var base: Int64
        /// By how much it may be wrong, either way.
        var error: Int64
        var readAt: Instant
    }

    /// How far from the middle a clock may be and still not be the odd one out.
    public let limit: Duration
    /// Where the own clock stands, as of the last event.
    public private(set) var standing = ClockStanding.alone

    /// The same in whole milliseconds, for what is asked with each event.
    private let limitMilliseconds: Int64
    /// The latest of each member, oldest first.
    private var readings: [Reading] = []
    /// Until when the oldest of them is of use.
    private var oldestUntil = Instant.never
    /// Within which the middle lies, whatever the own clock says.
    private var low = Int64.min
    private var high = Int64.max
    /// The same of the earliest that the middle can be, whatever the clocks show that have not
    /// been read.
    private var earliest = (low: Int64.min, high: Int64.min)
    private var ownBase: Int64?
    /// Where the own clock was before it leapt, and when it did.
    private var leap: (from: Int64, at: Instant)?

    /// A watch that takes clocks beyond `limit` from the middle for wrong.
    public init(limit: Duration) {
        self.limit = limit
        limitMilliseconds = Int64(limit.milliseconds)
    }

    /// How many members the ring has, this one included; of more than can be kept the latest read
    /// stand for all.
    public var memberCount = 1 {
        didSet { if memberCount != oldValue { findMiddle() } }
    }

    /// How many clocks of others have been read lately.
    public var readingCount: Int { readings.count }

    // MARK: The own clock

    /// Takes in what both clocks of the node show, and tells by what moment it is to go.
    public mutating func adjust(_ shown: Moment) -> Moment {
        if shown.instant > oldestUntil {
            readings.removeAll { shown.instant.since($0.readAt) > Self.readingLifetime }
            findMiddle()
        }
        let base = Self.base(of: shown)
        noteLeap(to: base, at: shown.instant)
        let ahead = base - held(base)
        if abs(ahead) > limitMilliseconds {
            standing = .odd(aheadMilliseconds: ahead)
        } else if readings.isEmpty {
            standing = leap == nil ? .alone : .leapt
        } else {
            standing = .agreed
        }
        return moved(shown, by: -ahead)
    }

    /// By what moment the node is to go when its clocks show `shown`.
    public func adjusted(_ shown: Moment) -> Moment {
        let base = Self.base(of: shown)
        return moved(shown, by: held(base) - base)
    }

    /// By how much the middle of all clocks may be behind the time that the node goes by, which
    /// knows it only among those that it has read; nil when not even a majority was.
    public var margin: Duration? {
        guard let ownBase else { return nil }
        let behind = min(max(ownBase, earliest.low), earliest.high)
        return behind == .min ? nil : .milliseconds(max(0, held(ownBase) - behind))
    }

    private func moved(_ shown: Moment, by milliseconds: Int64) -> Moment {
        if milliseconds == 0 { return shown }
        let wall = Int64(clamping: shown.wall.milliseconds) + milliseconds
        return Moment(
            instant: shown.instant, wall: WallTime(milliseconds: UInt64(clamping: wall)))
    }

    /// The middle of all clocks, where the own one is at `base`: it lies between two of the others.
    private func held(_ base: Int64) -> Int64 { min(max(base, low), high) }

    private mutating func noteLeap(to base: Int64, at now: Instant) {
        let before = ownBase ?? base
        ownBase = base
        if let leap {
            let isMended = abs(base - leap.from) <= limitMilliseconds
            if isMended || now.since(leap.at) >= Self.doubtAfterLeap { self.leap = nil }
        } else if abs(base - before) > limitMilliseconds {
            leap = (before, now)
        }
    }

    // MARK: The others' clocks

    /// `node` answered at `now` what it was asked at `askedAt`, and its clock had shown `wall`.
    public mutating func take(
        _ wall: WallTime, of node: NodeID, askedAt: Instant, at now: Instant
    ) {
        let roundTrip = now.since(askedAt)
        guard roundTrip <= Self.roundTripLimit, wall <= Self.latest else { return }
        let half = Int64(roundTrip.nanoseconds / 2)
        let middle = Instant(nanoseconds: askedAt.nanoseconds + UInt64(half))
        readings.removeAll { $0.node == node }
        readings.append(
            Reading(
                node: node, base: Self.base(of: Moment(instant: middle, wall: wall)),
                error: half / 1_000_000 + 2, readAt: now))
        if readings.count > Self.readingLimit { readings.removeFirst() }
        findMiddle()
    }

    /// Takes what another watch on the same clock has read for all that was read.
    public mutating func takeReadings(of other: ClockWatch) {
        readings = other.readings
        findMiddle()
    }

    /// Forgets the clocks of all but `members`.
    public mutating func keep(only members: [NodeID]) {
        readings.removeAll { !members.contains($0.node) }
        findMiddle()
    }

    /// Whether more than half of the members have been compared, this one included; of a large
    /// ring, a sample.
    public var hasMajority: Bool {
        readings.count + 1 > min(memberCount, Self.readingLimit) / 2
    }

    /// By how many milliseconds the own clock was ahead of the time that the node goes by, at the
    /// last event; 0 where it goes by its own.
    public var ownAhead: Int64 { ownBase.map { $0 - held($0) } ?? 0 }

    /// By how many milliseconds the clock of `node` is ahead of the time that this node goes by;
    /// nil when it has not been read.
    public func ahead(of node: NodeID) -> Int64? {
        guard let reading = readings.first(where: { $0.node == node }), let ownBase
        else { return nil }
        return reading.base - held(ownBase)
    }

    /// When the clock of `node` was last read; nil when it has not been.
    public func readAt(_ node: NodeID) -> Instant? {
        readings.first { $0.node == node }?.readAt
    }

    /// Whether the clock of `node` is known to be beyond the limit from the middle.
    public func isOdd(_ node: NodeID) -> Bool {
        ahead(of: node).map { abs($0) > limitMilliseconds } ?? false
    }

    private mutating func findMiddle() {
        oldestUntil = readings.first.map { $0.readAt + Self.readingLifetime } ?? .never
        let sorted = readings.sorted { ($0.base, $0.node) < ($1.base, $1.node) }
        let index = sorted.count / 2
        low = index > 0 ? sorted[index - 1].base - sorted[index - 1].error : .min
        high = index < sorted.count ? sorted[index].base + sorted[index].error : .max
        // Those that have not been read may all be earlier.
        let known = sorted.count + 1
        let count = memberCount > Self.readingLimit ? known : max(memberCount, known)
        let place = (count - 1) / 2 - (count - known)
        func end(_ index: Int) -> Int64 { sorted[index].base - sorted[index].error }
        earliest =
            place < 0
            ? (.min, .min)
            : (place > 0 ? end(place - 1) : .min, place < sorted.count ? end(place) : .max)
    }

    private static func base(of moment: Moment) -> Int64 {
        Int64(clamping: moment.wall.milliseconds)
            - Int64(moment.instant.nanoseconds / 1_000_000)
    }
}
