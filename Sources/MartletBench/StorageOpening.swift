// What it takes to open a data directory, as a start of its node does.
package import MartletLocal
package import MartletStorage

/// What opening a data directory took.
package struct StorageOpening: Hashable, Sendable, Encodable {
    /// How long.
    package var seconds: Double
    /// How much log was replayed.
    package var logBytes: Int
    /// How many batches of it.
    package var batches: Int
    /// Tables opened.
    package var tables: Int
    /// What the replayed memtables take.
    package var memtableBytes: Int
    /// What indexes and filters take.
    package var mapBytes: Int
    /// What the whole process has resident. Says something where it did nothing else before.
    package var residentBytes: Int

    /// Opens the data in `directory` and closes it again.
    package init(
        of directory: String, _ options: StorageOptions, signals: StopSignals
    ) throws(LocalFailure) {
        let start = StorageGauges.now
        let stand = try StorageStand(directory, options, signals: signals)
        self.init(stand, seconds: Double(StorageGauges.now - start) / 1e9)
        try stand.stop()
    }

    init(_ stand: StorageStand, seconds: Double) {
        self.seconds = seconds
        logBytes = stand.recovery.bytes
        batches = stand.recovery.batches
        tables = stand.recovery.tables
        memtableBytes = stand.engine.memtableBytes
        mapBytes = stand.engine.levelSizes.reduce(0) { $0 + $1.mapBytes }
        residentBytes = StorageGauges.residentBytes
    }
}
