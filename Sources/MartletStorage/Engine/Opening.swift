// Opening: the manifest says which tables are data, the log brings what came after them. What a
// crash left half done is removed; what does not read back is put aside and reported.
internal import MartletBase

/// What opening a node's storage found.
public struct RecoveryReport: Hashable, Sendable {
    /// Tables opened.
    public internal(set) var tables = 0
    /// Segments of the log read.
    public internal(set) var segments = 0
    /// Whole chunks read.
    public internal(set) var chunks = 0
    /// Batches in them.
    public internal(set) var batches = 0
    /// Bytes of segments read, without the zeros written ahead.
    public internal(set) var bytes = 0
    /// Bytes cut from the end of the last segment because a crash had torn them; 0 otherwise.
    public internal(set) var tornBytes = 0
    /// The position of the last batch known.
    public internal(set) var recovered = LogPosition.start
}

/// What `StorageEngine.open` hands over: one part for the loop, the others for threads that may
/// block.
public struct OpenedStorage {
    /// The foreground.
    public let engine: StorageEngine
    /// Writes and syncs the log.
    public let log: LogWriter
    /// Flushes and compacts.
    public let worker: StorageWorker
    /// The tables' files, for `BlockRead`s.
    public let files: OpenFiles
    /// What was found.
    public let report: RecoveryReport
}

extension StorageEngine {
    /// Takes the disk, opens its tables, replays its log; makes what an empty one needs. Blocks;
    /// O(log + tables).
    public static func open(
        disk: any Disk, options: StorageOptions = StorageOptions()
    ) throws(StorageError) -> OpenedStorage {
        try options.validate()
        do { try disk.lock() } catch { throw .disk(error) }
        do {
            return try Opening(disk: disk, options: options).run()
        } catch {
            disk.unlock()
            throw error
        }
    }
}

private struct Opening {
    let disk: any Disk
    let options: StorageOptions

    private func onDisk<Value>(
        _ body: () throws(DiskError) -> Value
    ) throws(StorageError) -> Value {
        do { return try body() } catch { throw .disk(error) }
    }

    func run() throws(StorageError) -> OpenedStorage {
        let names = try onDisk { () throws(DiskError) in try disk.list() }
        let found = try ManifestWriter.recover(names, on: disk)
        // No crash makes a named table go. If the manifest's last words are lost, what it does not
        // name may be the data: nothing must be removed then.
        let present = Set(names)
        for placed in found.manifest.tables where !present.contains(placed.table.fileName) {
            throw .missingTable(file: placed.table.fileName)
        }
        let marked = try LogMarkFile.read(names, manifest: found.fileName, on: disk)
        let mark = try onDisk { () throws(DiskError) in try LogMarkFile.open(marked, on: disk) }
        let writer = try onDisk { () throws(DiskError) in try openManifest(found) }
        let tables = try openTables(writer)
        try removeStrangers(names, writer.manifest)

        let files = OpenFiles(disk: disk, limit: options.openTableLimit)
        let worker = StorageWorker(disk: disk, options: options, manifest: writer, files: files)
        let version = Version(writer.manifest, tables: tables)
        let trees = TreeSet(options.digest, losing: writer.manifest.damage)
        let unread = try trees.load(version, files)
        let replay = Replay(version, trees, worker: worker, options: options)
        var recovery = LogRecovery(
            disk: disk, options: options, flushed: replay.version.manifest.flushed,
            mark: mark.mark, apply: replay.apply)
        let (log, report) = try recovery.run(names, marking: mark)
        let engine = StorageEngine(
            options: options, layers: replay.layers, trees: trees, version: replay.version,
            files: files, recovered: report.recovered)
        log.release(upTo: engine.flushed)
        engine.noteMarks(of: report)
        engine.counts.marks.occurred(
            .salvagedAtOpen, if: version.manifest.damage.count > found.manifest.damage.count)
        engine.counts.marks.occurred(
            .flushedInReplay, if: engine.flushed > version.manifest.flushed)
        try engine.loadState()
        if let space = try? disk.space() { engine.reserve.measured(space) }
        engine.recallDamage()
        for (block, error) in unread { engine.noteDamage(error, block) }
        var complete = report
        complete.tables = tables.count
        return OpenedStorage(
            engine: engine, log: log, worker: worker, files: files, report: complete)
    }

    /// The manifest made anew, or, where the disk is too full for that, the one that was found.
    private func openManifest(_ found: ManifestWriter.Found) throws(DiskError) -> ManifestWriter {
        do {
            return try ManifestWriter.create(
                found.manifest, on: disk, growthBytes: options.manifestGrowthBytes,
                replacing: found.numbers)
        } catch {
            guard error.cause == .noSpace, error.operation != .sync, found.number != nil else {
                throw error
            }
            return try ManifestWriter.goOn(
                with: found, on: disk, growthBytes: options.manifestGrowthBytes)
        }
    }

