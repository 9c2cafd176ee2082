// The storage engine's foreground: what a node's loop reads and writes at memory speed. It does no
// IO once open. What it needs done leaves as values that the shell carries to threads of its own,
// and what came of it returns as events:
//
//     takeChunk ──► LogWriter    ──► logAnswered      the log: one write, one sync, many batches
//     takeReads ──► BlockRead    ──► readsAnswered    blocks that are in no cache
//     takeJobs  ──► StorageWorker ──► jobAnswered     flushes, compactions, salvage, removals
//
// A batch goes into the newest memtable and into the log at once. A full memtable is written out
// as a table of level 0 and the log behind it let go; compactions move tables down the levels. A
// read looks into the memtables, then the tables, newest first (O'Neil et al. 1996, "The
// log-structured merge-tree"; levels as in LevelDB).
internal import MartletBase

/// One node's storage, confined to the loop that owns it.
public final class StorageEngine {
    private enum LogState {
        case open
        case full(DiskError)
        case failed(DiskError)
    }

    /// What the next chunk has room for at first: the few small batches of a usual turn.
    private static let gatheredBytes = 512

    /// A chunk that is not durable yet.
    private struct Waiting {
        var last: LogPosition
        var bytes: Int
    }

    let options: StorageOptions
    /// The memtables, newest first: the first takes the writes, the others are being flushed.
    var layers: [Layer]
    var version: Version
    let cache: BlockCache
    /// For what blocks: start-up, tools and checkers. The shell has its own way to the files.
    let files: OpenFiles
    /// The Merkle trees of the partitions' objects.
    let trees: TreeSet
    /// The `state` space, all of it: a node's own few entries are never waited for.
    var state: [StorageKey: Bytes] = [:]
    var reads = PendingReads()
    var jobs = JobBoard()
    var reserve: Reserve
    var snapshotCount = 0
    /// `counters`, but for those that the cache keeps.
    var counts = StorageCounters()

    private var log = LogState.open
    /// The encoded batches that no chunk holds yet.
    private var gathered = ByteWriter(capacity: gatheredBytes)
    private var gatheredFirst: LogPosition
    private var gatheredNeedsSync = false
    /// Up to where a sync has been asked for, whatever the mode.
    private var syncAsked = LogPosition.start
    private var sealed: [LogChunk] = []
    private var waiting: [Waiting] = []

    /// The position of the last batch accepted.
    public private(set) var appended: LogPosition
    /// The position up to which batches are durable, as the sync mode defines it (`SyncMode`).
    public private(set) var durable: LogPosition
    /// The position up to which batches survive a loss of power, in every sync mode.
    public private(set) var synced: LogPosition
    /// Bytes of batches that wait to become durable.
    public private(set) var pendingBytes = 0

    init(
        options: StorageOptions, layers: [Layer], trees: TreeSet, version: Version,
        files: OpenFiles, recovered: LogPosition
    ) {
        self.options = options
        self.layers = layers
        self.trees = trees
        self.version = version
        self.files = files
        cache = BlockCache(limitBytes: options.blockCacheBytes)
        reserve = Reserve(share: options.reserveShare)
        appended = recovered
        durable = recovered
        synced = recovered
        gatheredFirst = recovered.advanced(by: 1)
    }

    /// What the engine has done so far.
    public var counters: StorageCounters {
        var all = counts
        all.cacheHits = cache.hits
        all.cacheMisses = cache.misses
        return all
    }

    /// How many entries there are, about: one that was written again counts twice until a
    /// compaction has merged the two.
    public var entryEstimate: Int {
        layers.reduce(version.entryEstimate) { $0 + $1.memtable.liveCount }
    }

    /// Bytes that all memtables take.
    public var memtableBytes: Int { layers.reduce(0) { $0 + $1.memtable.byteCount } }

    /// Bytes that the blocks in the cache take.
    public var cachedBytes: Int { cache.byteCount }

    /// Why writes are refused whatever their size; nil while they are not.
    public var refusal: WriteRefusal? {
        switch log {
        case .full(let error): return .diskFull(error)
        case .failed(let error): return .logFailed(error)
        case .open: break
        }
        if let failure = jobs.failure { return .manifestFailed(failure) }
        return backlog >= 1 ? .behind(jobs.lastRefusal) : nil
    }

    // MARK: Writing

    /// Applies `batch` to the memtable and gathers it for the log as one atomic record; O(batch).
    /// It may be acknowledged as durable once `durable` has reached the position returned. After a
    /// refusal nothing has changed. With `isSynced` the log is synced as soon as it holds the
    /// batch, in every sync mode.
    @discardableResult
    public func write(
        _ batch: WriteBatch, isSynced: Bool = false
    ) throws(WriteRefusal) -> LogPosition {
        if let refusal {
            guard isExempt(batch, from: refusal) else {
                if case .behind = refusal { counts.marks.occurred(.refusedBehind) }
                throw refusal
            }
            counts.marks.occurred(.exemptFromBacklog)
        }
        if batch.isEmpty { return appended }
        let bytes = batch.byteCount
        if bytes > options.batchLimitBytes { throw .batchLimit }
        if pendingBytes > 0, pendingBytes + bytes > options.pendingLimitBytes {
            counts.marks.occurred(.refusedPending)
            throw .pendingLimit
        }
        return accept(batch, isSynced: isSynced)
    }

    /// What a node writes of itself is little, and no backlog stands against it: a node that was
    /// behind when it crashed could not start, and so never catch up.
    private func isExempt(_ batch: WriteBatch, from refusal: WriteRefusal) -> Bool {
        guard case .behind = refusal else { return false }
        return batch.changes.allSatisfy { change in
            switch change {
            case .put(let key, _), .delete(let key): key.space == .state
            case .drop: false
            }
        }
    }

