// A measurement of storage as a program reads it: the same figures under names with units.

/// What `martlet bench storage --json` prints.
package struct StorageReportJSON: Encodable {
    struct Workload: Encodable {
        var name: StorageWorkload
        var operations: Int
        var operationsPerSecond: Double
        var p50Microseconds: Double
        var p99Microseconds: Double
        var p999Microseconds: Double
        var threadMicroseconds: Double
        var processMicroseconds: Double
        var settleSeconds: Double
        var acceptedBytes: Int
        var logBytes: Int
        var tableBytes: Int
        var writeAmplification: Double?
        var peakBytes: Int
    }

    struct Result: Encodable {
        var keys: Int
        var valueBytes: Int
        var generationNanoseconds: Double
        var workloads: [Workload]
        var tablesByLevel: [Int]
        var tableBytes: Int
        var recordBytes: Int
        var mapBytes: Int
        var compression: Double
        var spaceAmplification: Double
        var opening: StorageOpening?
        var writesPerSync: Double?
    }

    var machine: Machine
    var fileSystem: String
    var blockCacheBytes: Int
    var results: [Result]

    /// The figures of `report`.
    package init(_ report: StorageReport) {
        machine = report.machine
        fileSystem = report.fileSystem
        blockCacheBytes = report.blockCacheBytes
        results = report.results.map(Result.init)
    }
}

extension StorageReportJSON.Result {
    init(_ result: StorageResult) {
        self.init(
            keys: result.keys, valueBytes: result.valueBytes,
            generationNanoseconds: result.generationNanoseconds,
            workloads: result.measured.map(StorageReportJSON.Workload.init),
            tablesByLevel: result.tables, tableBytes: result.tableBytes,
            recordBytes: result.recordBytes, mapBytes: result.mapBytes,
            compression: result.compression, spaceAmplification: result.spaceAmplification,
            opening: result.opening,
            writesPerSync: result.writesPerSync)
    }
}

extension StorageReportJSON.Workload {
    init(_ row: StorageMeasurement) {
        let operations = Double(max(1, row.operations))
        self.init(
            name: row.workload, operations: row.operations,
            operationsPerSecond: row.operationsPerSecond,
            p50Microseconds: row.microseconds(within: 0.5),
            p99Microseconds: row.microseconds(within: 0.99),
            p999Microseconds: row.microseconds(within: 0.999),
            threadMicroseconds: row.threadSeconds * 1e6 / operations,
            processMicroseconds: row.processSeconds * 1e6 / operations,
            settleSeconds: row.settleSeconds, acceptedBytes: row.acceptedBytes,
            logBytes: row.traffic.logBytes, tableBytes: row.traffic.tableBytes,
            writeAmplification: row.writeAmplification, peakBytes: row.peakBytes)
    }
}
