// The workloads, one after the other on one stand, and what is read from the gauges meanwhile.
package import MartletLocal
package import MartletStorage

internal import MartletBase

/// What storage is measured with.
package enum StorageWorkload: String, Hashable, Sendable, CaseIterable, Encodable {
    /// Every key once, in random order, into an empty store.
    case fillRandom = "fill-random"
    /// Keys at random from all.
    case readRandom = "read-random"
    /// Keys at random from partitions that half of the block cache holds.
    case readHot = "read-hot"
    /// All entries in their order, page by page.
    case scan
    /// Keys at random from all, by a write each.
    case overwrite
    /// Reads and overwrites in turns, of keys at random from all.
    case mixed
    /// 64 writers, each of which waits until its write is synced.
    case groupCommit = "group-commit"
}

/// One value size on one stand.
package struct StorageRun {
    let load: StorageLoad
    let options: StorageOptions
    /// Reads and overwrites of each workload.
    let operations: Int
    let signals: StopSignals

    /// Writes between two turns of the loop, reads likewise.
    private static let turnOperations = 64
    private static let pageBytes = 256 << 10
    /// Writers of `groupCommit`.
    static let writers = 64
    /// How often each of them writes.
    private static let writesEach = 200
    /// What an entry takes in memory beside its key and value, about.
    private static let overheadBytes = 16

    /// Storage of `keyCount` keys, of which so many `operations` of a workload are each of one.
    package init(
        keyCount: Int, valueBytes: Int, options: StorageOptions, operations: Int,
        signals: StopSignals
    ) {
        load = StorageLoad(keyCount: keyCount, valueBytes: valueBytes)
        self.options = options
        self.operations = operations
        self.signals = signals
    }

    /// Fills `directory` and measures `workloads`; then opens it anew.
    package func measure(
        _ workloads: [StorageWorkload], in directory: String, tell: (String) -> Void
    ) throws(LocalFailure) -> StorageResult {
        var result = StorageResult(keys: load.keyCount, valueBytes: load.valueBytes)
        result.generationNanoseconds = generationCost()
        let isOnFilled = { $0 != StorageWorkload.fillRandom && $0 != .groupCommit }
        try onStand(directory) { stand throws(LocalFailure) in
            for workload in [.fillRandom] + workloads.filter(isOnFilled) {
                tell("\(load.valueBytes) bytes: \(workload.rawValue)")
                result.measured.append(try measure(workload, on: stand))
            }
            result.note(stand.engine, liveBytes: load.liveBytes)
        }
        tell("\(load.valueBytes) bytes: opening")
        let start = StorageGauges.now
        try onStand(directory) { stand in
            result.opening = StorageOpening(
                stand, seconds: Double(StorageGauges.now - start) / 1e9)
        }
        if workloads.contains(.groupCommit) {
            tell("\(load.valueBytes) bytes: \(StorageWorkload.groupCommit.rawValue)")
            try groupCommit("\(directory)-commits", into: &result)
        }
        return result
    }

    /// What making a key and a value takes, in nanoseconds.
    private func generationCost() -> Double {
        let count = min(load.keyCount, 200_000)
        let start = StorageGauges.threadTime
        var bytes = 0
        for number in 0..<count { bytes += load.batch(load.pick(number, salt: 9)).byteCount }
        let taken = StorageGauges.threadTime - start
        return bytes > 0 ? Double(taken) / Double(count) : 0
    }

    /// Opens `directory`, and closes it again after `body`.
    private func onStand(
        _ directory: String, _ body: (StorageStand) throws(LocalFailure) -> Void
    ) throws(LocalFailure) {
        let stand = try StorageStand(directory, options, signals: signals)
        try body(stand)
        try stand.stop()
    }

    // MARK: One workload

    private func measure(
        _ workload: StorageWorkload, on stand: StorageStand
    ) throws(LocalFailure) -> StorageMeasurement {
        var measured = StorageMeasurement(workload)
        StorageGauges.forgetPeak()
        let traffic = stand.meter.traffic
        let accepted = stand.engine.counters.acceptedBytes
        let (wall, thread, process) = (
            StorageGauges.now, StorageGauges.threadTime, StorageGauges.processTime
        )
        switch workload {
        case .fillRandom: try fill(stand, &measured.latency)
        case .readRandom: try read(stand, &measured.latency) { load.pick($0, salt: 1) }
        case .readHot:
            let hot = hotKeys()
            try read(stand, &measured.latency) { hot[load.pick($0, salt: 2) % hot.count] }
        case .scan: measured.operations = try scan(stand, &measured.latency)
        case .overwrite: try overwrite(stand, &measured.latency)
        case .mixed: try mixed(stand, &measured.latency)
        case .groupCommit: break
        }
        let now = StorageGauges.now
        if measured.operations == 0 { measured.operations = measured.latency.count }
        measured.seconds = Double(now - wall) / 1e9
        measured.threadSeconds = Double(StorageGauges.threadTime - thread) / 1e9
        try stand.settle()
        measured.settleSeconds = Double(StorageGauges.now - now) / 1e9
        measured.processSeconds = Double(StorageGauges.processTime - process) / 1e9
        measured.peakBytes = StorageGauges.peakBytes
        measured.traffic = stand.meter.traffic - traffic
        measured.acceptedBytes = Int(stand.engine.counters.acceptedBytes - accepted)
        return measured
    }

    /// Calls `step` for `count` operations, with a turn of the loop after every so many, and
    /// records what each took with what turns there were.
    private func repeated(
        _ count: Int, _ stand: StorageStand, _ latency: inout StorageLatency,
        _ step: (Int) throws(LocalFailure) -> Void
    ) throws(LocalFailure) {
        var last = StorageGauges.now
        for number in 0..<count {
            try step(number)
            if number % Self.turnOperations == Self.turnOperations - 1 { try stand.turn() }
            let now = StorageGauges.now
            latency.record(now - last)
            last = now
        }
    }

    private func fill(
        _ stand: StorageStand, _ latency: inout StorageLatency
    ) throws(LocalFailure) {
        try repeated(load.keyCount, stand, &latency) { number throws(LocalFailure) in
            try stand.write(load.batch(number))
        }
    }

    private func overwrite(
        _ stand: StorageStand, _ latency: inout StorageLatency
    ) throws(LocalFailure) {
        try repeated(operations, stand, &latency) { number throws(LocalFailure) in
            try stand.write(load.batch(load.pick(number, salt: 3), version: number + 1))
        }
    }

    private func mixed(
        _ stand: StorageStand, _ latency: inout StorageLatency
    ) throws(LocalFailure) {
        try repeated(operations, stand, &latency) { number throws(LocalFailure) in
            let index = load.pick(number, salt: 4)
            if number.isMultiple(of: 2) {
                try stand.write(load.batch(index, version: number + 1))
            } else {
                _ = try stand.read(load.key(index))
            }
        }
    }

    private func read(
        _ stand: StorageStand, _ latency: inout StorageLatency, _ pick: (Int) -> Int
    ) throws(LocalFailure) {
        try repeated(operations, stand, &latency) { number throws(LocalFailure) in
            let value = try stand.read(load.key(pick(number)))
            guard value.count == load.valueBytes else {
                throw LocalFailure("a value of \(value.count) bytes came back")
            }
        }
    }

    /// The keys of as many partitions as half of the block cache holds, one at least.
    private func hotKeys() -> [Int] {
        let entryBytes = StorageLoad.keyBytes + load.valueBytes + Self.overheadBytes
        let share =
            Double(options.blockCacheBytes) / 2 / Double(max(1, load.keyCount * entryBytes))
        let partitions = Int(min(1, share) * Double(1 << StorageLoad.partitionBits))
        let keys = (0..<load.keyCount).filter {
            Int(StorageLoad.partition($0)) < max(1, partitions)
        }
        return keys.isEmpty ? [0] : keys
    }

    private func scan(
        _ stand: StorageStand, _ latency: inout StorageLatency
    ) throws(LocalFailure) -> Int {
        var count = 0
        var cursor: StorageKey?
        repeat {
            let start = StorageGauges.now
            let page = try stand.page(after: cursor, limitBytes: Self.pageBytes)
            latency.record(StorageGauges.now - start)
            count += page.entries.count
            cursor = page.next
            try stand.turn()
        } while cursor != nil
        guard count == load.keyCount else {
            throw LocalFailure("a scan gave \(count) entries of \(load.keyCount)")
        }
        return count
    }
}

