// Tables merged into tables of the level below, a piece at a time, so that a flush need not wait
// for the whole.
internal import MartletBase

/// One compaction under way; confined to the worker.
final class Compaction {
    /// Why it cannot go on.
    enum Failure: Error {
        case disk(DiskError)
        case damaged(table: UInt64, FormatError.Reason)
    }

    /// The tables of one source, read one after the other.
    private struct Source {
        var rest: ArraySlice<TableInput>
        var current: TableInput?
        var scanner: TableScanner?
    }

    let task: CompactionTask
    private let disk: any Disk
    private var sources: [Source]
    private var merge: Merge
    private var output: TableOutput

    init(_ task: CompactionTask, disk: any Disk, options: StorageOptions) {
        self.task = task
        self.disk = disk
        sources = task.sources.map { Source(rest: $0[...]) }
        merge = Merge(sources: task.sources.count)
        let newest = task.sources.joined().map(\.summary.newest).max() ?? .start
        output = TableOutput(
            disk: disk, options: options.table, cutBytes: options.tableBytes, newest: newest)
    }

    /// Files begun so far.
    var fileNames: [String] { output.fileNames }

    /// Merges about `budgetBytes` of records on; the edit and tables when that was the last.
    func step(
        budgetBytes: Int, _ takeNumber: () -> UInt64
    ) throws(Failure) -> (edit: ManifestEdit, built: [BuiltTable])? {
        var left = budgetBytes
        while left > 0 {
            let step: Merge.Step
            do {
                step = try merge.next()
            } catch {
                let number = sources[error.source].current?.summary.number ?? 0
                throw .damaged(table: number, error.error.reason)
            }
            switch step {
            case .end: return try finish()
            case .needsBlock(let source): merge.supply(try nextBlock(of: source), to: source)
            case .record(let source): left -= try take(source, takeNumber)
            }
        }
        return nil
    }

    /// Writes the record that the merge shows, where it is still needed; its length.
    private func take(_ source: Int, _ takeNumber: () -> UInt64) throws(Failure) -> Int {
        let record = merge.record(of: source)
        let bytes = merge.block(of: source).bytes
        guard let table = sources[source].current?.summary else {
            preconditionFailure("a record of source \(source), which has no table")
        }
        // Outside of them it would belong into another table of the level.
        guard table.ranks.contains(merge.rank(of: source)) else {
            throw .damaged(table: table.number, .invalid("rank of a record"))
        }
        let length = Record.overheadLimitBytes + record.key.count + record.value.count
        if record.kind == .delete, task.isBottom { return length }
        let isHidden = task.drops.contains {
            $0.space == record.space && $0.partition == record.partition
                && table.newest < $0.position
        }
        if isHidden { return length }
        do throws(DiskError) {
            try output.append(record, in: bytes.raw, hash: merge.hash(of: source), takeNumber)
        } catch {
            throw .disk(error)
        }
        return length
    }

    private func nextBlock(of source: Int) throws(Failure) -> Block? {
        while true {
            do throws(TableError) {
                if let block = try sources[source].scanner?.next() { return block }
                guard let input = sources[source].rest.popFirst() else { return nil }
                sources[source].current = input
                sources[source].scanner = try TableScanner(input, on: disk)
            } catch {
                let number = sources[source].current?.summary.number ?? 0
                switch error {
                // Trying again would hold up all compaction for as long as the sector is bad.
                case .disk(let error) where error.isLossOfData:
                    throw .damaged(table: number, .invalid("\(error)"))
                case .disk(let error): throw .disk(error)
                case .damaged(_, _, let reason): throw .damaged(table: number, reason)
                }
            }
        }
    }

    private func finish() throws(Failure) -> (edit: ManifestEdit, built: [BuiltTable]) {
        let built: [BuiltTable]
        do { built = try output.finish() } catch { throw .disk(error) }
        var edit = ManifestEdit()
        edit.removed = task.inputNumbers
        edit.added = (task.moved.map(\.summary) + built.map(\.summary)).map {
            Manifest.Placed(level: task.outputLevel, table: $0)
        }
        return (edit, built)
    }
}
