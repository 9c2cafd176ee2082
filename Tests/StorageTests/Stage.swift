// A scripted run of the engine on a simulated disk, beside a plain dictionary for each batch: what
// tests of crashes and faults drive, and what they hold the engine's state against.
import MartletBase
import Testing

@testable import MartletStorage

typealias StorageState = [StorageKey: Bytes]

/// An engine under a script. Every batch taken adds a state: `states[n]` is what batch n left.
final class Stage {
    let disk: MemoryDisk
    let options: StorageOptions
    private(set) var sample: Sample?
    private(set) var states: [StorageState] = [[:]]
    /// Every key that was ever written.
    private(set) var keys: Set<StorageKey> = []
    /// Up to here batches were acknowledged as surviving a loss of power.
    private(set) var synced = 0
    /// Up to here batches were handed to the system, which a kill of the process leaves alone.
    private(set) var written = 0
    /// Whether refusals and failed openings are part of the script.
    private let isTolerant: Bool
    /// Whether the disk may report what it did not do: then the end of the log may be lost unseen.
    private let isLiedTo: Bool
    /// Errors met on the way.
    private(set) var refusals: [WriteRefusal] = []
    private(set) var failures: [StorageError] = []

    init(
        _ disk: MemoryDisk, _ options: StorageOptions, isTolerant: Bool = false,
        isLiedTo: Bool = false
    ) {
        self.disk = disk
        self.options = options
        self.isTolerant = isTolerant
        self.isLiedTo = isLiedTo
    }

    var appended: Int { states.count - 1 }
    /// Whether each commit syncs.
    var isSyncing: Bool { options.sync == .everyWrite }

    /// Opens the engine; before that there is none. Where the disk refuses and that is part of the
    /// script, there is a loss of power and then space, and it is opened again.
    func open() throws {
        do {
            sample = try Sample(disk, options)
        } catch let error as StorageError where isTolerant {
            failures.append(error)
            disk.capacityBytes = nil
            losePower()
            sample = try Sample(disk, options)
        }
        let recovered = Int(sample?.report.recovered.rawValue ?? 0)
        if isLiedTo { (synced, written) = (min(synced, recovered), min(written, recovered)) }
        if (synced...appended).contains(recovered) {
            states.removeLast(appended - recovered)
        } else {
            Issue.record("recovered \(recovered), not \(synced) to \(appended)")
        }
        note()
    }

    private func losePower() {
        var random = SeededRandom(seed: 0)
        disk.crash(.everything, random: &random)
        written = synced
    }

    private func note() {
        guard let sample else { return }
        synced = max(synced, Int(sample.engine.synced.rawValue))
        written = max(written, synced, Int(sample.log.written.rawValue))
    }

    // MARK: The script's words

    func write(_ batch: WriteBatch) throws {
        guard let sample else { return }
        let batch = batch.naming(states[appended])
        do {
            try sample.engine.write(batch)
        } catch  where isTolerant {
            refusals.append(error)
            return
        }
        keys.formUnion(batch.keys)
        states.append(states[appended].after(batch))
    }

    /// One write and one sync for all that gathered.
    func commit() {
        sample?.commit()
        note()
    }

    /// Hands over what gathered without a sync of its own.
    func append() {
        guard let sample else { return }
        while let chunk = sample.engine.takeChunk() {
            sample.engine.logAnswered(sample.log.append([chunk]))
        }
        note()
    }

    func put(_ name: String, _ count: Int, _ partition: UInt16 = 0) throws {
        var batch = WriteBatch()
        batch.put(.object(partition: partition, key: Bytes(text: name)), .filled(name, count))
        try write(batch)
    }

    /// Does the background work that is due; where the disk refuses, not for long.
    func settle() { sample?.settle(limit: isTolerant ? 20 : 1_000) }

    /// Why nothing can be written; nil while it can.
    var refusal: WriteRefusal? { sample?.engine.refusal }

    func get(_ key: StorageKey) { _ = sample?.get(key) }

    /// Hands over what gathered, closes the log and opens everything again.
    func reopen() throws {
        if let sample {
            append()
            sample.engine.logAnswered(sample.log.close())
            note()
            // Names that a failed sync forgot come back with the power alone.
            if hasFailedNames(sample.engine) { losePower() }
        }
        sample = nil
        try open()
    }

    private func hasFailedNames(_ engine: StorageEngine) -> Bool {
        switch engine.refusal {
        case .logFailed(let error), .manifestFailed(let error):
            error.operation == .sync && error.file == "."
        default: false
        }
    }

