// What a measurement of exchanges came to, as a person reads it and as a program does. No IO.

/// One value size, measured.
struct ExchangeResult: Hashable, Sendable, Encodable {
    /// What was sent of one kind of message.
    struct Share: Hashable, Sendable, Encodable {
        var kind: ExchangeTraffic.Kind
        var messages: Int
        /// With the headers of their frames.
        var bytes: Int
    }

    var keys: Int
    var valueBytes: Int
    var replicas: Int
    /// Keys that one replica lacked.
    var keysLost = 0
    /// Their bytes and those of their values.
    var bytesLost: Int { keysLost * (StorageLoad.keyBytes + valueBytes) }
    /// The same as the storage holds them, with contexts and dots.
    var storedBytesLost = 0
    /// What was sent until the replicas were equal.
    var mending: [Share] = []
    /// All of it.
    var bytesMoved = 0
    /// Virtual time until the replicas were equal.
    var secondsToMend = 0
    /// Processor time for all nodes meanwhile.
    var processorSecondsToMend = 0.0
    /// Leaves of a tree in which keys were lost.
    var leavesInvolved = 0
    /// Leaves that nodes have read.
    var leavesRead = 0
    /// Objects that were sent, with those that were sent twice.
    var objectsPushed = 0
    /// What was sent in an hour in which all were equal.
    var equals: [Share] = []
    /// Roots of two replicas compared in that hour.
    var comparisons = 0
    /// Processor time for all nodes in that hour, with all else that idle nodes do.
    var processorSecondsOfEquals = 0.0
    /// What the trees of one node take in memory.
    var treeBytes = 0

    /// What keeping them costs clients' writes, and the storage's alone.
    var treeCost: TreeCost?
    var storageTreeCost: TreeCost?

    init(_ load: ExchangeLoad) {
        keys = load.keyCount
        valueBytes = load.valueBytes
        replicas = load.replicaCount
    }

    static func shares(of traffic: ExchangeTraffic) -> [Share] {
        traffic.byKind.map { Share(kind: $0, messages: $1.messages, bytes: $1.bytes) }
    }

    /// Bytes moved for each byte lost.
    var ratio: Double { Double(bytesMoved) / Double(max(1, bytesLost)) }

    /// Bytes moved for each byte lost, as the storage held it.
    var storedRatio: Double { Double(bytesMoved) / Double(max(1, storedBytesLost)) }

    private var comparisonBytes: Double {
        let bytes = equals.reduce(0) { $0 + ($1.kind == .other ? 0 : $1.bytes) }
        return Double(bytes) / Double(max(1, comparisons))
    }

    private var comparisonMicroseconds: Double {
        processorSecondsOfEquals * 1e6 / Double(max(1, comparisons))
    }

    // MARK: Text

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

/// What was measured on what machine.
struct ExchangeReport: Hashable, Sendable, Encodable {
    var machine: Machine
    var results: [ExchangeResult]

    /// The lines to print: the tables, and how to read them.
    var lines: [String] {
        let heading = Columns.lines([
            ("machine", "\(counted(machine.cores, "core")) of \(machine.model)")
        ])
        return heading + results.flatMap { [""] + $0.lines } + [
            "",
            "Bytes are those of whole frames. Other: membership, in neither sum. Processor time is",
            "that of all nodes together, with frames made and read, and all that idle nodes do.",
        ]
    }
}
