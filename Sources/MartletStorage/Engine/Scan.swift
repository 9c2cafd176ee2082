// A page of entries out of everything that a version and its memtables hold, in key order. Like a
// `Lookup` it stops where a block is in no cache, and goes on when that is brought.
internal import MartletBase

final class Scan {
    enum Step {
        case page(ScanPage)
        case needs(Table, block: Int)
        case damaged
    }

    /// What is wanted.
    struct Range {
        var space: StorageKey.Space
        var partitions: ClosedRange<UInt16>
        /// Only keys with these hashes; nil for all. Where it is not nil there is one partition.
        var hashes: ClosedRange<UInt64>?
        var cursor: StorageKey?
        var limitBytes: Int

        /// The ranks that such keys can have, before the cursor is looked at.
        var ranks: ClosedRange<Rank> {
            let hashes = hashes ?? 0...UInt64.max
            return Rank(
                space: space, partition: partitions.lowerBound, hash: hashes.lowerBound)...Rank(
                    space: space, partition: partitions.upperBound, hash: hashes.upperBound)
        }
    }

    /// Tables that follow each other, or one alone.
    private struct Run {
        var tables: ArraySlice<Table>
        var block: Int?
    }

    private enum Source {
        case layer(LayerCursor)
        case run(Run)
    }

    private let view: StorageView
    private let range: Range
    private let start: Rank
    private let end: Rank
    private var sources: [Source] = []
    private var merge: Merge
    private var page = ScanPage()
    private var pageBytes = 0
    /// The source whose block is being brought.
    private var awaited: Int?

    /// What an entry counts for beside its key and value.
    private static let entryOverheadBytes = 64

    init(_ view: StorageView, _ range: Range) {
        self.view = view
        self.range = range
        invariant(
            range.hashes == nil || range.partitions.count == 1,
            "hashes of the partitions \(range.partitions)")
        var start = range.ranks.lowerBound
        if let cursor = range.cursor { start = max(start, cursor.rank) }
        let end = range.ranks.upperBound
        self.start = start
        self.end = end
        let lowest = UInt16(truncatingIfNeeded: start.rawValue >> 40)
        for part in view.layers where start <= end {
            sources.append(
                .layer(
                    LayerCursor(
                        part.layer, before: part.mark, spaces: [range.space],
                        partitions: lowest...range.partitions.upperBound,
                        hashes: range.hashes)))
        }
        for (level, tables) in view.version.levels.enumerated() {
            let overlapping = tables.filter {
                $0.summary.highest >= start && $0.summary.lowest <= end
            }
            if level > 0 {
                if !overlapping.isEmpty { sources.append(.run(Run(tables: overlapping[...]))) }
            } else {
                for table in overlapping { sources.append(.run(Run(tables: [table]))) }
            }
        }
        merge = Merge(sources: sources.count)
    }

    /// Gathers on, with the block that the last step needed.
    func run(_ fetch: (Table, Int) -> Block?, brought: Block? = nil) -> Step {
        if let brought, let source = awaited { supply(brought, to: source) }
        awaited = nil
        do throws(Merge.Damage) {
            while true {
                switch try merge.next() {
                case .end: return .page(page)
                case .record(let source): if take(source) { return .page(page) }
                case .needsBlock(let source):
                    if let missing = fill(source, fetch) { return missing }
                }
            }
        } catch {
            return .damaged
        }
    }

    /// Brings the next block of a source, if it is at hand.
    private func fill(_ source: Int, _ fetch: (Table, Int) -> Block?) -> Step? {
        switch sources[source] {
        case .layer(var cursor):
            let block = cursor.next()
            sources[source] = .layer(cursor)
            supply(block, to: source)
        case .run(let run):
            guard let (table, index) = next(of: run, source) else {
                supply(nil, to: source)
                return nil
            }
            if table.isDamaged(index) { return .damaged }
            guard let block = fetch(table, index) else {
                awaited = source
                return .needs(table, block: index)
            }
            supply(block, to: source)
        }
        return nil
    }

    private func supply(_ block: Block?, to source: Int) {
        merge.supply(block, to: source, from: range.cursor.map { .after($0) } ?? .first)
    }

    /// Moves a run on to its next block within the range.
    private func next(of run: Run, _ source: Int) -> (table: Table, block: Int)? {
        var run = run
        defer { sources[source] = .run(run) }
        while let table = run.tables.first {
            let index = run.block.map { $0 + 1 } ?? table.map.firstBlock(for: start)
            let isPastEnd = run.block.map { table.map.lastRank(of: $0) > end } ?? false
            if let index, index < table.map.blockCount, !isPastEnd {
                run.block = index
                return (table, index)
            }
            run.tables.removeFirst()
            run.block = nil
        }
        return nil
    }

    /// Takes in the record that the merge shows; true when the page is complete.
    private func take(_ source: Int) -> Bool {
        let rank = merge.rank(of: source)
        if rank < start { return false }
        if rank > end { return true }
        // A rank has the front of the hash alone.
        if let hashes = range.hashes, !hashes.contains(merge.hash(of: source)) { return false }
        let record = merge.record(of: source)
        if record.kind == .delete || isHidden(record, source) { return false }
        if pageBytes >= range.limitBytes, let last = page.entries.last {
            page.next = last.key
            return true
        }
        let bytes = merge.block(of: source).bytes
        let entry = ScanPage.Entry(
            key: record.storageKey(in: bytes.raw), value: bytes.raw.copy(record.value))
        pageBytes += entry.key.key.count + entry.value.count + Self.entryOverheadBytes
        page.entries.append(entry)
        return false
    }

    /// Whether a drop that came later hides the record.
    private func isHidden(_ record: Record, _ source: Int) -> Bool {
        // The layers are the first sources, in this order, and newer than every table.
        let newer = view.layers.prefix(source)
        if newer.contains(where: { $0.hides(record.space, record.partition) }) { return true }
        guard case .run(let run) = sources[source], let table = run.tables.first else {
            return false
        }
        return view.version.hides(table, record.space, record.partition)
    }
}

/// What a read goes by: the memtables, newest first, as they were at one moment, and a version.
struct StorageView {
    struct Part {
        var layer: Layer
        /// Nil for all of it.
        var mark: Memtable.Mark?
        var drops: [Manifest.DropMark]

        init(_ layer: Layer, before mark: Memtable.Mark?) {
            self.layer = layer
            self.mark = mark
            drops = layer.drops
        }

        func hides(_ space: StorageKey.Space, _ partition: UInt16) -> Bool {
            !drops.isEmpty && drops.contains { $0.space == space && $0.partition == partition }
        }
    }

    var layers: [Part]
    var version: Version
}