    /// Flips a bit of table `index` of those there are, at `offset`, from the end where it is
    /// negative.
    func damageTable(_ index: Int, at offset: Int) throws {
        let tables = try #require(sample).engine.version.manifest.tables
        let table = tables[index % tables.count].table
        let place = offset < 0 ? table.fileBytes + offset : offset
        disk.flipBit(in: table.fileName, at: place, bit: 3)
    }

    // MARK: What must hold

    /// Fails unless a later opening of the disk, or of a copy, found a whole run of batches that
    /// ends at `floor` or behind it, and shows just what they left.
    func check(_ found: Sample, floor: Int, _ note: @autoclosure () -> String) throws {
        let recovered = Int(found.report.recovered.rawValue)
        guard (floor...appended).contains(recovered) else {
            Issue.record("\(note()): recovered \(recovered), not \(floor) to \(appended)")
            return
        }
        let state = states[recovered]
        let entries = try found.everything()
        #expect(entries.count == state.count, "\(note()): entries after \(recovered)")
        for entry in entries where state[entry.key] != entry.value {
            Issue.record("\(note()): \(entry.key) after \(recovered) is not what was written")
        }
        for key in keys where found.get(key) != (state[key].map { .found($0) } ?? .absent) {
            Issue.record("\(note()): \(key) after \(recovered) is \(found.get(key))")
        }
        found.engine.checkInvariants()
        // A read that the disk refused may have made some unknown.
        if isTolerant { found.buildDueTrees() }
        try found.checkTrees(note())
        checkFiles(found, note())
    }

    /// The same where data was damaged: a key is as it was, or is told damaged, or lies in a range
    /// that is, and then holds nothing or a value that it once had.
    func checkDamaged(
        _ found: Sample, floor: Int, _ note: @autoclosure () -> String
    ) {
        let recovered = Int(found.report.recovered.rawValue)
        guard (floor...appended).contains(recovered) else {
            Issue.record("\(note()): recovered \(recovered), not \(floor) to \(appended)")
            return
        }
        let ranges = found.engine.damagedRanges
        for key in keys.sorted() {
            let outcome = found.get(key)
            if outcome == (states[recovered][key].map { .found($0) } ?? .absent) { continue }
            if outcome == .damaged { continue }
            let isTold = ranges.contains { $0.ranks.contains(key.rank) }
            #expect(isTold, "\(note()): \(key) is \(outcome), and no damage was reported")
            guard case .found(let value) = outcome else { continue }
            #expect(states.contains { $0[key] == value }, "\(note()): \(key) never had \(value)")
        }
        found.engine.checkInvariants()
        found.checkKnownTrees(note())
    }

    /// Fails where a file is left that nobody needs, or one is missing.
    func checkFiles(_ found: Sample, _ note: @autoclosure () -> String) {
        let names = (try? found.disk.list()) ?? []
        let tables = Set(found.engine.version.manifest.tables.map(\.table.fileName))
        let aside = Set(found.engine.damagedRanges.map(\.file))
        #expect(tables.isSubset(of: names), "\(note()): a table is missing")
        #expect(names.count { ManifestFormat.number($0) != nil } == 1, "\(note()): \(names)")
        let segments = names.compactMap { LogFormat.segmentNumber($0) }
        #expect(!segments.isEmpty, "\(note()): no log")
        for (number, next) in zip(segments, segments.dropFirst()) {
            #expect(next == number + 1, "\(note()): segments \(segments)")
        }
        for name in names where !tables.contains(name) && !aside.contains(name) {
            let isKnown =
                ManifestFormat.number(name) != nil || LogFormat.segmentNumber(name) != nil
                || name == LogMark.fileName
            #expect(isKnown, "\(note()): \(name) is left")
        }
    }
}

extension StorageState {
    func after(_ batch: WriteBatch) -> StorageState {
        var next = self
        for change in batch.changes {
            switch change {
            case .put(let key, let value): next[key] = value
            case .delete(let key): next[key] = nil
            case .drop(let space, let partition):
                next = next.filter { $0.key.space != space || $0.key.partition != partition }
            }
        }
        return next
    }
}

extension WriteBatch {
    /// The keys put or deleted.
    var keys: [StorageKey] {
        changes.compactMap { change in
            switch change {
            case .put(let key, _), .delete(let key): key
            case .drop: nil
            }
        }
    }
}

extension Bytes {
    /// `count` bytes that begin with `text` and do not compress.
    static func filled(_ text: String, _ count: Int) -> Bytes {
        var bytes = Bytes(text: text)
        var random = SeededRandom(seed: UInt64(count), stream: text)
        while bytes.count < count { bytes.append(UInt8(truncatingIfNeeded: random.next())) }
        return bytes
    }
}
