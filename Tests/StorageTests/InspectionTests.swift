// What an inspection says of directories that an engine left whole, and that it changes nothing.
import MartletBase
import Testing

@testable import MartletStorage

struct InspectionTests {
    @Test(
        "A survey agrees with the files, and with itself", arguments: 1...5 as ClosedRange<UInt64>)
    func survey(seed: UInt64) throws {
        let sample = try InspectionSample(seed: seed)
        let survey = try sample.survey()
        #expect(survey.refusal == nil)
        #expect(survey.position == LogPosition(rawValue: 150))
        #expect(survey.files.map(\.name) == (try sample.disk.list()))
        #expect(survey.files.allSatisfy { $0.version != nil })
        let manifest = try #require(survey.manifest)
        #expect(manifest.edits > 1)
        #expect(manifest.flushed <= LogPosition(rawValue: 150))
        #expect(Set(survey.liveTables.compactMap(\.level)).count > 1)
        for table in survey.liveTables {
            let size = sample.disk.contents(of: table.fileName)?.count
            #expect(table.summary?.fileBytes == size)
            #expect(table.problem == nil)
            #expect((table.filterBitsPerKey ?? 0) >= 10)
            #expect(try #require(table.compressionRatio) > 0.2)
        }
        #expect(survey.segments.last?.last == survey.position)
        for (older, newer) in zip(survey.segments, survey.segments.dropFirst()) {
            #expect(older.last?.rawValue == newer.first.map { $0.rawValue - 1 })
        }
        let known = survey.bytes(.data) + survey.bytes(.leftover)
        #expect(known == sample.disk.usedBytes)
    }

    @Test("A check of a whole directory finds nothing", arguments: 1...5 as ClosedRange<UInt64>)
    func verify(seed: UInt64) throws {
        let sample = try InspectionSample(seed: seed)
        let check = try sample.verify()
        #expect(check.isIntact, "\(check.damage)")
        let survey = try sample.survey()
        #expect(check.tables == survey.liveTables.count)
        #expect(
            check.records == survey.liveTables.reduce(0) { $0 + ($1.summary?.recordCount ?? 0) })
        #expect(check.batches == survey.segments.reduce(0) { $0 + $1.batches })
        #expect(check.edits == survey.manifest?.edits)
    }

    @Test("A check tells how far it is, up to the end")
    func progress() throws {
        let sample = try InspectionSample(seed: 1)
        var steps: [StorageCheck.Progress] = []
        _ = try sample.inspecting { $0.verify { steps.append($0) } }
        let last = try #require(steps.last)
        #expect(steps.map(\.filesRead) == Array(0...last.fileCount))
        #expect(last.bytesRead == last.byteCount)
    }

    @Test("A walk shows what the engine answered", arguments: 1...5 as ClosedRange<UInt64>)
    func walk(seed: UInt64) throws {
        let sample = try InspectionSample(seed: seed)
        let (entries, damage) = try sample.walk()
        #expect(damage == [])
        #expect(entries == sample.entries)
    }

    @Test(
        "A walk narrowed to a space, a partition or a key shows those entries and no others",
        arguments: 1...2 as ClosedRange<UInt64>)
    func filters(seed: UInt64) throws {
        let sample = try InspectionSample(seed: seed)
        for space in StorageKey.Space.allCases {
            for partition in [nil, 0, 3, 4, .max] as [UInt16?] {
                for key in [nil, Bytes(text: "k7"), Bytes(text: "s1")] {
                    var filter = EntryFilter()
                    filter.spaces = [space]
                    filter.partition = partition
                    filter.key = key
                    let expected = sample.entries.filter {
                        $0.key.space == space && partition ?? $0.key.partition == $0.key.partition
                            && key ?? $0.key.key == $0.key.key
                    }
                    #expect(try sample.walk(filter).entries == expected)
                }
            }
        }
    }

    @Test("A walk after a crash shows what an engine that opens then answers")
    func crashes() throws {
        for seed in 1...8 as ClosedRange<UInt64> {
            let sample = try InspectionSample(seed: seed, writes: 80)
            let engine = try Sample(sample.disk, .tiny)
            for index in 0..<5 { try engine.engine.write(.putting("late", "\(index)")) }
            _ = engine.log.append([try #require(engine.engine.takeChunk())])
            var random = SeededRandom(seed: seed)
            sample.disk.crash(.sectors, random: &random)
            let before = try sample.walk().entries
            #expect(try sample.verify().isIntact)
            #expect(before == (try Sample(sample.disk, .tiny).everything()))
        }
    }

    @Test("A walk shows the trees as they were flushed, and a check finds nothing wrong with them")
    func trees() throws {
        let stage = Stage(MemoryDisk(), .tiny)
        try stage.open()
        for index in 0..<30 {
            try stage.put("key \(index)", 100, UInt16(index % 3))
            stage.settle()
        }
        stage.commit()
        stage.settle()
        _ = stage.sample?.log.close()
        let inspection = try StorageInspection(stage.disk)
        #expect(inspection.verify { _ in }.isIntact)
        var filter = EntryFilter()
        filter.spaces = [.trees]
        let walk = try EntryWalk(inspection, filter)
        for partition in 0..<3 as Range<UInt16> {
            let entry = try #require(walk.next())
            #expect(entry.key == .tree(of: partition))
            let stored = try StoredTree(decoding: entry.value)
            #expect(try #require(stored.tree).count > 5 && stored.losses == 0)
        }
        #expect(walk.next() == nil && walk.damage == [])
    }

    @Test("An empty directory holds nothing, and nothing is wrong with it")
    func empty() throws {
        let disk = MemoryDisk()
        let inspection = try StorageInspection(disk)
        let survey = inspection.survey()
        #expect(survey.files == [] && survey.manifest == nil && survey.refusal == nil)
        #expect(survey.position == .start)
        #expect(inspection.verify { _ in }.isIntact)
        #expect(try EntryWalk(inspection, EntryFilter()).next() == nil)
    }

    @Test("A directory that a node holds is refused, and given back after an inspection")
    func lock() throws {
        let disk = MemoryDisk()
        let sample = try Sample(disk)
        #expect(throws: DiskError(.lock, ".", .locked(holder: nil))) { try StorageInspection(disk) }
        _ = sample.log.close()
        let inspection = try StorageInspection(disk)
        inspection.close()
        _ = try Sample(disk)
    }
}
