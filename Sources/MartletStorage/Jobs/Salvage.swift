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
        let file = try disk.open(table.summary.fileName, .reading)
        var scanner = TableScanner(file, table.map)
        for index in 0..<table.map.blockCount {
            do throws(TableError) {
                guard let block = try scanner.next() else { continue }
                try copy(block, of: table.summary, into: &output, takeNumber)
            } catch {
                switch error {
                case .disk(let error) where error.cause != .inputOutput: throw error
                case .disk(let error):
                    damage.append(range(of: index, in: table, "\(error)"))
                case .damaged(_, let offset, let reason):
                    damage.append(
                        range(of: index, in: table, "\(FormatError(reason, at: offset))"))
                }
            }
        }
        return damage
    }

    private static func copy(
        _ block: Block, of table: TableSummary, into output: inout TableOutput,
        _ takeNumber: () -> UInt64
    ) throws(TableError) {
        var records: [(record: Record, hash: UInt64)] = []
        do throws(FormatError) { try block.verify { records.append(($0, $1)) } } catch {
            throw .damaged(file: table.fileName, offset: error.offset, reason: error.reason)
        }
        let bytes = block.bytes
        for (record, hash) in records {
            do throws(DiskError) {
                try output.append(record, in: bytes.raw, hash: hash, takeNumber)
            } catch {
                throw .disk(error)
            }
        }
    }

    private static func range(
        of block: Int, in table: TableInput, _ reason: String
    ) -> DamagedRange {
        let lowest = block == 0 ? table.summary.lowest : table.map.lastRank(of: block - 1)
        return DamagedRange(
            file: table.summary.fileName + suffix, ranks: lowest...table.map.lastRank(of: block),
            reason: reason)
    }

    /// The same for a table without a map: its sections are found by what they say of themselves,
    /// and the whole of its range is in doubt.
    static func walk(
        _ table: TableSummary, _ error: TableError, _ disk: any Disk,
        into output: inout TableOutput, _ takeNumber: () -> UInt64
    ) throws(DiskError) -> [DamagedRange] {
        do throws(TableError) {
            let file: any DiskFile
            do { file = try disk.open(table.fileName, .reading) } catch {
                throw TableError.disk(error)
            }
            var walk = try TableWalk(file, number: table.number, footer: nil, map: nil)
            while let (_, piece) = try walk.next() {
                guard case .records(let block, _) = piece else { continue }
                try copy(block, of: table, into: &output, takeNumber)
            }
        } catch {
            if case .disk(let error) = error,
                error.cause != .notFound && error.cause != .inputOutput
            {
                throw error
            }
        }
        return [
            DamagedRange(file: table.fileName + suffix, ranks: table.ranks, reason: "\(error)")
        ]
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
