// What a measurement of exchanges came to, as a person reads it.
internal import MartletBench

extension ExchangeReport {
    /// The lines to print: the tables, and how to read them.
    var lines: [String] {
        let heading = Columns.lines([
            ("machine", machine.processorText)
        ])
        return heading + results.flatMap { [""] + $0.lines } + [
            "",
            "Bytes are those of whole frames. Other: membership, in neither sum. Processor time is",
            "that of all nodes together, with frames made and read, and all that idle nodes do.",
        ]
    }
}

extension ExchangeResult {
    /// The lines to print.
    var lines: [String] {
        var rows = [
            (
                "data",
                "\(keys) keys of 16 bytes, values of \(valueBytes), on \(replicas) nodes"
            ),
            ("lost", "\(keysLost) keys on one node, \(bytesText(bytesLost)) with their values"),
            (
                "moved",
                "\(bytesMoved) bytes: \(decimal(ratio, 3)) for a byte of keys and values lost, "
                    + "\(decimal(storedRatio, 3)) for one as stored; \(objectsPushed) objects"
            ),
            ("leaves", "\(leavesRead) read, \(leavesInvolved) involved"),
            (
                "mended",
                "after \(secondsToMend) s of virtual time, "
                    + "\(decimal(processorSecondsToMend, 2)) s of processor time"
            ),
            (
                "equals",
                "\(comparisons) comparisons of a partition with one other home in an hour: "
                    + "\(decimal(comparisonBytes, 1)) bytes and "
                    + "\(decimal(comparisonMicroseconds, 1)) µs each"
            ),
            (
                "trees",
                "\(bytesText(treeBytes)) a node, "
                    + "\(decimal(Double(treeBytes) / Double(keys), 2)) bytes a key"
            ),
        ]
        if let treeCost { rows.append(("trees cost clients", treeCost.text)) }
        if let storageTreeCost { rows.append(("and storage alone", storageTreeCost.text)) }
        return table.lines + [""] + Columns.lines(rows)
    }

    private var table: TextTable {
        var table = TextTable([
            ("\(valueBytes) bytes", .left), ("messages", .right), ("bytes", .right),
            ("a key lost", .right), ("equal: messages", .right), ("bytes an hour", .right),
        ])
        for kind in ExchangeTraffic.Kind.allCases {
            let mended = mending.first { $0.kind == kind }
            let equal = equals.first { $0.kind == kind }
            if mended == nil, equal == nil { continue }
            let bytes = mended?.bytes ?? 0
            table.add([
                kind.rawValue, "\(mended?.messages ?? 0)", "\(bytes)",
                decimal(Double(bytes) / Double(max(1, keysLost)), 1), "\(equal?.messages ?? 0)",
                "\(equal?.bytes ?? 0)",
            ])
        }
        return table
    }
}

extension TreeCost {
    /// One line.
    var text: String {
        "\(decimal(share * 100, 1)) % of the throughput: \(decimal(with, 2)) µs of processor time "
            + "a write with trees, \(decimal(without, 2)) without"
    }
}
