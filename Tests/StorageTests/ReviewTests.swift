// What goes wrong around tables that do not read back: salvage in every state of the engine, disks
// that fail in the middle of it, and jobs that must not be tried for ever.
import MartletBase
@testable import MartletStorage
import Testing

struct SalvageTests {
    private func tables(_ disk: MemoryDisk) throws -> [String] {
        try disk.list().filter { TableFormat.number($0) != nil }
    }

    private func aside(_ disk: MemoryDisk) throws -> [String] {
        try disk.list().filter { $0.hasSuffix(Salvage.suffix) }
    }

    private func key(_ index: Int) -> StorageKey { .named("key-\(1000 + index)") }

    /// `count` keys with values of 100 bytes that do not compress, all of them in tables.
    private func fill(_ sample: Sample, _ count: Int, from start: Int = 0) throws {
        var random = SeededRandom(seed: 1, stream: "salvage")
        for index in start..<start + count {
            var batch = WriteBatch()
            batch.put(key(index), Bytes((0..<100).map { _ in UInt8(random.below(256)) }))
            try sample.engine.write(batch)
            sample.commit()
            sample.settle()
        }
    }

    /// One table of 16 blocks or so in level 0.
    private func oneTable(_ disk: MemoryDisk) throws -> Sample {
        var options = StorageOptions.tiny
        options.flushBytes = 8 << 10
        options.memtableLimitBytes = 64 << 10
        options.levelZeroTrigger = 4
        let sample = try Sample(disk, options)
        while try tables(disk).isEmpty {
            try fill(sample, 1, from: Int(sample.engine.appended.rawValue))
        }
        return sample
    }

    private func readable(_ sample: Sample, of count: Int) -> Int {
        (0..<count).count {
            if case .found = sample.get(key($0)) { true } else { false }
        }
    }

    @Test("a table whose index is damaged is salvaged at open, and its file put aside")
    func damagedIndex() throws {
        let disk = MemoryDisk()
        let sample = try oneTable(disk)
        let count = Int(sample.engine.appended.rawValue)
        let name = try #require(try tables(disk).first)
        let size = try #require(disk.contents(of: name)?.count)
        disk.unlock()
        disk.flipBit(in: name, at: size - TableFormat.footerBytes - 20, bit: 3)
        let again = try Sample(disk, .tiny)
        #expect(again.engine.takeDamage().map(\.file) == [name + Salvage.suffix])
        #expect(try aside(disk) == [name + Salvage.suffix])
        #expect(readable(again, of: count) == count)
        disk.unlock()
        #expect(readable(try Sample(disk, .tiny), of: count) == count)
    }

    @Test("a compaction that meets a bad sector has the table salvaged, and goes on")
    func badSectorInCompaction() throws {
        let disk = MemoryDisk()
        let sample = try oneTable(disk)
        let count = Int(sample.engine.appended.rawValue)
        let name = try #require(try tables(disk).first)
        disk.makeUnreadable(name, 2_000..<2_001)
        try fill(sample, 600, from: count)
        #expect(!sample.engine.hasBackgroundWork)
        #expect(sample.engine.damagedRanges.map(\.file) == [name + Salvage.suffix])
        #expect(readable(sample, of: count) >= count - 3)
        #expect(readable(sample, of: count) < count)
        #expect(try aside(disk) == [name + Salvage.suffix])
        sample.engine.checkInvariants()
    }

    @Test("a table whose file is gone is lost whole, is told, and holds nothing up")
    func missingFile() throws {
        let disk = MemoryDisk()
        let sample = try oneTable(disk)
        let count = Int(sample.engine.appended.rawValue)
        let name = try #require(try tables(disk).first)
        try disk.remove(name)
        try fill(sample, 600, from: count)
        #expect(!sample.engine.hasBackgroundWork)
        #expect(sample.engine.takeDamage().map(\.file) == [name + Salvage.suffix])
    }

    /// A table with a damaged block that the engine knows of, and no job begun.
    private func noted(_ disk: MemoryDisk) throws -> (Sample, name: String, count: Int) {
        let sample = try oneTable(disk)
        let count = Int(sample.engine.appended.rawValue)
        let name = try #require(try tables(disk).first)
        disk.flipBit(in: name, at: 2_000, bit: 1)
        _ = readable(sample, of: count)
        #expect(sample.engine.counters.damagedBlocks == 1)
        return (sample, name, count)
    }

