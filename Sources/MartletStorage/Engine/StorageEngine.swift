// The storage engine's foreground: what a node's loop reads and writes at memory speed. It does no
// IO once open; the log leaves as chunks (`takeChunk`) for the `LogWriter` on its thread, and how
// far that has come returns as an event (`logAnswered`). Until there are tables, the log is the
// data and the memtable holds all of it.
internal import MartletBase

/// One node's storage, confined to the loop that owns it.
package final class StorageEngine {
    private enum LogState {
        case open
        case full(DiskError)
        case failed(DiskError)
    }

    /// A chunk that is not durable yet.
    private struct Waiting {
        var last: LogPosition
        var bytes: Int
    }

    private let options: StorageOptions
    private var memtable: Memtable
    private var checkpoint: Checkpoint
    private var log = LogState.open
    /// The encoded batches that no chunk holds yet.
    private var gathered = ByteWriter()
    private var gatheredFirst: LogPosition
    private var sealed: [LogChunk] = []
    private var waiting: [Waiting] = []

    /// The position of the last batch accepted.
    package private(set) var appended: LogPosition
    /// The position up to which batches are durable, as the sync mode defines it (`SyncMode`).
    package private(set) var durable: LogPosition
    /// The position up to which batches survive a loss of power, in every sync mode.
    package private(set) var synced: LogPosition
    /// Bytes of batches that wait to become durable.
    package private(set) var pendingBytes = 0

    init(
        options: StorageOptions, memtable: Memtable, loggedBytes: Int, recovered: LogPosition
    ) {
        self.options = options
        self.memtable = memtable
        checkpoint = Checkpoint(loggedBytes: loggedBytes)
        appended = recovered
        durable = recovered
        synced = recovered
        gatheredFirst = recovered.advanced(by: 1)
    }

    /// How many entries there are.
    package var entryCount: Int { memtable.count }
    /// Bytes that the entries take in memory, to compare with `memtableLimitBytes`.
    package var memtableBytes: Int { memtable.byteCount }

    /// Why writes are refused whatever their size; nil while they are not.
    package var refusal: WriteRefusal? {
        switch log {
        case .open: nil
        case .full(let error): .diskFull(error)
        case .failed(let error): .logFailed(error)
        }
    }

    // MARK: Reading

    /// What `key` holds: every accepted batch is visible at once. O(1).
    package func get(_ key: StorageKey) -> ReadOutcome {
        memtable.get(key).map { .found($0) } ?? .absent
    }

    /// Sees to it that `get` can answer for `keys`; the reads go out with `takeReads`. Until a
    /// pending load is released nobody else may write the keys.
    package func load(_ keys: [StorageKey]) -> LoadOutcome { .ready }

    /// Ends a load: its keys need no longer be got.
    package func release(_ ticket: ReadTicket) {}

    /// The reads that `readsAnswered` has completed since the last call, in order of completion.
    package func takeCompleted() -> [CompletedRead] { [] }

    /// Entries of `space` in `partitions`, ascending, starting after `cursor`, about `limitBytes`
    /// of them but at least one. To go on, pass the page's `next` as the cursor: what is written
    /// meanwhile is seen where it lies ahead, and nothing comes twice.
    package func scan(
        _ space: StorageKey.Space, partitions: ClosedRange<UInt16> = 0...UInt16.max,
        after cursor: StorageKey? = nil, limitBytes: Int
    ) -> ScanOutcome {
        .page(memtable.scan(space, partitions, after: cursor, limitBytes: limitBytes))
    }

    /// As `scan`, but it reads from the disk what is in no cache, and blocks: for start-up, tools
    /// and checkers.
    package func scanNow(
        _ space: StorageKey.Space, partitions: ClosedRange<UInt16> = 0...UInt16.max,
        after cursor: StorageKey? = nil, limitBytes: Int = 1 << 20
    ) throws(StorageError) -> ScanPage {
        memtable.scan(space, partitions, after: cursor, limitBytes: limitBytes)
    }

    /// Ranges in which this node has found data lost since the last call; each is told once. The
    /// node must name its writes by a new actor, and have the ranges repaired.
    package func takeDamage() -> [DamagedRange] { [] }

    // MARK: Writing

    /// Applies `batch` to the memtable and gathers it for the log as one atomic record; O(batch).
    /// It may be acknowledged as durable once `durable` has reached the position returned. After a
    /// refusal nothing has changed.
    @discardableResult
    package func write(_ batch: WriteBatch) throws(WriteRefusal) -> LogPosition {
        if let refusal { throw refusal }
        let bytes = batch.byteCount
        if bytes > options.batchLimitBytes { throw .batchLimit }
        if pendingBytes > 0, pendingBytes + bytes > options.pendingLimitBytes {
            throw .pendingLimit
        }
        if memtable.byteCount + bytes > options.memtableLimitBytes {
            throw .memtableLimit
        }
        if batch.isEmpty { return appended }
        if gathered.count > 0, gathered.count + bytes > options.chunkTargetBytes { seal() }
        memtable.apply(batch)
        checkpoint.logged(gather(batch))
        return appended
    }

    /// Encodes a batch behind those that wait for a chunk; its length.
    private func gather(_ batch: WriteBatch) -> Int {
        let before = gathered.count
        batch.encode(into: &gathered)
        let bytes = gathered.count - before
        pendingBytes += bytes
        appended = appended.advanced(by: 1)
        return bytes
    }

    private func seal(_ end: CheckpointEnd? = nil) {
        var chunk = LogChunk(first: gatheredFirst, last: appended, payload: gathered.take())
        chunk.checkpoint = end
        sealed.append(chunk)
        gatheredFirst = appended.advanced(by: 1)
    }

    /// Logs live entries again where the log has grown too long, in a chunk of their own.
    private func logAgain() {
        guard let step = checkpoint.step(&memtable, options: options) else { return }
        _ = gather(step.batch)
        seal(step.end)
    }

    // MARK: The log

    /// What gathered since the last call, for `LogWriter.commit`, oldest first; nil when there is
    /// nothing. Call until nil at the end of a loop's turn: the chunks of one turn share a sync.
    /// Some carry no new batch but old entries logged again, which is how the log is kept short;
    /// they take positions of their own.
    package func takeChunk() -> LogChunk? {
        if sealed.isEmpty {
            if gathered.count == 0 { return nil }
            seal()
            logAgain()
        }
        let chunk = sealed.removeFirst()
        waiting.append(Waiting(last: chunk.last, bytes: chunk.byteCount))
        return chunk
    }

    /// The log writer's answer to a commit or sync. A full disk stops writes until a later answer
    /// shows that the kept chunks got through; a failure stops them for good (DESIGN §8: after a
    /// failed sync nothing is retried). Reads go on, and show batches that were never durable.
    package func logAnswered(_ outcome: LogOutcome) {
        if case .failed = log { return }
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

    private func advanceDurable(to position: LogPosition) {
        invariant(position <= appended, "durable at \(position), appended \(appended)")
        guard position > durable else { return }
        durable = position
        let done = waiting.firstIndex { $0.last > position } ?? waiting.count
        for chunk in waiting[..<done] { pendingBytes -= chunk.bytes }
        waiting.removeFirst(done)
        invariant(pendingBytes >= 0, "\(pendingBytes) bytes pending at \(position)")
    }

    /// Checks the memtable and the counters against each other; O(n), for tests.
    package func checkInvariants() {
        memtable.checkInvariants()
        let known = waiting.reduce(0) { $0 + $1.bytes } + sealed.reduce(0) { $0 + $1.byteCount }
        invariant(
            pendingBytes == known + gathered.count,
            "\(pendingBytes) bytes pending, \(known) in chunks, \(gathered.count) gathered")
        invariant(
            synced <= durable && durable <= appended,
            "synced \(synced), durable \(durable), appended \(appended)")
    }
}
