// Random batches, drops, background work, crashes and reopenings against a plain dictionary.
import MartletBase
import MartletStorage
import Testing

extension LogPosition {
    fileprivate func advanced(_ count: Int) -> LogPosition {
        LogPosition(rawValue: rawValue + UInt64(count))
    }
}

struct ModelTests {
    private typealias State = [StorageKey: Bytes]

    /// The states after each batch since the last crash; a crash may fall back to any of them that
    /// is not durable.
    private struct Model {
        var states: [State] = [[:]]
        var base = LogPosition.start

        var last: State { states[states.count - 1] }

        func state(at position: LogPosition) -> State {
            states[Int(position.rawValue - base.rawValue)]
        }

        mutating func apply(_ batch: WriteBatch) {
            var next = last
            for change in batch.changes {
                switch change {
                case .put(let key, let value): next[key] = value
                case .delete(let key): next[key] = nil
                case .drop(let space, let partition):
                    next = next.filter { $0.key.space != space || $0.key.partition != partition }
                }
            }
            states.append(next)
        }

        mutating func restart(at position: LogPosition) {
            states = [state(at: position)]
            base = position
        }
    }

    private func randomKey(_ random: inout SeededRandom) -> StorageKey {
        let name = Bytes(text: "k\(random.below(40))")
        let partition = UInt16(random.below(4))
        switch random.below(8) {
        case 0: return .state("s\(random.below(4))")
        case 1:
            return .hint(
                partition: partition, key: name, home: NodeID(rawValue: 7 + UInt64(random.below(3)))
            )
        default: return .object(partition: partition, key: name)
        }
    }

    private func randomBatch(_ random: inout SeededRandom) -> WriteBatch {
        var batch = WriteBatch()
        for _ in 0...random.below(4) {
            let key = randomKey(&random)
            if random.chance(0.03) {
                let space = random.chance(0.5) ? StorageKey.Space.objects : .hints
                batch.drop(space, partition: UInt16(random.below(4)))
            } else if random.chance(0.25) {
                batch.delete(key)
            } else {
                let length = random.chance(0.1) ? random.below(2000) : random.below(60)
                batch.put(key, Bytes((0..<length).map { _ in UInt8(random.below(3)) }))
            }
        }
        return batch
    }

    private func expectEqual(_ sample: Sample, _ state: State, _ note: String) throws {
        let entries = try sample.everything(limitBytes: 300)
        let keys = entries.map(\.key)
        #expect(keys == keys.sorted(), "\(note)")
        #expect(Set(keys).subtracting(state.keys) == [], "\(note): too many")
        #expect(Set(state.keys).subtracting(keys) == [], "\(note): missing")
        #expect(entries.count { state[$0.key] != $0.value } == 0, "\(note): other values")
        let unlike = state.filter { sample.get($0.key) != .found($0.value) }
        #expect(unlike.isEmpty, "\(note): other answers")
        sample.engine.checkInvariants()
        try sample.checkTrees(note)
    }

    private func options(_ random: inout SeededRandom) -> StorageOptions {
        var options = StorageOptions()
        options.digest = .kinds
        options.segmentBytes = 4096 << random.below(4)
        options.prewriteBytes = random.chance(0.5) ? 0 : random.below(3000)
        options.chunkTargetBytes = 512 << random.below(5)
        options.compressLog = random.chance(0.7)
        options.sync = random.chance(0.7) ? .everyWrite : .operatingSystem
        options.flushBytes = 1 << (10 + random.below(8))
        options.memtableLimitBytes = options.flushBytes * 64
        options.blockBytes = 256 << random.below(4)
        options.filterBitsPerKey = random.below(3) * 5
        options.tableBytes = 1 << (10 + random.below(6))
        options.levelZeroTrigger = 2 + random.below(3)
        options.levelOneBytes = 1 << (10 + random.below(6))
        options.levelRatio = 2 + random.below(3)
        options.blockCacheBytes = random.below(3) * 3000
        options.openTableLimit = 1 + random.below(4)
        return options
    }

