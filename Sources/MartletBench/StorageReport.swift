// What a measurement of storage came to, as a value. No IO.
internal import MartletStorage

/// One workload, measured.
package struct StorageMeasurement: Hashable, Sendable {
    /// What was done.
    package var workload: StorageWorkload
    /// How often.
    package var operations = 0
    /// Until the last operation had returned.
    package var seconds = 0.0
    /// Processor time of the foreground thread in that time.
    package var threadSeconds = 0.0
    /// From there until no background work was left.
    package var settleSeconds = 0.0
    /// Processor time of all threads until then.
    package var processSeconds = 0.0
    /// Of each operation; of each page of a scan.
    var latency = StorageLatency()
    /// Most memory that was resident, in bytes.
    package var peakBytes = 0
    /// What was written to the disk.
    var traffic = StorageTraffic()
    /// Bytes of batches that the engine took.
    package var acceptedBytes = 0

    init(_ workload: StorageWorkload) {
        self.workload = workload
    }

    /// How often in a second.
    package var operationsPerSecond: Double { Double(operations) / max(seconds, 1e-9) }

    /// Bytes written for each byte accepted; nil where nothing was.
    package var writeAmplification: Double? {
        if acceptedBytes == 0 { return nil }
        let written = traffic.logBytes + traffic.tableBytes + traffic.otherBytes
        return Double(written) / Double(acceptedBytes)
    }

    /// What `share` of all operations stayed within.
    package func microseconds(within share: Double) -> Double {
        Double(latency.nanoseconds(within: share)) / 1_000
    }
}

/// All workloads with one value size.
package struct StorageResult: Hashable, Sendable {
    /// Keys that were filled in.
    package var keys: Int
    /// The length of each value.
    package var valueBytes: Int
    /// What making a batch takes the foreground thread beside the engine.
    package var generationNanoseconds = 0.0
    /// One for each workload.
    package var measured: [StorageMeasurement] = []
    /// Tables of each level, once all was measured.
    package var tables: [Int] = []
    /// Files of tables, in bytes.
    package var tableBytes = 0
    /// Their records before compression, in bytes.
    package var recordBytes = 0
    /// Indexes and filters in memory, in bytes.
    package var mapBytes = 0
    /// Keys and values, in bytes.
    package var liveBytes = 0
    /// Opening it anew, after a clean stop.
    package var opening: StorageOpening?
    /// Writes that shared a sync; nil where that was not measured.
    package var writesPerSync: Double?

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
    package var compression: Double { Double(recordBytes) / Double(max(1, tableBytes)) }
    /// Tables by keys and values: below 1 where compression saves more than old records cost.
    package var spaceAmplification: Double { Double(tableBytes) / Double(max(1, liveBytes)) }
    /// Tables of all levels.
    package var tableCount: Int { tables.reduce(0, +) }
}

/// What was measured on what machine.
package struct StorageReport: Hashable, Sendable {
    /// Where it was measured.
    package var machine: Machine
    /// Where the data lay.
    package var fileSystem: String
    /// The limit of the block cache.
    package var blockCacheBytes: Int
    /// One for each value size.
    package var results: [StorageResult] = []

    /// What was measured on `machine`, of no value size yet.
    package init(machine: Machine, fileSystem: String, blockCacheBytes: Int) {
        self.machine = machine
        self.fileSystem = fileSystem
        self.blockCacheBytes = blockCacheBytes
    }
}
