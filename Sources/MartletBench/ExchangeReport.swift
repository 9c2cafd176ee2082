// What a measurement of exchanges came to, as a value, which programs read as JSON. No IO.

/// One value size, measured.
package struct ExchangeResult: Hashable, Sendable, Encodable {
    /// What was sent of one kind of message.
    package struct Share: Hashable, Sendable, Encodable {
        /// What they were for.
        package var kind: ExchangeTraffic.Kind
        /// How many.
        package var messages: Int
        /// Their bytes, with the headers of their frames.
        package var bytes: Int
    }

    /// Keys that the replicas hold.
    package var keys: Int
    /// The length of each value.
    package var valueBytes: Int
    /// How many replicas there are, a node each.
    package var replicas: Int
    /// Keys that one replica lacked.
    package var keysLost = 0
    /// Their bytes and those of their values.
    package var bytesLost: Int { keysLost * (StorageLoad.keyBytes + valueBytes) }
    /// The same as the storage holds them, with contexts and dots.
    package var storedBytesLost = 0
    /// What was sent until the replicas were equal.
    package var mending: [Share] = []
    /// All of it.
    package var bytesMoved = 0
    /// Virtual time until the replicas were equal.
    package var secondsToMend = 0
    /// Processor time for all nodes meanwhile.
    package var processorSecondsToMend = 0.0
    /// Leaves of a tree in which keys were lost.
    package var leavesInvolved = 0
    /// Leaves that nodes have read.
    package var leavesRead = 0
    /// Objects that were sent, with those that were sent twice.
    package var objectsPushed = 0
    /// What was sent in an hour in which all were equal.
    package var equals: [Share] = []
    /// Roots of two replicas compared in that hour.
    package var comparisons = 0
    /// Processor time for all nodes in that hour, with all else that idle nodes do.
    package var processorSecondsOfEquals = 0.0
    /// What the trees of one node take in memory.
    package var treeBytes = 0

    /// What keeping them costs clients' writes.
    package var treeCost: TreeCost?
    /// What it costs the storage's writes alone.
    package var storageTreeCost: TreeCost?

    init(_ load: ExchangeLoad) {
        keys = load.keyCount
        valueBytes = load.valueBytes
        replicas = load.replicaCount
    }

    static func shares(of traffic: ExchangeTraffic) -> [Share] {
        traffic.byKind.map { Share(kind: $0, messages: $1.messages, bytes: $1.bytes) }
    }

    /// Bytes moved for each byte lost.
    package var ratio: Double { Double(bytesMoved) / Double(max(1, bytesLost)) }

    /// Bytes moved for each byte lost, as the storage held it.
    package var storedRatio: Double { Double(bytesMoved) / Double(max(1, storedBytesLost)) }

    /// Bytes sent for a comparison of equals.
    package var comparisonBytes: Double {
        let bytes = equals.reduce(0) { $0 + ($1.kind == .other ? 0 : $1.bytes) }
        return Double(bytes) / Double(max(1, comparisons))
    }

    /// Processor time for a comparison of equals.
    package var comparisonMicroseconds: Double {
        processorSecondsOfEquals * 1e6 / Double(max(1, comparisons))
    }
}

/// What was measured on what machine.
package struct ExchangeReport: Hashable, Sendable, Encodable {
    /// Where it was measured.
    package var machine: Machine
    /// One for each value size.
    package var results: [ExchangeResult]

    /// What was measured on `machine`.
    package init(machine: Machine, results: [ExchangeResult]) {
        self.machine = machine
        self.results = results
    }
}
