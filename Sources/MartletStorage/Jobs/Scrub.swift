// A table read from front to back only to see whether it still can be, a piece at a time.
internal import MartletBase

/// One table's scrub under way; confined to the worker.
final class Scrub {
    private let table: TableInput
    private var scanner: TableScanner?
    private let disk: any Disk

    init(_ table: TableInput, disk: any Disk) {
        self.table = table
        self.disk = disk
    }

    /// Checks about `budgetBytes` of blocks on; the verdict when that was the last, or when one was
    /// found damaged: then the table is salvaged, which finds the others.
    func step(budgetBytes: Int) -> JobOutcome.Result? {
        var left = budgetBytes
        do throws(TableError) {
            if scanner == nil { scanner = try TableScanner(table, on: disk) }
            while left > 0 {
                guard let block = try scanner?.next() else { return .scrubbed }
                do throws(FormatError) { try block.verify() } catch {
                    return .damaged(table: table.summary.number, error.reason)
                }
                left -= block.bytes.count
            }
            return nil
        } catch {
            switch error {
            case .disk(let error) where !error.isLossOfData: return .refused(error)
            case .disk(let error):
                return .damaged(table: table.summary.number, .invalid("\(error)"))
            case .damaged(_, _, let reason):
                return .damaged(table: table.summary.number, reason)
            }
        }
    }
}
