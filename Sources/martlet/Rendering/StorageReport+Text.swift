// What a measurement of storage came to, as a person reads it.
internal import MartletBench

extension StorageReport {
    /// The lines to print: the tables, and how to read them.
    var lines: [String] {
        let heading = Columns.lines([
            ("machine", machine.text),
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

extension StorageOpening {
    /// One line.
    var text: String {
        "\(decimal(seconds, 2)) s: \(counted(tables, "table")), \(batches) batches in "
            + "\(bytesText(logBytes)) of log; memtables \(bytesText(memtableBytes)), indexes and "
            + "filters \(bytesText(mapBytes)), resident \(bytesText(residentBytes))"
    }
}
