// Random batches, commits, crashes and reopenings against a plain dictionary.
import MartletBase
import MartletStorage
import Testing

extension LogPosition {
    fileprivate func advanced(_ count: Int) -> LogPosition {
        LogPosition(rawValue: rawValue + UInt64(count))
    }
}

struct ModelTests {
    /// The states after each batch since the last crash; a crash may fall back to any of them that
    /// is not durable.
    private struct Model {
        var states: [[StorageKey: Bytes]] = [[:]]
        var base = LogPosition.start

        func state(at position: LogPosition) -> [StorageKey: Bytes] {
            states[Int(position.rawValue - base.rawValue)]
        }

        mutating func apply(_ changes: [(StorageKey, Bytes?)]) {
            var next = states[states.count - 1]
            for (key, value) in changes { next[key] = value }
            states.append(next)
        }

        /// Entries logged again take positions and change nothing.
        mutating func keepUp(with position: LogPosition) {
            while base.advanced(states.count - 1) < position { states.append(states.last ?? [:]) }
        }

        mutating func restart(at position: LogPosition) {
            keepUp(with: position)
            states = [state(at: position)]
            base = position
        }
    }

    private func randomKey(_ random: inout SeededRandom) -> StorageKey {
        let name = Bytes(text: "k\(random.below(40))")
        let partition = UInt16(random.below(4))
        switch random.below(8) {
        case 0: return .state("s\(random.below(4))")
        case 1: return .hint(partition: partition, key: name, home: NodeID(rawValue: 7))
        default: return .object(partition: partition, key: name)
        }
    }

    private func randomChanges(_ random: inout SeededRandom) -> [(StorageKey, Bytes?)] {
        (0...random.below(4)).map { _ in
            let key = randomKey(&random)
            if random.chance(0.25) { return (key, nil) }
            let length = random.chance(0.1) ? random.below(2000) : random.below(60)
            return (key, Bytes((0..<length).map { _ in UInt8(random.below(3)) }))
        }
    }

    private func batch(_ changes: [(StorageKey, Bytes?)]) -> WriteBatch {
        var batch = WriteBatch()
        for (key, value) in changes {
            if let value { batch.put(key, value) } else { batch.delete(key) }
        }
        return batch
    }

    private func expectEqual(_ sample: Sample, _ state: [StorageKey: Bytes], _ note: String) {
        let entries = sample.everything()
        #expect(entries.map(\.key) == state.keys.sorted(), "\(note)")
        #expect(entries.allSatisfy { state[$0.key] == $0.value }, "\(note)")
        #expect(state.allSatisfy { sample.engine.get($0.key) == .found($0.value) }, "\(note)")
        #expect(sample.engine.entryCount == state.count)
        sample.engine.checkInvariants()
    }

    private func options(_ random: inout SeededRandom) -> StorageOptions {
        var options = StorageOptions()
        options.segmentBytes = 4096 << random.below(4)
        options.prewriteBytes = random.chance(0.5) ? 0 : random.below(3000)
        options.chunkTargetBytes = 512 << random.below(5)
        options.compressLog = random.chance(0.7)
        options.sync = random.chance(0.7) ? .everyWrite : .operatingSystem
        return options
    }

    @Test("what is synced survives any crash, and nothing is seen in part", arguments: 0..<30)
    func crashes(seed: UInt64) throws {
        var random = SeededRandom(seed: seed, stream: "storage model")
        let options = options(&random)
        let disk = MemoryDisk()
        var model = Model()
        for round in 0..<6 {
            let note = "seed \(seed), round \(round)"
            let sample = try Sample(disk, options)
            let position = sample.report.recovered
            model.restart(at: position)
            expectEqual(sample, model.state(at: position), note)
            if random.chance(0.7) { disk.operationsUntilHalt = random.below(200) }
            for _ in 0..<random.below(120) {
                let changes = randomChanges(&random)
                model.keepUp(with: sample.engine.appended)
                if case .logFailed = sample.engine.refusal { break }
                try sample.engine.write(batch(changes))
                model.apply(changes)
                switch random.below(6) {
                case 0...2: sample.commit()
                case 3:
                    guard let chunk = sample.engine.takeChunk() else { continue }
                    sample.engine.logAnswered(sample.log.append([chunk]))
                default: break
                }
            }
            model.keepUp(with: sample.engine.appended)
            expectEqual(sample, model.state(at: sample.engine.appended), note)
            let loss = MemoryDisk.CrashLoss.allCases[random.below(4)]
            let survives = loss == .nothing ? sample.log.written : sample.engine.synced
            disk.crash(loss, random: &random)
            let again = try Sample(disk, options)
            #expect(again.report.recovered >= survives, "\(note), \(loss)")
            #expect(again.report.recovered <= sample.engine.appended, "\(note), \(loss)")
            disk.unlock()
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
}
