// Bits that change at rest, in every file of a small store, and writes that the disk reports and
// does elsewhere or not at all: what is read is right, or told damaged, or the store does not open.
import MartletBase
import Testing

@testable import MartletStorage

struct BitRotTests {
    /// A store that was closed: a manifest of many edits, tables in three levels, a log.
    private func store() throws -> Stage {
        let stage = Stage(MemoryDisk(), .brief)
        try stage.open()
        for index in 0..<9 {
            for part in 0..<3 { try stage.put("key \((index * 3 + part) % 11)", 330 + index) }
            var batch = WriteBatch()
            batch.put(.object(partition: 3, key: [UInt8(index)]), .filled("other", 60))
            batch.put(
                .hint(partition: 2, key: [1], home: NodeID(rawValue: 5)), .filled("hint", 40))
            batch.delete(.object(partition: 0, key: Bytes(text: "key \(index % 5)")))
            try stage.write(batch)
            stage.commit()
            stage.settle()
        }
        try stage.put("end", 10)
        stage.commit()
        try stage.put("end", 11)
        stage.append()
        _ = stage.sample?.log.close()
        return stage
    }

    /// Opens the store and reads all of it, before and after what salvage can do; nil where it
    /// does not open, with a typed error.
    private func read(_ disk: MemoryDisk, _ stage: Stage, _ note: String) throws -> RecoveryReport?
    {
        let found: Sample
        do { found = try Sample(disk, stage.options) } catch let error as StorageError {
            #expect(!error.description.isEmpty)
            return nil
        }
        stage.checkDamaged(found, floor: 0, note)
        for space in StorageKey.Space.written { try scan(found, space, stage, note) }
        found.settle()
        stage.checkDamaged(found, floor: 0, "\(note), salvaged")
        found.buildDueTrees()
        found.checkKnownTrees("\(note), built")
        stage.checkFiles(found, note)
        let aside = Set(found.engine.damagedRanges.map(\.file))
        #expect(aside.isSubset(of: try disk.list()) || note.contains("lost"), "\(note): not kept")
        return found.report
    }

    /// A scan shows nothing that was never written, or says that it cannot tell.
    private func scan(
        _ found: Sample, _ space: StorageKey.Space, _ stage: Stage, _ note: String
    ) throws {
        do {
            let page = try found.engine.scanNow(space, limitBytes: .max)
            for entry in page.entries
            where !stage.states.contains(where: { $0[entry.key] == entry.value }) {
                Issue.record("\(note): \(entry.key) was never this")
            }
        } catch {
            #expect(!error.description.isEmpty)
        }
    }

    private static let shares = 12

    @Test(
        "any byte that changes at rest is found out wherever it is read", arguments: 0..<shares)
    func flips(share: Int) throws {
        let stage = try store()
        var random = SeededRandom(seed: UInt64(share), stream: "bit rot")
        let names = try stage.disk.list()
        #expect(names.count >= 6)
        var explored = 0
        for name in names {
            let bytes = try #require(stage.disk.contents(of: name))
            let parts = FilePart.all(of: name, bytes)
            for offset in stride(from: share, to: bytes.count, by: Self.shares) {
                // The ends and heads of parts all, payloads by chance: they have one checksum.
                let part = try #require(parts.first { $0.range.contains(offset) })
                let isHead = offset - part.range.lowerBound < 40 || part.range.count < 60
                guard random.chance(isHead ? 0.15 : 0.03) else { continue }
                let disk = stage.disk.copy()
                disk.flipBit(in: name, at: offset, bit: random.below(8))
                let note = "\(name), byte \(offset)"
                let report = try read(disk, stage, note)
                explored += 1
                // Of the log only its last chunk, which nothing behind it proves synced, is cut
                // where it is damaged.
                guard let report, LogFormat.segmentNumber(name) != nil else { continue }
                let lost = stage.appended - Int(report.recovered.rawValue)
                #expect(lost == 0 || lost <= 2 && report.tornBytes > 0, "\(note): \(lost) lost")
            }
        }
        #expect(explored >= 30)
    }

    /// What a disk says it has written, and has not.
    enum Lie: Sendable, CaseIterable {
        case lost, misdirected, flipped

        func fault(_ names: [String], _ random: inout SeededRandom) -> WriteFault {
            switch self {
            case .lost: .lost
            case .misdirected: .misdirected(to: names[random.below(names.count)], at: 512)
            case .flipped: .flipped(bit: random.below(200 * 8))
            }
        }
    }

    @Test(
        "a write that the disk loses, misdirects or bends is found out or was never needed",
        arguments: Lie.allCases)
    func lies(lie: Lie) throws {
        let workloads = Workload.all.filter { !$0.isDamaging }
        for workload in workloads {
            let clean = MemoryDisk()
            let stage = Stage(clean, workload.options)
            try stage.open()
            try workload.run(stage)
            stage.settle()
            var random = SeededRandom(seed: 4, stream: workload.name)
            let names = try clean.list()
            for index in 0..<clean.writeCount where random.chance(0.6) {
                let disk = MemoryDisk()
                disk.writesUntilFailure = index
                disk.writeFailure = lie.fault(names, &random)
                try lieOnce(workload, disk, "\(workload.name), \(lie) after \(index)")
            }
        }
    }

    private func lieOnce(_ workload: Workload, _ disk: MemoryDisk, _ note: String) throws {
        let stage = Stage(disk, workload.options, isTolerant: true, isLiedTo: true)
        do {
            try stage.open()
            try workload.run(stage)
            stage.settle()
        } catch is StorageError {
            return
        }
        var random = SeededRandom(seed: 1)
        disk.crash(.everything, random: &random)
        _ = try read(disk, stage, "\(note), lost")
    }
}
