// The entries of one space between two ranks, merged from memtables and tables.
internal import MartletBase

struct SpaceWalk {
    /// The tables of one source, read one after the other.
    private struct Run {
        var rest: ArraySlice<TableInput>
        var current: TableInput?
        var scanner: TableScanner?
    }

    private enum Source {
        case layer(LayerCursor)
        case run(Run)
    }

    private let disk: any Disk
    private let manifest: Manifest
    private let layers: [Layer]
    private let ranks: ClosedRange<Rank>
    private var sources: [Source]
    private var merge: Merge

    /// Sources newest first: `layers`, then `runs`.
    init(
        disk: any Disk, manifest: Manifest, layers: [Layer], runs: [[TableInput]],
        space: StorageKey.Space, ranks: ClosedRange<Rank>
    ) {
        self.disk = disk
        self.manifest = manifest
        self.layers = layers
        self.ranks = ranks
        let partitions =
            RankPlace(ranks.lowerBound)
            .partition...RankPlace(ranks.upperBound)
            .partition
        sources =
            layers.map {
                .layer(LayerCursor($0, before: nil, spaces: [space], partitions: partitions))
            } + runs.map { .run(Run(rest: $0[...])) }
        merge = Merge(sources: sources.count)
    }

    /// The next entry; nil at the end. What does not read back is passed over and added to
    /// `damage`.
    mutating func next(_ damage: inout [StorageDamage]) -> ScanPage.Entry? {
        while true {
            do throws(Merge.Damage) {
                switch try merge.next() {
                case .end: return nil
                case .needsBlock(let source):
                    merge.supply(nextBlock(of: source, &damage), to: source)
                case .record(let source):
                    if merge.rank(of: source) > ranks.upperBound { return nil }
                    if let entry = entry(source) { return entry }
                }
            } catch {
                // The merge goes on with the source's next block.
                damage.append(StorageDamage(name(of: error.source), error.error))
            }
        }
    }

    private func name(of source: Int) -> String {
        guard case .run(let run) = sources[source], let table = run.current else {
            return "the log"
        }
        return table.summary.fileName
    }

    private mutating func nextBlock(
        of source: Int, _ damage: inout [StorageDamage]
    ) -> Block? {
        switch sources[source] {
        case .layer(var cursor):
            defer { sources[source] = .layer(cursor) }
            return cursor.next()
        case .run(var run):
            defer { sources[source] = .run(run) }
            return nextBlock(of: &run, &damage)
        }
    }

    private func nextBlock(of run: inout Run, _ damage: inout [StorageDamage]) -> Block? {
        while true {
            let isPastEnd =
                run.scanner.map { scanner in
                    scanner.index > 0
                        && run.current.map { table in
                            table.map.lastRank(of: scanner.index - 1) > ranks.upperBound
                        } ?? false
                } ?? false
            if isPastEnd { return nil }
            do throws(TableError) {
                if let block = try run.scanner?.next() { return block }
                guard let table = run.rest.popFirst() else { return nil }
                run.current = table
                run.scanner = try scanner(table)
            } catch {
                damage.append(StorageDamage(run.current?.summary.fileName ?? "", error))
                // A file that cannot be opened has no blocks to go on with.
                if case .disk(let error) = error, error.operation == .open { run.scanner = nil }
            }
        }
    }

    private func scanner(_ table: TableInput) throws(TableError) -> TableScanner {
        let first = table.map.firstBlock(for: ranks.lowerBound) ?? table.map.blockCount
        do {
            return TableScanner(
                try disk.open(table.summary.fileName, .reading), table.map, from: first)
        } catch {
            throw .disk(error)
        }
    }

    /// The entry that the merge shows; nil where it is none, hidden, or before the range.
    private func entry(_ source: Int) -> ScanPage.Entry? {
        let record = merge.record(of: source)
        guard record.kind == .put, merge.rank(of: source) >= ranks.lowerBound,
            !isHidden(record, source)
        else { return nil }
        let bytes = merge.block(of: source).bytes
        return ScanPage.Entry(
            key: record.storageKey(in: bytes.raw), value: bytes.raw.copy(record.value))
    }

    /// Whether a drop that came later hides the record.
    private func isHidden(_ record: Record, _ source: Int) -> Bool {
        let newer = layers.prefix(source)
        if newer.contains(where: { $0.hides(record.space, record.partition) }) { return true }
        guard case .run(let run) = sources[source], let table = run.current else { return false }
        return manifest.drops.contains {
            $0.space == record.space && $0.partition == record.partition
                && table.summary.newest < $0.position
        }
    }
}
