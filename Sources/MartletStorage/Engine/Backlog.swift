// How far the background is behind, and what that costs writers: nothing at first, then a delay
// that grows without end, then a refusal.
internal import MartletBase

enum Backlog {
    /// What a MiB of writes waits at half the backlog.
    private static let halfwayDelay = Duration.milliseconds(10)
    /// The longest that one chunk waits.
    private static let delayLimit = Duration.seconds(1)

    /// 0 while nothing is behind, 1 where writes are refused: the fuller of what memory and level
    /// 0 have left.
    static func share(
        memtableBytes: Int, levelZeroCount: Int, options: StorageOptions
    ) -> Double {
        // One memtable fills while another is flushed: only what is over that is behind.
        let memory = share(
            memtableBytes, from: options.memtableLimitBytes - options.flushBytes,
            to: options.memtableLimitBytes)
        let levelZero = share(
            levelZeroCount, from: (options.levelZeroTrigger + options.levelZeroLimit) / 2,
            to: options.levelZeroLimit)
        return max(memory, levelZero)
    }

    private static func share(_ value: Int, from start: Int, to end: Int) -> Double {
        guard value > start, end > start else { return value >= end ? 1 : 0 }
        return min(1, Double(value - start) / Double(end - start))
    }

    /// How long a chunk of `bytes` is held up: in proportion to its bytes and to share / (1 -
    /// share), so that the rate of writes settles where the background keeps up with it.
    static func delay(at share: Double, bytes: Int) -> Duration {
        guard share > 0 else { return .zero }
        let steepness = share / max(0.001, 1 - share)
        return min(delayLimit, halfwayDelay * (steepness * Double(bytes) / Double(1 << 20)))
    }
}

extension StorageEngine {
    /// How far flushes and compactions are behind: 0 not at all, 1 so far that writes are refused.
    public var backlog: Double {
        Backlog.share(
            memtableBytes: memtableBytes, levelZeroCount: version.levels[0].count,
            options: options)
    }
}