    @Test("what is synced survives any crash, and nothing is seen in part", arguments: 0..<60)
    func crashes(seed: UInt64) throws {
        var random = SeededRandom(seed: seed, stream: "storage model")
        let disk = MemoryDisk()
        var model = Model()
        for round in 0..<6 {
            let note = "seed \(seed), round \(round)"
            let sample = try Sample(disk, options(&random))
            let position = sample.report.recovered
            model.restart(at: position)
            try expectEqual(sample, model.last, note)
            if random.chance(0.5) { disk.operationsUntilHalt = random.below(400) }
            for _ in 0..<random.below(200) {
                try step(sample, &model, &random, note)
            }
            if disk.operationsUntilHalt != nil { try expectEqual(sample, model.last, note) }
            let loss = MemoryDisk.CrashLoss.allCases[random.below(4)]
            let survives = loss == .nothing ? sample.log.written : sample.engine.synced
            disk.crash(loss, random: &random)
            let again = try Sample(disk)
            #expect(again.report.recovered >= survives, "\(note), \(loss)")
            #expect(again.report.recovered <= sample.engine.appended, "\(note), \(loss)")
            disk.unlock()
        }
    }

    private func step(
        _ sample: Sample, _ model: inout Model, _ random: inout SeededRandom, _ note: String
    ) throws {
        switch random.below(10) {
        case 0...4:
            if sample.engine.refusal != nil { return }
            let batch = randomBatch(&random).naming(model.last)
            try sample.engine.write(batch)
            model.apply(batch)
        case 5, 6: sample.commit()
        case 7:
            guard let chunk = sample.engine.takeChunk() else { return }
            sample.engine.logAnswered(sample.log.append([chunk]))
        case 8: sample.settle(limit: random.below(4))
        default:
            if sample.disk.operationsUntilHalt == nil { return }
            let key = randomKey(&random)
            let outcome = sample.get(key)
            #expect(outcome == (model.last[key].map { .found($0) } ?? .absent), "\(note) \(key)")
        }
    }

    @Test("a crash while storage opens loses nothing that was synced", arguments: 0..<20)
    func crashWhileOpening(seed: UInt64) throws {
        var random = SeededRandom(seed: seed, stream: "crash while opening")
        let disk = MemoryDisk()
        for _ in 0..<8 {
            disk.operationsUntilHalt = random.below(5)
            _ = try? Sample(disk)
            disk.crash(.sectors, random: &random)
        }
        try Sample(disk).put("a", "1")
        for _ in 0..<8 {
            disk.crash(.sectors, random: &random)
            disk.operationsUntilHalt = random.below(5)
            if let sample = try? Sample(disk) { #expect(sample.value("a") == "1") }
        }
        disk.crash(.everything, random: &random)
        #expect(try Sample(disk).value("a") == "1")
    }

    @Test("a snapshot shows its moment, whatever is written, dropped and compacted after it")
    func snapshots() throws {
        var random = SeededRandom(seed: 5, stream: "snapshots")
        let sample = try Sample(MemoryDisk(), .tiny)
        var model = Model()
        var kept: [(StorageSnapshot, State)] = []
        for _ in 0..<600 {
            let batch = randomBatch(&random)
            try sample.engine.write(batch)
            model.apply(batch)
            if random.chance(0.3) { sample.commit() }
            if random.chance(0.3) || sample.engine.backlog > 0.5 { sample.settle(limit: 9) }
            if random.chance(0.02), let snapshot = sample.engine.snapshot() {
                kept.append((snapshot, model.last))
            }
        }
        #expect(kept.count > 5)
        for (snapshot, state) in kept {
            var entries: [StorageKey: Bytes] = [:]
            for space in StorageKey.Space.written {
                var cursor: StorageKey?
                repeat {
                    let page = try sample.engine.scanNow(
                        space, after: cursor, limitBytes: 500, in: snapshot)
                    for entry in page.entries { entries[entry.key] = entry.value }
                    cursor = page.next
                } while cursor != nil
            }
            #expect(Set(entries.keys).subtracting(state.keys) == [], "too many")
            #expect(Set(state.keys).subtracting(entries.keys) == [], "missing")
            #expect(state.filter { entries[$0.key] != $0.value }.isEmpty, "other values")
        }
    }
}
