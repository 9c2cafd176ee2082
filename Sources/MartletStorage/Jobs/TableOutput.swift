// The tables that one job writes, each cut where it has grown long enough.
internal import MartletBase

/// A sequence of tables in the making; confined to the worker.
struct TableOutput: ~Copyable {
    private let disk: any Disk
    private let options: TableOptions
    private let cutBytes: Int
    private let newest: LogPosition
    private var builder: TableBuilder?
    private(set) var built: [BuiltTable] = []
    /// Files begun, for removal when the job fails.
    private(set) var fileNames: [String] = []

    /// Tables of `cutBytes` that hold the log up to `newest`.
    init(
        disk: any Disk, options: TableOptions, cutBytes: Int, newest: LogPosition
    ) {
        self.disk = disk
        self.options = options
        self.cutBytes = cutBytes
        self.newest = newest
    }

    mutating func append(
        _ record: Record, in bytes: RawSpan, hash: UInt64, _ takeNumber: () -> UInt64
    ) throws(DiskError) {
        let rank = Rank(space: record.space, partition: record.partition, hash: hash)
        if let due = builder?.fileBytes, due >= cutBytes,
            builder?.canCut(before: rank) == true
        {
            try cut()
        }
        if builder == nil {
            let number = takeNumber()
            fileNames.append(TableFormat.fileName(number))
            builder = try TableBuilder(number: number, disk: disk, options: options)
        }
        try builder?.append(record, in: bytes, hash: hash)
    }

    private mutating func cut() throws(DiskError) {
        guard let full = builder.take() else { return }
        built.append(try full.finish(newest: newest))
    }

    /// Finishes the last table, and makes the names of all durable.
    mutating func finish() throws(DiskError) -> [BuiltTable] {
        try cut()
        if !built.isEmpty { try disk.syncDirectory() }
        return built
    }
}
