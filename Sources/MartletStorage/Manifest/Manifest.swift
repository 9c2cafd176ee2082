// Which files are the data: the tables of each level, how far the log is in them, and which
// partitions were dropped since. A value; the file that holds it is `ManifestWriter`'s.
internal import MartletBase

/// The state of a node's tables.
struct Manifest: Hashable, Sendable {
    /// A partition that was dropped: what tables up to `position` hold of it is gone.
    struct DropMark: Hashable, Sendable {
        var space: StorageKey.Space
        var partition: UInt16
        /// The position of the batch that dropped it.
        var position: LogPosition

        var ranks: ClosedRange<Rank> { Rank.all(of: space, partition) }
    }

    /// A table and the level it is in.
    struct Placed: Hashable, Sendable {
        var level: Int
        var table: TableSummary
    }

    /// Everything in the log up to here is in the tables.
    var flushed = LogPosition.start
    /// The next number for a table or manifest.
    var nextNumber: UInt64 = 1
    /// Level 0 newest first, the others by rank.
    private(set) var levels = [[TableSummary]](repeating: [], count: Self.levelCount)
    /// Only those that some table still needs; one for a partition of a space at most.
    private(set) var drops: [DropMark] = []
    /// What was lost and not yet repaired, oldest first.
    private(set) var damage: [DamagedRange] = []

    /// Levels 0 to 6: with the defaults the last begins at 2.5 TB.
    static let levelCount = 7
    /// Ranges remembered at most; then the older ones go.
    static let damageLimit = 1_024

    var tables: [Placed] {
        levels.enumerated().flatMap { level, tables in
            tables.map { Placed(level: level, table: $0) }
        }
    }

    /// Takes in a change; fails where it does not fit, which only a damaged file can bring about.
    mutating func apply(_ edit: ManifestEdit) throws(FormatError) {
        flushed = max(flushed, edit.flushed)
        nextNumber = max(nextNumber, edit.nextNumber)
        for number in edit.removed {
            guard let (level, index) = place(of: number) else {
                throw FormatError(.invalid("removal of a table that is not there"), at: 0)
            }
            levels[level].remove(at: index)
        }
        for placed in edit.added { try insert(placed) }
        for drop in edit.drops {
            // What the older of two hides, the newer hides too.
            drops.removeAll { $0.ranks == drop.ranks }
            drops.append(drop)
        }
        drops.removeAll { drop in
            !levels.joined().contains { $0.isHidden(in: drop) }
        }
        damage += edit.damage
        if damage.count > Self.damageLimit { damage.removeFirst(damage.count - Self.damageLimit) }
    }

    private func place(of number: UInt64) -> (level: Int, index: Int)? {
        for (level, tables) in levels.enumerated() {
            if let index = tables.firstIndex(where: { $0.number == number }) {
                return (level, index)
            }
        }
        return nil
    }

    private mutating func insert(_ placed: Placed) throws(FormatError) {
        let table = placed.table
        guard levels.indices.contains(placed.level), place(of: table.number) == nil else {
            throw FormatError(.invalid("level or number of a table"), at: 0)
        }
        if placed.level == 0 {
            let index = levels[0].partitionIndex {
                ($0.newest, $0.number) > (table.newest, table.number)
            }
            levels[0].insert(table, at: index)
            return
        }
        let index = levels[placed.level].partitionIndex { $0.highest < table.lowest }
        if index < levels[placed.level].count,
            levels[placed.level][index].lowest <= table.highest
        {
            throw FormatError(.invalid("tables that overlap in a level"), at: 0)
        }
        levels[placed.level].insert(table, at: index)
    }
}

extension TableSummary {
    /// Whether `drop` hides some of what the table may hold.
    func isHidden(in drop: Manifest.DropMark) -> Bool {
        newest < drop.position && ranks.overlaps(drop.ranks)
    }

    /// Whether `drop` hides all of it.
    func isHiddenWholly(in drop: Manifest.DropMark) -> Bool {
        newest < drop.position && drop.ranks.lowerBound <= lowest
            && highest <= drop.ranks.upperBound
    }
}

/// One change of the manifest, atomic: all of it is durable or none.
struct ManifestEdit: Hashable, Sendable {
    /// The log up to here is in the tables; the start where that does not change.
    var flushed = LogPosition.start
    /// See `Manifest.nextNumber`.
    var nextNumber: UInt64 = 1
    /// Numbers of tables that are no longer data.
    var removed: [UInt64] = []
    /// Tables that are.
    var added: [Manifest.Placed] = []
    /// Partitions dropped.
    var drops: [Manifest.DropMark] = []
    /// Ranges found lost.
    var damage: [DamagedRange] = []
}

extension ManifestEdit {
    /// The edit that makes an empty manifest into `manifest`.
    init(whole manifest: Manifest) {
        flushed = manifest.flushed
        nextNumber = manifest.nextNumber
        added = manifest.tables
        drops = manifest.drops
        damage = manifest.damage
    }
}