    @Test("a process that dies anywhere in a salvage loses no more than the damaged block")
    func diesWhileSalvaging() throws {
        let disk = MemoryDisk()
        let (sample, name, count) = try noted(disk)
        for limit in 0..<40 {
            let copy = disk.copy()
            copy.crashNothing()
            let broken = try Sample(copy, sample.engine.options)
            _ = readable(broken, of: count)
            copy.operationsUntilHalt = limit
            broken.settle(limit: 10)
            copy.crashNothing()
            let again = try Sample(copy, sample.engine.options)
            #expect(readable(again, of: count) >= count - 3, "\(name) after \(limit)")
        }
    }

    @Test("a snapshot reads on in a table that was salvaged meanwhile")
    func snapshotOverSalvage() throws {
        let disk = MemoryDisk()
        let (sample, name, count) = try noted(disk)
        let snapshot = try #require(sample.engine.snapshot())
        sample.settle()
        #expect(try tables(disk).contains(name))
        let first = try sample.engine.scanNow(
            .objects, after: nil, limitBytes: 1, in: snapshot)
        #expect(first.entries.count == 1)
        _ = consume snapshot
        sample.settle()
        #expect(try aside(disk) == [name + Salvage.suffix])
        #expect(readable(sample, of: count) >= count - 3)
    }

    @Test("a write that fails while salvaging is no damage of what is read")
    func writeFailsWhileSalvaging() throws {
        let disk = MemoryDisk()
        let (sample, _, count) = try noted(disk)
        disk.writesUntilFailure = 0
        disk.writeFailure = .short(0, .inputOutput)
        sample.settle(limit: 1)
        disk.writesUntilFailure = nil
        sample.settle()
        #expect(sample.engine.damagedRanges.count == 1)
        #expect(readable(sample, of: count) >= count - 3)
    }
}

extension MemoryDisk {
    fileprivate func crashNothing() {
        var random = SeededRandom(seed: 0, stream: "crash")
        crash(.nothing, random: &random)
    }
}

struct DamageTests {
    private let key = StorageKey.state("identity")

    /// An engine whose only table holds the node's own state and some keys, with its block of
    /// state damaged.
    private func damagedState(_ disk: MemoryDisk) throws -> (Sample, name: String) {
        var options = StorageOptions.tiny
        options.flushBytes = 8 << 10
        options.levelZeroTrigger = 2
        let sample = try Sample(disk, options)
        var batch = WriteBatch()
        batch.put(key, Bytes(text: "who I am"))
        try sample.engine.write(batch)
        var count = 0
        while sample.engine.counters.flushes == 0 {
            try sample.put("key-\(1000 + count)", String(repeating: "v", count: 90))
            sample.settle()
            count += 1
        }
        let name = try #require(try disk.list().first { TableFormat.number($0) != nil })
        disk.flipBit(in: name, at: TableFormat.headerBytes + 40, bit: 2)
        return (sample, name)
    }

    @Test("the node's own state outlives the table that held it, which is damaged while it runs")
    func stateOutlivesSalvage() throws {
        let disk = MemoryDisk()
        let (sample, name) = try damagedState(disk)
        var count = 0
        while sample.engine.damagedRanges.isEmpty, count < 1_000 {
            try sample.put("more-\(1000 + count)", String(repeating: "v", count: 90))
            sample.settle(limit: 10)
            count += 1
        }
        #expect(sample.engine.takeDamage().map(\.file) == [name + Salvage.suffix])
        var random = SeededRandom(seed: 0, stream: "crash")
        disk.crash(.everything, random: &random)
        let again = try Sample(disk, sample.engine.options)
        #expect(again.engine.get(key) == .found(Bytes(text: "who I am")))
    }

    @Test("damage is told again after a crash until a batch says that it was acted on")
    func toldAgain() throws {
        let disk = MemoryDisk()
        let (sample, name) = try damagedState(disk)
        let files = [name + Salvage.suffix]
        for index in 0..<1_000 where sample.engine.damagedRanges.isEmpty {
            try sample.put("more-\(1000 + index)", String(repeating: "v", count: 90))
            sample.settle(limit: 10)
        }
        #expect(sample.engine.takeDamage().map(\.file) == files)
        disk.unlock()
        let second = try Sample(disk, sample.engine.options)
        #expect(second.engine.takeDamage().map(\.file) == files)
        var batch = WriteBatch()
        second.engine.noteDamageTold(in: &batch)
        try second.engine.write(batch)
        second.commit()
        disk.unlock()
        let third = try Sample(disk, sample.engine.options)
        #expect(third.engine.takeDamage().isEmpty)
        #expect(third.engine.damagedRanges.map(\.file) == files)
    }
}