    /// `write` once nothing stands against it.
    func accept(_ batch: WriteBatch, isSynced: Bool) -> LogPosition {
        let bytes = batch.byteCount
        if gathered.count > 0, gathered.count + bytes > options.chunkTargetBytes { seal() }
        let start = gathered.count
        batch.encode(into: &gathered, digest: trees.digest)
        pendingBytes += gathered.count - start
        counts.acceptedBytes += UInt64(gathered.count - start)
        appended = appended.advanced(by: 1)
        apply(gathered, from: start, mayDrop: batch.hasDrop)
        if isSynced { syncSoon() }
        return appended
    }

    /// Has the log synced as soon as it holds all that was accepted so far, in every sync mode.
    public func syncSoon() {
        guard options.sync != .everyWrite, appended > max(synced, syncAsked) else { return }
        syncAsked = appended
        gatheredNeedsSync = true
    }

    /// Puts the batch that `encoded` holds from `start` on into the newest memtable.
    private func apply(_ encoded: ByteWriter, from start: Int, mayDrop: Bool) {
        let bytes = encoded.bytes
        var reader = ByteReader(bytes, start..<bytes.count)
        do throws(FormatError) {
            try LayerStack.apply(
                &reader, at: appended, to: &layers, trees, mayDrop: mayDrop, options: options
            ) { record in
                guard record.space == .state else { return }
                let key = record.storageKey(in: bytes.raw)
                state[key] = record.kind == .put ? bytes.raw.copy(record.value) : nil
            }
        } catch {
            invariant(false, "a batch just encoded: \(error)")
        }
    }

    private func seal() {
        var chunk = LogChunk(first: gatheredFirst, last: appended, payload: gathered.take())
        gathered = ByteWriter(capacity: Self.gatheredBytes)
        chunk.delay = Backlog.delay(at: backlog, bytes: chunk.byteCount)
        counts.marks.occurred(.chunkDelayed, if: chunk.delay > .zero)
        chunk.needsSync = gatheredNeedsSync
        gatheredNeedsSync = false
        sealed.append(chunk)
        gatheredFirst = appended.advanced(by: 1)
    }

    // MARK: The log

    /// What gathered since the last call, for `LogWriter.commit`, oldest first; nil when there is
    /// nothing. Call until nil at the end of a loop's turn: the chunks of one turn share a sync.
    public func takeChunk() -> LogChunk? {
        if sealed.isEmpty {
            if gathered.count == 0, !gatheredNeedsSync { return nil }
            seal()
        }
        let chunk = sealed.removeFirst()
        if chunk.byteCount > 0 {
            waiting.append(Waiting(last: chunk.last, bytes: chunk.byteCount))
        }
        return chunk
    }

    /// All that gathered since the last call, oldest first: what `takeChunk` gives until nil.
    public func takeChunks() -> [LogChunk] {
        var chunks: [LogChunk] = []
        while let chunk = takeChunk() { chunks.append(chunk) }
        return chunks
    }

    /// The position up to which the tables hold everything: the log up to there is not needed.
    public var flushed: LogPosition { version.manifest.flushed }

    /// The log writer's answer to a commit or sync. A full disk stops writes until a later answer
    /// shows that the kept chunks got through; a failure stops them for good, since what a failed
    /// sync leaves is unknown. Reads go on, and show batches that were never durable.
    public func logAnswered(_ outcome: LogOutcome) {
        if case .failed = log { return }
        noteMarks(of: outcome)
        switch outcome {
        case .written(let position):
            log = .open
            if options.sync != .everyWrite { advanceDurable(to: position) }
        case .synced(let position):
            log = .open
            if position > synced { synced = position }
            advanceDurable(to: position)
        case .full(let error):
            log = .full(error)
        case .failed(let error):
            log = .failed(error)
        }
    }

    private func noteMarks(of outcome: LogOutcome) {
        switch outcome {
        case .written, .synced: if case .full = log { counts.marks.occurred(.logOpenAgain) }
        case .full: counts.marks.occurred(.logFull)
        case .failed: counts.marks.occurred(.logFailed)
        }
    }

    private func advanceDurable(to position: LogPosition) {
        invariant(position <= appended, "durable at \(position), appended \(appended)")
        guard position > durable else { return }
        durable = position
        let done = waiting.firstIndex { $0.last > position } ?? waiting.count
        for chunk in waiting[..<done] { pendingBytes -= chunk.bytes }
        waiting.removeFirst(done)
        invariant(pendingBytes >= 0, "\(pendingBytes) bytes pending at \(position)")
    }

    /// Checks the parts and the counters against each other; O(n), for tests.
    public func checkInvariants() {
        for layer in layers { layer.memtable.checkInvariants() }
        cache.checkInvariants()
        trees.checkInvariants()
        checkCounters()
    }

    /// Checks the counters alone; O(chunks), for simulation.
    public func checkCounters() {
        let known = waiting.reduce(0) { $0 + $1.bytes } + sealed.reduce(0) { $0 + $1.byteCount }
        invariant(
            pendingBytes == known + gathered.count,
            "\(pendingBytes) bytes pending, \(known) in chunks, \(gathered.count) gathered")
        invariant(
            synced <= durable && durable <= appended,
            "synced \(synced), durable \(durable), appended \(appended)")
        invariant(flushed <= appended, "flushed \(flushed), appended \(appended)")
    }
}
