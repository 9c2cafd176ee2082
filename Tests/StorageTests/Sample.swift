// What the storage tests share: short options, batches by number, an engine driven by hand.
import MartletBase
import MartletStorage

/// An open engine with its blocking halves, driven inline as the simulator does.
struct Sample {
    let disk: MemoryDisk
    let storage: OpenedStorage
    var engine: StorageEngine { storage.engine }
    var log: LogWriter { storage.log }
    var report: RecoveryReport { storage.report }

    init(_ disk: MemoryDisk, _ options: StorageOptions = .small) throws {
        self.disk = disk
        storage = try StorageEngine.open(disk: disk, options: options)
    }

    /// Commits all that gathered, as one group, and tells the engine.
    @discardableResult
    func commit() -> LogOutcome {
        let outcome = log.commit(engine.takeChunks())
        engine.logAnswered(outcome)
        return outcome
    }

    /// Takes one step of the background work, and lets go of the log that it made superfluous;
    /// false when there was nothing to do.
    @discardableResult
    func work() -> Bool {
        for job in engine.takeJobs() { storage.worker.submit(job) }
        guard !storage.worker.isIdle else { return false }
        guard let outcome = storage.worker.step() else { return true }
        engine.jobAnswered(outcome)
        log.release(upTo: engine.flushed)
        return true
    }

    /// Does all background work that is due, up to `limit` steps.
    func settle(limit: Int = 1_000) {
        for _ in 0..<limit where !work() { return }
    }

    /// Reads the blocks that were asked for.
    @discardableResult
    func read() -> [CompletedRead] {
        var completed: [CompletedRead] = []
        while true {
            let reads = engine.takeReads()
            if reads.isEmpty { return completed }
            engine.readsAnswered(reads.map { $0.run(storage.files) })
            completed += engine.takeCompleted()
        }
    }

    /// What `key` holds, with the reads that takes.
    func get(_ key: StorageKey) -> ReadOutcome {
        guard case .pending(let ticket) = engine.load([key]) else { return engine.get(key) }
        read()
        defer { engine.release(ticket) }
        return engine.get(key)
    }

    /// Writes and commits one put.
    func put(_ name: String, _ value: String) throws {
        try engine.write(.putting(name, value))
        commit()
    }

    func value(_ name: String) -> String? {
        guard case .found(let bytes) = get(.named(name)) else { return nil }
        return bytes.text
    }

    /// Every entry that was written, in scan order, pages of `limitBytes` at a time.
    func everything(limitBytes: Int = .max) throws -> [ScanPage.Entry] {
        var entries: [ScanPage.Entry] = []
        for space in StorageKey.Space.written {
            var cursor: StorageKey?
            repeat {
                let page = try engine.scanNow(space, after: cursor, limitBytes: limitBytes)
                entries += page.entries
                cursor = page.next
            } while cursor != nil
        }
        return entries
    }
}

extension StorageOptions {
    /// No compression and no zeros ahead, so that tests can count bytes; trees count entries of
    /// all kinds.
    static var small: StorageOptions {
        var options = StorageOptions()
        options.prewriteBytes = 0
        options.compressLog = false
        options.digest = .kinds
        return options
    }

    /// Memtables, blocks and tables so small that a few writes reach every level.
    static var tiny: StorageOptions {
        var options = StorageOptions.small
        options.flushBytes = 1 << 10
        options.memtableLimitBytes = 64 << 10
        options.blockBytes = 256
        options.tableBytes = 1 << 10
        options.levelZeroTrigger = 2
        options.levelOneBytes = 2 << 10
        options.levelRatio = 2
        options.blockCacheBytes = 4 << 10
        options.segmentBytes = 4 << 10
        return options
    }
}

extension StorageKey {
    static func named(_ name: String) -> StorageKey {
        .object(partition: UInt16(name.utf8.count), key: Bytes(text: name))
    }
}

extension WriteBatch {
    static func putting(_ name: String, _ value: String) -> WriteBatch {
        var batch = WriteBatch()
        batch.put(.named(name), Bytes(text: value))
        return batch
    }
}

let firstSegment = "log-0000000001.mlog"

extension MemoryDisk {
    /// A store of which the log is one segment that holds `bytes`.
    static func holding(log bytes: Bytes) throws -> MemoryDisk {
        let disk = MemoryDisk()
        _ = try Sample(disk).log.close()
        disk.setContents(of: firstSegment, to: bytes)
        return disk
    }

    /// How long the first segment of the log is.
    var logBytes: Int { contents(of: firstSegment)?.count ?? 0 }
}

func hex(_ bytes: Bytes) -> String {
    bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
}

func bytes(hex: String) -> Bytes? {
    let digits = hex.compactMap(\.hexDigitValue)
    guard digits.count == hex.count, digits.count % 2 == 0 else { return nil }
    return stride(from: 0, to: digits.count, by: 2).map {
        UInt8(digits[$0] * 16 + digits[$0 + 1])
    }
}