struct CostTests {
    @Test("a key among many of one rank is found with a logarithm of block reads")
    func equalRanks() throws {
        var options = StorageOptions.tiny
        options.flushBytes = 64 << 10
        options.memtableLimitBytes = 128 << 10
        options.tableBytes = 64 << 10
        options.blockCacheBytes = 0
        let sample = try Sample(MemoryDisk(), options)
        var batch = WriteBatch()
        func key(_ home: Int) -> StorageKey {
            .hint(partition: 3, key: Bytes(text: "one"), home: NodeID(rawValue: UInt64(home)))
        }
        for home in stride(from: 2, to: 1002, by: 2) {
            batch.put(key(home), Bytes(repeating: UInt8(home % 251), count: 100))
        }
        try sample.engine.write(batch)
        sample.commit()
        sample.settle()
        #expect(sample.engine.counters.flushes == 1)
        for home in stride(from: 1, to: 1004, by: 41) {
            let reads = sample.engine.counters.blockReads
            let found = sample.get(key(home))
            let isThere = home % 2 == 0 && home <= 1000
            #expect(
                found
                    == (isThere
                        ? .found(Bytes(repeating: UInt8(home % 251), count: 100)) : .absent))
            #expect(sample.engine.counters.blockReads - reads <= 9)
        }
    }

    @Test("a batch larger than all memtables is flushed, and writes go on")
    func largeBatch() throws {
        let sample = try Sample(MemoryDisk(), .tiny)
        try sample.put("large", String(repeating: "v", count: 100 << 10))
        #expect(sample.engine.refusal == .behind(nil))
        sample.settle()
        #expect(sample.engine.refusal == nil)
        try sample.put("next", "x")
        #expect(sample.value("large")?.utf8.count == 100 << 10)
    }

    @Test("a partition dropped again and again takes no more memory than once")
    func repeatedDrops() throws {
        let sample = try Sample(MemoryDisk(), .tiny)
        for _ in 0..<100 {
            var batch = WriteBatch()
            batch.drop(.objects, partition: 7)
            try sample.engine.write(batch)
        }
        #expect(sample.engine.layers.map(\.drops.count) == [1])
    }
}

struct FullDiskTests {
    @Test("a full disk at the manifest's turn is waited out, and nothing is lost")
    func fullAtManifest() throws {
        for writes in 0..<8 {
            let disk = MemoryDisk()
            let sample = try Sample(disk, .tiny)
            for index in 0..<10 {
                try sample.put("key-\(100 + index)", String(repeating: "v", count: 60))
            }
            disk.writeFailure = .short(5, .noSpace)
            disk.writesUntilFailure = writes
            sample.settle()
            disk.writesUntilFailure = nil
            #expect(sample.engine.refusal == nil, "\(writes)")
            sample.settle()
            #expect(!sample.engine.hasBackgroundWork, "\(writes)")
            disk.unlock()
            let again = try Sample(disk, .tiny)
            #expect(again.engine.damagedRanges.isEmpty)
            for index in 0..<10 { #expect(again.value("key-\(100 + index)") != nil) }
        }
    }

    @Test("partitions dropped and filled by turns are replayed into few tables")
    func manyDropsReplayed() throws {
        let disk = MemoryDisk()
        var options = StorageOptions.small
        options.flushBytes = 1 << 20
        options.memtableLimitBytes = 16 << 20
        let sample = try Sample(disk, options)
        for index in 0..<100 {
            var batch = WriteBatch()
            batch.drop(.objects, partition: 5)
            batch.put(.object(partition: 5, key: Bytes(text: "\(index)")), [1])
            try sample.engine.write(batch)
        }
        sample.commit()
        disk.unlock()
        let again = try Sample(disk, options)
        #expect(again.engine.version.tables.count <= 2)
        #expect(try again.everything().map(\.key.key.text) == ["99"])
        again.settle()
        #expect(try again.everything().map(\.key.key.text) == ["99"])
    }

    @Test("a whole record of the manifest that does not fit is damage, not a torn end")
    func recordThatDoesNotFit() throws {
        let number: UInt64 = 3
        var bytes = ManifestFormat.header(number)
        bytes += ManifestFormat.record(
            ManifestEdit(whole: Manifest()), number: number, at: bytes.count)
        var edit = ManifestEdit()
        edit.removed = [9]
        bytes += ManifestFormat.record(edit, number: number, at: bytes.count)
        #expect(throws: FormatError.self) {
            _ = try ManifestWriter.read(bytes, number: number)
        }
    }
}
