// What is done about a table that does not read back: those of its records that do are written
// anew, and the file is kept aside for whoever wants to know why.
internal import MartletBase

enum Salvage {
    /// What follows the name of a file that was put aside.
    static let suffix = ".damaged"

    /// Copies the good blocks of a table; the ranges that the others held. Where nothing is left
    /// of the file it is one range, the table's.
    static func run(
        _ task: SalvageTask, _ disk: any Disk, into output: inout TableOutput,
        _ takeNumber: () -> UInt64
    ) throws(DiskError) -> [DamagedRange] {
        let table = task.table
        var damage: [DamagedRange] = []
        let file: any DiskFile
        do { file = try disk.open(table.summary.fileName, .reading) } catch {
            guard error.isLossOfData else { throw error }
            return [whole(table.summary, "\(error)")]
        }
        // A block at a time: a bad sector must not take its neighbours along.
        var scanner = TableScanner(file, table.map, readAheadBytes: 0)
        var last: StorageKey?
        for index in 0..<table.map.blockCount {
            let good: GoodBlock
            do throws(TableError) {
                guard let block = try scanner.next() else { continue }
                good = try GoodBlock(block, of: table.summary, after: &last)
            } catch {
                switch error {
                case .disk(let error) where !error.isLossOfData: throw error
                case .disk(let error):
                    damage.append(range(of: index, in: table, "\(error)"))
                case .damaged(_, let offset, let reason):
                    damage.append(
                        range(of: index, in: table, "\(FormatError(reason, at: offset))"))
                }
                continue
            }
            try good.copy(into: &output, takeNumber)
        }
        return damage
    }

    /// A block that may be copied whole: what it says is so, and it belongs where it is.
    private struct GoodBlock {
        private let block: Block
        private let records: [(record: Record, hash: UInt64)]

        /// Fails unless the block lies behind `last` and within the table.
        init(
            _ block: Block, of table: TableSummary, after last: inout StorageKey?
        ) throws(TableError) {
            self.block = block
            let bytes = block.bytes
            var records: [(record: Record, hash: UInt64)] = []
            do throws(FormatError) {
                try block.verify { records.append(($0, $1)) }
                guard let first = records.first?.record.storageKey(in: bytes.raw),
                    let end = records.last?.record.storageKey(in: bytes.raw),
                    table.lowest <= first.rank, end.rank <= table.highest,
                    last.map({ $0 < first }) ?? true
                else { throw FormatError(.invalid("order of blocks"), at: 0) }
                last = end
            } catch {
                throw .damaged(file: table.fileName, offset: error.offset, reason: error.reason)
            }
            self.records = records
        }

        func copy(
            into output: inout TableOutput, _ takeNumber: () -> UInt64
        ) throws(DiskError) {
            let bytes = block.bytes
            for (record, hash) in records {
                try output.append(record, in: bytes.raw, hash: hash, takeNumber)
            }
        }
    }

    private static func range(
        of block: Int, in table: TableInput, _ reason: String
    ) -> DamagedRange {
        DamagedRange(
            file: table.summary.fileName + suffix,
            ranks: table.map.ranks(of: block, from: table.summary.lowest), reason: reason)
    }

    /// The same for a table without a map: its sections are found by what they say of themselves,
    /// and the whole of its range is in doubt.
    static func walk(
        _ table: TableSummary, _ error: TableError, _ disk: any Disk,
        into output: inout TableOutput, _ takeNumber: () -> UInt64
    ) throws(DiskError) -> [DamagedRange] {
        let opened = try unlessLost { () throws(TableError) in
            let file = try TableReader.asking { () throws(DiskError) in
                try disk.open(table.fileName, .reading)
            }
            return try TableWalk(file, number: table.number, footer: nil, map: nil)
        }
        guard var walk = opened else { return [whole(table, "\(error)")] }
        var last: StorageKey?
        while let piece = try unlessLost({ () throws(TableError) in try walk.next()?.piece }) {
            guard case .records(let block, _) = piece,
                let good = try? GoodBlock(block, of: table, after: &last)
            else { continue }
            try good.copy(into: &output, takeNumber)
        }
        return [whole(table, "\(error)")]
    }

    /// What `read` brings; nil where the rest of the file is lost.
    private static func unlessLost<Value>(
        _ read: () throws(TableError) -> Value?
    ) throws(DiskError) -> Value? {
        do { return try read() } catch {
            if case .disk(let error) = error, !error.isLossOfData { throw error }
            return nil
        }
    }

    private static func whole(_ table: TableSummary, _ reason: String) -> DamagedRange {
        DamagedRange(file: table.fileName + suffix, ranks: table.ranks, reason: reason)
    }

    /// What the manifest learns of it.
    static func edit(
        of table: TableSummary, level: Int, _ built: [BuiltTable], _ damage: [DamagedRange]
    ) -> ManifestEdit {
        var edit = ManifestEdit()
        edit.removed = [table.number]
        edit.added = built.map { Manifest.Placed(level: level, table: $0.summary) }
        edit.damage = damage
        return edit
    }

    /// Removes tables that are no longer data and that nobody reads; gives those their name aside
    /// in which `manifest` says that damage was found.
    static func clear(
        _ names: [String], _ manifest: Manifest, _ disk: any Disk
    ) throws(DiskError) {
        let aside = Set(manifest.damage.map(\.file))
        for name in names {
            if aside.contains(name + suffix) {
                try disk.rename(name, to: name + suffix)
            } else {
                try disk.remove(name)
            }
        }
    }
}
