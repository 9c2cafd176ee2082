// What a measurement of storage came to, as a person reads it and as a program does. No IO.
internal import MartletBase
internal import MartletStorage

/// One workload, measured.
struct StorageMeasurement: Hashable, Sendable {
    var workload: StorageWorkload
    var operations = 0
    /// Until the last operation had returned.
    var seconds = 0.0
    /// Processor time of the foreground thread in that time.
    var threadSeconds = 0.0
    /// From there until no background work was left.
    var settleSeconds = 0.0
    /// Processor time of all threads until then.
    var processSeconds = 0.0
    /// Of each operation; of each page of a scan.
    var latency = StorageLatency()
    /// Most memory that was resident, in bytes.
    var peakBytes = 0
    /// What was written to the disk.
    var traffic = StorageTraffic()
    /// Bytes of batches that the engine took.
    var acceptedBytes = 0

    init(_ workload: StorageWorkload) {
        self.workload = workload
    }

    var operationsPerSecond: Double { Double(operations) / max(seconds, 1e-9) }

    /// Bytes written for each byte accepted; nil where nothing was.
    var writeAmplification: Double? {
        if acceptedBytes == 0 { return nil }
        let written = traffic.logBytes + traffic.tableBytes + traffic.otherBytes
        return Double(written) / Double(acceptedBytes)
    }

    func microseconds(within share: Double) -> Double {
        Double(latency.nanoseconds(within: share)) / 1_000
    }
}

/// What opening a data directory took.
struct StorageOpening: Hashable, Sendable, Encodable {
    var seconds: Double
    /// How much log was replayed.
    var logBytes: Int
    /// How many batches of it.
    var batches: Int
    var tables: Int
    /// What the replayed memtables take.
    var memtableBytes: Int
    /// What indexes and filters take.
    var mapBytes: Int
    /// What the whole process has resident. Says something where it did nothing else before.
    var residentBytes: Int

    init(_ stand: StorageStand, seconds: Double) {
        self.seconds = seconds
        logBytes = stand.recovery.bytes
        batches = stand.recovery.batches
        tables = stand.recovery.tables
        memtableBytes = stand.engine.memtableBytes
        mapBytes = stand.engine.levelSizes.reduce(0) { $0 + $1.mapBytes }
        residentBytes = StorageGauges.residentBytes
    }

    /// One line.
    var text: String {
        "\(decimal(seconds, 2)) s: \(counted(tables, "table")), \(batches) batches in "
            + "\(bytesText(logBytes)) of log; memtables \(bytesText(memtableBytes)), indexes and "
            + "filters \(bytesText(mapBytes)), resident \(bytesText(residentBytes))"
    }
}

/// All workloads with one value size.
struct StorageResult: Hashable, Sendable {
    var keys: Int
    var valueBytes: Int
    /// What making a batch takes the foreground thread beside the engine.
    var generationNanoseconds = 0.0
    var measured: [StorageMeasurement] = []
    /// Tables of each level, once all was measured.
    var tables: [Int] = []
    /// Files of tables, in bytes.
    var tableBytes = 0
    /// Their records before compression, in bytes.
    var recordBytes = 0
    /// Indexes and filters in memory, in bytes.
    var mapBytes = 0
    /// Keys and values, in bytes.
    var liveBytes = 0
    /// Opening it anew, after a clean stop.
    var opening: StorageOpening?
    /// Writes that shared a sync; nil where that was not measured.
    var writesPerSync: Double?

    init(keys: Int, valueBytes: Int) {
        self.keys = keys
        self.valueBytes = valueBytes
    }

    /// Takes down what the engine's tables come to.
    mutating func note(_ engine: StorageEngine, liveBytes: Int) {
        let levels = engine.levelSizes
        tables = levels.map(\.tables)
        tableBytes = levels.reduce(0) { $0 + $1.fileBytes }
        recordBytes = levels.reduce(0) { $0 + $1.recordBytes }
        mapBytes = levels.reduce(0) { $0 + $1.mapBytes }
        self.liveBytes = liveBytes
    }

    /// Records by what their tables take: mostly LZ4's doing.
    var compression: Double { Double(recordBytes) / Double(max(1, tableBytes)) }
    /// Tables by keys and values: below 1 where compression saves more than old records cost.
    var spaceAmplification: Double { Double(tableBytes) / Double(max(1, liveBytes)) }
    var tableCount: Int { tables.reduce(0, +) }
}

// MARK: Text

extension StorageResult {
    /// The lines to print.
    var lines: [String] {
        var rows = [
            ("data", "\(keys) keys of 16 bytes, values of \(valueBytes), \(bytesText(liveBytes))"),
            ("making it", "\(decimal(generationNanoseconds, 0)) ns an operation, in all figures"),
            (
                "tables",
                "\(tableCount), \(bytesText(tableBytes)); by level: "
                    + tables.map(String.init).joined(separator: " ")
            ),
            ("compression", "\(decimal(compression, 2)):1"),
            ("on disk", "\(decimal(spaceAmplification, 2)) bytes for a byte of keys and values"),
            (
                "in memory",
                "\(bytesText(mapBytes / max(1, tableCount))) for index and filter of a table"
            ),
        ]
        if let opening { rows.append(("opening", opening.text)) }
        if let writesPerSync {
            rows.append(("group commit", "\(decimal(writesPerSync, 1)) writes a sync"))
        }
        return table.lines + [""] + Columns.lines(rows)
    }

    private var table: TextTable {
        var table = TextTable([
            ("\(valueBytes) bytes", .left), ("ops/s", .right), ("p50 µs", .right),
            ("p99 µs", .right), ("p99.9 µs", .right), ("CPU µs", .right), ("all CPU µs", .right),
            ("settle s", .right), ("written", .right), ("peak", .right),
        ])
        for row in measured {
            let operations = Double(max(1, row.operations))
            table.add([
                row.workload.rawValue, decimal(row.operationsPerSecond, 0),
                decimal(row.microseconds(within: 0.5), 2),
                decimal(row.microseconds(within: 0.99), 2),
                decimal(row.microseconds(within: 0.999), 1),
                decimal(row.threadSeconds * 1e6 / operations, 2),
                decimal(row.processSeconds * 1e6 / operations, 2), decimal(row.settleSeconds, 2),
                row.writeAmplification.map { decimal($0, 2) } ?? "-", bytesText(row.peakBytes),
            ])
        }
        return table
    }
}

/// What was measured on what machine.
struct StorageReport: Hashable, Sendable {
    var machine: Machine
    /// Where the data lay.
    var fileSystem: String
    var blockCacheBytes: Int
    var results: [StorageResult]

    /// The lines to print: the tables, and how to read them.
    var lines: [String] {
        let heading = Columns.lines([
            (
                "machine",
                "\(counted(machine.cores, "core")) of \(machine.model), "
                    + "\(bytesText(machine.memoryBytes)) memory, \(machine.kernel), "
                    + "load \(decimal(machine.load, 1)) before"
            ),
            ("file system", fileSystem),
            ("block cache", bytesText(blockCacheBytes)),
        ])
        return heading + results.flatMap { [""] + $0.lines } + [
            "",
            "One foreground thread; p50 to p99.9 of operations, of pages for a scan.",
            "CPU: processor time an operation of that thread, and of all until nothing was left to",
            "do in the background, which took settle s longer. Written: bytes to disk (log, flush,",
            "compaction) for each byte of records accepted.",
        ]
    }
}
