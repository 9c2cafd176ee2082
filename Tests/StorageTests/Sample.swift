// What the storage tests share: short options, batches by number, an engine driven by hand.
import MartletBase
import MartletStorage

/// An open engine with its log, driven inline as the simulator does.
struct Sample {
    let disk: MemoryDisk
    let engine: StorageEngine
    let log: LogWriter
    let report: RecoveryReport

    init(_ disk: MemoryDisk, _ options: StorageOptions = .small) throws {
        self.disk = disk
        let opened = try StorageEngine.open(disk: disk, options: options)
        engine = opened.engine
        log = opened.log
        report = opened.report
    }

    /// Commits all that gathered, as one group, and tells the engine.
    @discardableResult
    func commit() -> LogOutcome {
        var chunks: [LogChunk] = []
        while let chunk = engine.takeChunk() { chunks.append(chunk) }
        let outcome = log.commit(chunks)
        engine.logAnswered(outcome)
        return outcome
    }

    /// Writes and commits one put.
    func put(_ name: String, _ value: String) throws {
        try engine.write(.putting(name, value))
        commit()
    }

    func value(_ name: String) -> String? {
        guard case .found(let bytes) = engine.get(.named(name)) else { return nil }
        return bytes.text
    }

    /// Every entry of every space in scan order.
    func everything() -> [ScanPage.Entry] {
        StorageKey.Space.allCases.flatMap { space in
            (try? engine.scanNow(space, limitBytes: .max).entries) ?? []
        }
    }
}

extension StorageOptions {
    /// No compression and no zeros ahead, so that tests can count bytes.
    static var small: StorageOptions {
        var options = StorageOptions()
        options.prewriteBytes = 0
        options.compressLog = false
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
