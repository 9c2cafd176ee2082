// The tables that are the data at one moment. A version never changes; a flush or compaction makes
// the next one, and whoever still reads the old one keeps its tables from being removed.
internal import MartletBase

/// A table as the engine reads it; confined to the engine's loop but for its map.
final class Table {
    let summary: TableSummary
    let map: TableMap
    /// Where the block cache holds each block; -1 where it does not.
    var slots: [Int32]
    /// Blocks that do not read back.
    private(set) var damaged: [Int] = []

    init(_ built: BuiltTable) {
        summary = built.summary
        map = built.map
        slots = [Int32](repeating: -1, count: built.map.blockCount)
    }

    /// What background jobs need of it.
    var input: TableInput { TableInput(summary: summary, map: map) }

    /// The ranks that `block` may hold records of.
    func ranks(of block: Int) -> ClosedRange<Rank> {
        map.ranks(of: block, from: summary.lowest)
    }

    /// Whether it may hold some of the node's own state.
    var holdsState: Bool { summary.ranks.overlaps(Rank.all(of: .state, 0)) }

    func isDamaged(_ block: Int) -> Bool { !damaged.isEmpty && damaged.contains(block) }

    func noteDamage(of block: Int) { damaged.append(block) }
}

/// A table as a background job reads it.
struct TableInput: Sendable {
    let summary: TableSummary
    let map: TableMap
}

final class Version {
    /// Level 0 newest first, the others by rank.
    let levels: [[Table]]
    let manifest: Manifest
    /// All of them by number.
    let tables: [UInt64: Table]
    /// The highest rank of each table, for searching levels without touching tables.
    private let highest: [[Rank]]
    /// When each partition was last dropped, by its lowest rank.
    private let drops: [Rank: LogPosition]

    /// The tables that `manifest` names, those of them that are known already from `known`.
    init(_ manifest: Manifest, tables known: [UInt64: Table]) {
        self.manifest = manifest
        levels = manifest.levels.map { level in
            level.map { summary in
                guard let table = known[summary.number] else {
                    preconditionFailure("table \(summary.number) was never opened")
                }
                return table
            }
        }
        highest = manifest.levels.map { $0.map(\.highest) }
        drops = Dictionary(
            uniqueKeysWithValues: manifest.drops.map { ($0.ranks.lowerBound, $0.position) })
        tables = Dictionary(
            uniqueKeysWithValues: levels.joined().map { ($0.summary.number, $0) })
    }

    /// The version after `edit`, which brought the tables `built`.
    func after(_ edit: ManifestEdit, _ built: [BuiltTable]) -> Version {
        var next = manifest
        do { try next.apply(edit) } catch { invariant(false, "\(edit) does not fit: \(error)") }
        var known = tables
        for table in built { known[table.summary.number] = Table(table) }
        return Version(next, tables: known)
    }

    /// The table of `level`, which is not 0, that may hold `rank`.
    func table(in level: Int, at rank: Rank) -> Table? {
        let index = highest[level].partitionIndex { $0 < rank }
        guard index < levels[level].count, levels[level][index].summary.lowest <= rank else {
            return nil
        }
        return levels[level][index]
    }

    /// Whether a later drop hides what `table` holds of that partition. O(1).
    func hides(_ table: Table, _ space: StorageKey.Space, _ partition: UInt16) -> Bool {
        guard !drops.isEmpty, let drop = drops[Rank.all(of: space, partition).lowerBound]
        else { return false }
        return table.summary.newest < drop
    }

    /// Records in all tables: puts less deletes, which counts a key once for each table that holds
    /// it.
    var entryEstimate: Int {
        levels.joined().reduce(0) { $0 + $1.summary.putCount - $1.summary.deleteCount }
    }
}