    // MARK: Tables

    /// The maps of all tables. One that does not read back is salvaged here and now.
    private func openTables(_ writer: ManifestWriter) throws(StorageError) -> [UInt64: Table] {
        var tables: [UInt64: Table] = [:]
        for placed in writer.manifest.tables {
            do throws(TableError) {
                let map = try openMap(placed.table)
                tables[placed.table.number] = Table(
                    BuiltTable(summary: placed.table, map: map))
            } catch {
                for built in try salvage(placed, error, writer) {
                    tables[built.summary.number] = Table(built)
                }
            }
        }
        return tables
    }

    private func openMap(_ summary: TableSummary) throws(TableError) -> TableMap {
        let file: any DiskFile
        do { file = try disk.open(summary.fileName, .reading) } catch { throw .disk(error) }
        return try TableReader.openMap(file, expecting: summary)
    }

    /// What can be had of a table whose index or filter is damaged.
    private func salvage(
        _ placed: Manifest.Placed, _ error: TableError, _ writer: ManifestWriter
    ) throws(StorageError) -> [BuiltTable] {
        if case .disk(let error) = error, !error.isLossOfData { throw .disk(error) }
        let stateRanks = Rank.all(of: .state, 0)
        if placed.table.ranks.overlaps(stateRanks) {
            throw .stateLost(
                DamagedRange(
                    file: placed.table.fileName, ranks: placed.table.ranks, reason: "\(error)"))
        }
        return try onDisk { () throws(DiskError) in
            var output = TableOutput(
                disk: disk, options: options.table, cutBytes: .max,
                newest: placed.table.newest)
            let damage = try Salvage.walk(placed.table, error, disk, into: &output) {
                writer.takeNumber()
            }
            let built = try output.finish()
            try writer.append(
                Salvage.edit(of: placed.table, level: placed.level, built, damage))
            return built
        }
    }

    /// Removes tables that no manifest names: a crash stopped the job that made them, or the
    /// removal of those that were no longer data, or damage was found in them just now.
    private func removeStrangers(
        _ names: [String], _ manifest: Manifest
    ) throws(StorageError) {
        let known = Set(manifest.tables.map(\.table.fileName))
        let strangers = names.filter { TableFormat.number($0) != nil && !known.contains($0) }
        if strangers.isEmpty { return }
        try onDisk { () throws(DiskError) in
            try Salvage.clear(strangers, manifest, disk)
            try disk.syncDirectory()
        }
    }
}

/// Takes the log's batches into memtables, and writes those out that are full.
private final class Replay {
    private(set) var layers: [Layer]
    private(set) var version: Version
    private let trees: TreeSet
    private let worker: StorageWorker
    private let options: StorageOptions
    /// Whether the disk is full: what was replayed stays in memory, as it did before the crash.
    private var isFull = false

    init(
        _ version: Version, _ trees: TreeSet, worker: StorageWorker, options: StorageOptions
    ) {
        self.version = version
        self.trees = trees
        self.worker = worker
        self.options = options
        layers = [Layer(after: version.manifest.flushed, options: options)]
    }

    func apply(
        _ reader: inout ByteReader, _ position: LogPosition, _ isFlushed: Bool
    ) throws(LogRecovery.BatchFailure) {
        try LayerStack.replay(
            &reader, at: position, isFlushed: isFlushed, to: &layers, trees, options: options)
        // Those that a drop has closed may be small: they go into one table, as they would have.
        let full = layers.dropFirst().reduce(0) { $0 + $1.memtable.byteCount }
        if full >= options.flushBytes, !isFull { try flush() }
    }

    private func flush() throws(LogRecovery.BatchFailure) {
        let full = Array(layers.dropFirst())
        worker.submit(StorageJob(work: .flush(full)))
        guard let outcome = worker.step() else { return }
        switch outcome.result {
        case .done(let edit, let built):
            version = version.after(edit, built)
            layers.removeLast(full.count)
        case .refused(let error) where error.cause == .noSpace: isFull = true
        case .refused(let error), .failed(let error): throw .storage(.disk(error))
        case .removed, .scrubbed, .measured, .damaged:
            invariant(false, "a flush ended as \(outcome.result)")
        }
    }
}

extension StorageEngine {
    fileprivate func noteMarks(of report: RecoveryReport) {
        counts.marks.occurred(.logTorn, if: report.tornBytes > 0)
        counts.marks.occurred(.logOfSegments, if: report.segments > 1)
    }

    /// Brings the node's own entries into memory, where they stay.
    fileprivate func loadState() throws(StorageError) {
        var cursor: StorageKey?
        repeat {
            let page = try scanNow(.state, after: cursor)
            for entry in page.entries { state[entry.key] = entry.value }
            cursor = page.next
        } while cursor != nil
    }
}