// MARK: Group commit

extension StorageRun {
    private func groupCommit(
        _ directory: String, into result: inout StorageResult
    ) throws(LocalFailure) {
        var options = options
        options.sync = .everyWrite
        let stand = try StorageStand(directory, options, signals: signals)
        var measured = StorageMeasurement(.groupCommit)
        let (wall, thread, process) = (
            StorageGauges.now, StorageGauges.threadTime, StorageGauges.processTime
        )
        let traffic = stand.meter.traffic
        let total = Self.writers * Self.writesEach
        // Positions ascend, so writers become durable in the order in which they wrote.
        var waiting: [(position: LogPosition, start: UInt64)] = []
        var written = 0
        while written < total || !waiting.isEmpty {
            while waiting.count < Self.writers, written < total {
                let position = try stand.write(load.batch(written % load.keyCount))
                waiting.append((position, StorageGauges.now))
                written += 1
            }
            try stand.waitTurn()
            let done = waiting.prefix { $0.position <= stand.engine.durable }.count
            let now = StorageGauges.now
            for writer in waiting[..<done] { measured.latency.record(now - writer.start) }
            waiting.removeFirst(done)
        }
        measured.operations = total
        measured.seconds = Double(StorageGauges.now - wall) / 1e9
        measured.threadSeconds = Double(StorageGauges.threadTime - thread) / 1e9
        measured.processSeconds = Double(StorageGauges.processTime - process) / 1e9
        measured.peakBytes = StorageGauges.peakBytes
        measured.traffic = stand.meter.traffic - traffic
        measured.acceptedBytes = Int(stand.engine.counters.acceptedBytes)
        result.writesPerSync = Double(total) / Double(max(1, measured.traffic.logSyncs))
        result.measured.append(measured)
        try stand.stop()
    }
}
