// Which tables to merge next: leveled compaction. Level 0 holds what flushes wrote, overlapping;
// every other level is one sorted run, `levelRatio` times larger than the one above. The level that
// is most over its size goes first: all of level 0, or one table of another, with what it overlaps
// in the level below.
internal import MartletBase

enum CompactionPlanner {
    /// The most pressing compaction of `version`; nil where no level is over its size.
    static func plan(
        _ version: Version, options: StorageOptions, cursors: inout [Rank]
    ) -> CompactionTask? {
        if let task = discard(version) { return task }
        let levels = version.manifest.levels
        var worst = (level: 0, score: Double(levels[0].count) / Double(options.levelZeroTrigger))
        for level in 1..<levels.count - 1 {
            let bytes = levels[level].reduce(0) { $0 + $1.fileBytes }
            let score = Double(bytes) / Double(sizeLimit(of: level, options))
            if score > worst.score { worst = (level, score) }
        }
        guard worst.score >= 1 else { return nil }
        return worst.level == 0
            ? mergeLevelZero(version) : moveDown(worst.level, version, &cursors)
    }

    /// Bytes of a level before parts of it move on.
    static func sizeLimit(of level: Int, _ options: StorageOptions) -> Int {
        (1..<level).reduce(options.levelOneBytes) { size, _ in
            size.multipliedReportingOverflow(by: options.levelRatio).overflow
                ? .max : size * options.levelRatio
        }
    }

    /// Tables that hold nothing but what was dropped go without being read.
    private static func discard(_ version: Version) -> CompactionTask? {
        guard !version.manifest.drops.isEmpty else { return nil }
        for (level, tables) in version.levels.enumerated() {
            let hidden = tables.filter { table in
                version.manifest.drops.contains { table.summary.isHiddenWholly(in: $0) }
            }
            if hidden.isEmpty { continue }
            return CompactionTask(
                sources: [], level: level, outputLevel: level, isBottom: false, drops: [],
                discarded: hidden.map(\.input))
        }
        return nil
    }

    private static func mergeLevelZero(_ version: Version) -> CompactionTask {
        task(version.levels[0].map { [$0] }, from: 0, version)
    }

    private static func moveDown(
        _ level: Int, _ version: Version, _ cursors: inout [Rank]
    ) -> CompactionTask? {
        let tables = version.levels[level]
        let next = tables.first { $0.summary.lowest > cursors[level] } ?? tables.first
        guard let table = next else { return nil }
        cursors[level] = table.summary.highest
        return task([[table]], from: level, version)
    }

    private static func task(
        _ newer: [[Table]], from level: Int, _ version: Version
    ) -> CompactionTask {
        let upper = ranks(of: newer.flatMap { $0 })
        let older = version.levels[level + 1].filter { $0.summary.ranks.overlaps(upper) }
        // The older tables reach beyond the newer ones, and so do their deletes.
        let all = ranks(of: newer.flatMap { $0 } + older)
        let isBottom = version.levels[(level + 2)...].joined().allSatisfy {
            !$0.summary.ranks.overlaps(all)
        }
        let drops = version.manifest.drops.filter { drop in
            (newer.joined() + older).contains { $0.summary.isHidden(in: drop) }
        }
        var task = CompactionTask(
            sources: newer.map { $0.map(\.input) }, level: level, outputLevel: level + 1,
            isBottom: isBottom, drops: drops)
        if older.isEmpty, newer.count == 1, task.drops.isEmpty {
            task.moved = task.sources[0]
            task.sources = []
        } else if !older.isEmpty {
            task.sources.append(older.map(\.input))
        }
        return task
    }

    private static func ranks(of tables: [Table]) -> ClosedRange<Rank> {
        let lowest = tables.map(\.summary.lowest).min() ?? .lowest
        let highest = tables.map(\.summary.highest).max() ?? .highest
        return lowest...highest
    }
}
