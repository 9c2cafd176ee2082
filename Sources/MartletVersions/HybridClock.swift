// Hybrid logical timestamps: close to wall time, and never behind what was seen.
public import MartletBase

/// A hybrid logical timestamp: 48 bits of milliseconds, 16 bits that count within one.
///
/// Kulkarni et al., "Logical physical clocks" (2014), in the single-word form of its section 6.
/// It orders versions for display and for answering with one value; causality is the context's.
public struct HybridTimestamp: Hashable, Comparable, Sendable {
    /// Milliseconds in the high 48 bits, the logical count in the low 16.
    public var bits: UInt64

    /// The timestamp with these bits.
    public init(bits: UInt64) {
        self.bits = bits
    }

    /// The first timestamp of a wall-clock millisecond.
    public init(_ wall: WallTime) {
        bits = wall.milliseconds << 16
    }

    /// The wall-clock part.
    public var wall: WallTime { WallTime(milliseconds: bits >> 16) }

    /// The earlier comes first.
    public static func < (left: HybridTimestamp, right: HybridTimestamp) -> Bool {
        left.bits < right.bits
    }
}

/// A node's source of timestamps: each is greater than all it issued or observed before, and none
/// is further ahead of the wall clock than the limit. Where the two contradict each other the wall
/// clock had been wrong and was set back: what was issued meanwhile is forgotten, but for what the
/// node has promised.
public struct HybridClock: Sendable {
    /// How far ahead of the node's wall clock a timestamp may be and still be believed.
    public let maximumSkew: Duration
    private var last = HybridTimestamp(bits: 0)
    private var floor = HybridTimestamp(bits: 0)

    /// A clock that disbelieves timestamps more than `maximumSkew` ahead.
    public init(maximumSkew: Duration) {
        self.maximumSkew = maximumSkew
    }

    /// A new timestamp.
    public mutating func next(at wall: WallTime) -> HybridTimestamp {
        if !believes(last, at: wall), believes(floor, at: wall) { last = floor }
        last = max(HybridTimestamp(bits: last.bits + 1), HybridTimestamp(wall))
        return last
    }

    /// The timestamp of a write that another node has dated `asked`, which the one it replaces,
    /// `horizon`, must not hide: that date wherever it can be, so that a write which two nodes
    /// carry out bears one date. A date further from the node's wall clock than the limit is not
    /// believed.
    public mutating func date(
        _ asked: HybridTimestamp, above horizon: HybridTimestamp, at wall: WallTime
    ) -> HybridTimestamp {
        let earliest = asked.wall.milliseconds + maximumSkew.milliseconds
        guard believes(asked, at: wall), earliest >= wall.milliseconds else {
            return next(at: wall)
        }
        let below = believes(horizon, at: wall) ? max(horizon, floor) : floor
        let dated = max(asked, HybridTimestamp(bits: below.bits + 1))
        last = max(last, dated)
        return dated
    }

    /// What the next timestamp will not be behind; to be told to others, who observe it.
    public func reading(at wall: WallTime) -> HybridTimestamp {
        believes(last, at: wall) ? max(last, HybridTimestamp(wall)) : HybridTimestamp(wall)
    }

    /// Whether `timestamp` is near enough to the node's wall clock to be believed.
    public func believes(_ timestamp: HybridTimestamp, at wall: WallTime) -> Bool {
        timestamp.wall.milliseconds <= wall.milliseconds + maximumSkew.milliseconds
    }

    /// Takes note of a timestamp from elsewhere, so that the next one is greater; one that is too
    /// far ahead is left alone, so that a single wrong clock cannot drag the cluster's along.
    public mutating func observe(_ timestamp: HybridTimestamp, at wall: WallTime) {
        if timestamp > last, believes(timestamp, at: wall) { last = timestamp }
    }

    /// Every later timestamp is greater than `floor`, however far ahead of the wall clock that is:
    /// this node itself has promised it.
    public mutating func rise(above floor: HybridTimestamp) {
        self.floor = max(self.floor, floor)
        last = max(last, floor)
    }
}
