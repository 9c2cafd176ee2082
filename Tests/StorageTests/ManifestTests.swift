// The manifest: its bytes, what a torn end is and what is damage, the order in which one file
// replaces another, and numbers that are never given twice.
import MartletBase
import Testing

@testable import MartletStorage

struct ManifestTests {
    private static let name = ManifestFormat.fileName(1)

    private func summary(_ number: UInt64, _ ranks: ClosedRange<UInt64>) -> TableSummary {
        TableSummary(
            number: number, fileBytes: 500, blockCount: 2, putCount: 3, deleteCount: 1,
            recordBytes: 300, lowest: Rank(rawValue: ranks.lowerBound),
            highest: Rank(rawValue: ranks.upperBound), newest: LogPosition(rawValue: 9))
    }

    private func adding(_ number: UInt64, level: Int = 0) -> ManifestEdit {
        var edit = ManifestEdit()
        edit.added = [Manifest.Placed(level: level, table: summary(number, 10...20))]
        edit.flushed = LogPosition(rawValue: number)
        return edit
    }

    /// A manifest file of four edits, and where each record ends.
    private func written() throws -> (bytes: Bytes, ends: [Int], manifests: [Manifest]) {
        let disk = MemoryDisk()
        let writer = try ManifestWriter.create(
            Manifest(), on: disk, growthBytes: 1 << 20, replacing: [])
        var ends = [try #require(disk.contents(of: Self.name)).count]
        var manifests = [writer.manifest]
        for _ in 0..<4 {
            try writer.append(adding(writer.takeNumber()))
            ends.append(try #require(disk.contents(of: Self.name)).count)
            manifests.append(writer.manifest)
        }
        return (try #require(disk.contents(of: Self.name)), ends, manifests)
    }

    @Test("a manifest is written as exactly these bytes, and read back from them")
    func golden() throws {
        var edit = adding(5, level: 2)
        edit.removed = [3]
        edit.nextNumber = 300
        edit.drops = [
            Manifest.DropMark(space: .hints, partition: 258, position: LogPosition(rawValue: 4))
        ]
        edit.damage = [
            DamagedRange(
                file: "f", ranks: Rank(rawValue: 1)...Rank(rawValue: 2), reason: "why")
        ]
        let golden =
            // Magic, version, number 7, checksum.
            "4d4152544c45544d" + "01" + "000000" + "0700000000000000" + "a43a2be8"
            // Checksum, length; flushed 5, next number 300, one removed: 3.
            + "706a66a1" + "3c000000" + "05" + "ac02" + "01" + "03"
            // One added at level 2: number, bytes, blocks, puts, deletes, record bytes.
            + "01" + "02" + "05" + "f403" + "02" + "03" + "01" + "ac02"
            // Lowest and highest rank, newest position.
            + "0a00000000000000" + "1400000000000000" + "09"
            // One drop of hints of partition 258 at 4; one range of damage.
            + "01" + "02" + "0201" + "04" + "01" + "0166" + "0100000000000000"
            + "0200000000000000" + "03776879"
        let bytes =
            ManifestFormat.header(7)
            + ManifestFormat.record(edit, number: 7, at: ManifestFormat.headerBytes)
        #expect(hex(bytes) == golden)
        let read = try ManifestFormat.readRecord(bytes, number: 7, at: ManifestFormat.headerBytes)
        #expect(read.edit == edit)
        #expect(read.end == bytes.count)
    }

    @Test("a manifest cut at any byte is what its whole records say")
    func torn() throws {
        let (bytes, ends, manifests) = try written()
        for cut in 0...bytes.count {
            for zeros in [0, 40] {
                let changed = Bytes(bytes[..<cut]) + Bytes(repeating: 0, count: zeros)
                let found = try ManifestWriter.read(changed, number: 1)?.manifest
                let whole = ends.lastIndex { $0 <= cut }
                // The last bytes of a record may be zeros themselves: then the cut is no loss.
                let isWhole = found == whole.map { manifests[$0] }
                let next = manifests[min(4, (whole ?? -1) + 1)]
                #expect(isWhole || zeros > 0 && found == next, "cut at \(cut), \(zeros) zeros")
            }
        }
    }

    @Test("damage before the last record is told, with its offset; the last is like a torn end")
    func damaged() throws {
        let (bytes, ends, manifests) = try written()
        for index in bytes.indices {
            var changed = bytes
            changed[index] ^= 0x40
            do {
                let found = try ManifestWriter.read(changed, number: 1)?.manifest
                #expect(index >= ends[3], "byte \(index) changed")
                #expect(found == manifests[3])
            } catch {
                #expect(index < ends[3], "byte \(index) changed")
                #expect(error.offset <= max(index, ManifestFormat.headerBytes))
            }
        }
    }

    @Test("each is refused by its own error: later version, damage, and none beside data")
    func refused() throws {
        let disk = MemoryDisk()
        let sample = try Sample(disk)
        try sample.put("a", "1")
        _ = sample.log.close()
        let bytes = try #require(disk.contents(of: Self.name))

        let missing = disk.copy()
        try missing.remove(Self.name)
        #expect(throws: StorageError.missingManifest(beside: firstSegment)) { try Sample(missing) }
        let torn = disk.copy()
        torn.setContents(of: Self.name, to: Bytes(bytes.dropLast(3)))
        #expect(throws: StorageError.missingManifest(beside: firstSegment)) { try Sample(torn) }

        var later = bytes
        later[8] = 2
        FilePart.all(of: Self.name, bytes)[0].seal(&later)
        let newer = disk.copy()
        newer.setContents(of: Self.name, to: later)
        #expect(throws: StorageError.unsupportedVersion(file: Self.name, version: 2)) {
            try Sample(newer)
        }

        let (edits, ends, _) = try written()
        var hole = edits
        hole[ends[1] + 12] ^= 1
        let damaged = MemoryDisk()
        damaged.setContents(of: Self.name, to: hole)
        #expect(
            throws: StorageError.corruptManifest(
                file: Self.name, offset: ends[1], reason: .checksumMismatch)
        ) { try Sample(damaged) }
    }

    @Test("a manifest that finds no descriptor to be made anew is none the worse")
    func outOfDescriptors() throws {
        let disk = MemoryDisk()
        let writer = try ManifestWriter.create(
            Manifest(), on: disk, growthBytes: 100, replacing: [])
        disk.isOutOfDescriptors = true
        var refusals = 0
        for _ in 0..<20 {
            do { try writer.append(adding(writer.takeNumber())) } catch {
                refusals += 1
                #expect(error.cause == .exhausted("too many open files"))
            }
        }
        #expect(refusals > 0 && writer.failure == nil)
        disk.isOutOfDescriptors = false
        try writer.append(adding(writer.takeNumber()))
        #expect(try ManifestWriter.recover(try disk.list(), on: disk).manifest == writer.manifest)
    }

    @Test("a manifest that has grown is made anew, and one file is left")
    func replaced() throws {
        let disk = MemoryDisk()
        let writer = try ManifestWriter.create(
            Manifest(), on: disk, growthBytes: 100, replacing: [])
        for _ in 0..<20 {
            try writer.append(adding(writer.takeNumber()))
            let names = try disk.list()
            #expect(names.count == 1)
            let found = try ManifestWriter.recover(names, on: disk)
            #expect(found.manifest.tables == writer.manifest.tables)
            #expect(found.manifest.flushed == writer.manifest.flushed)
            #expect(found.manifest.nextNumber <= writer.manifest.nextNumber)
        }
        #expect(try disk.list() != [Self.name])
    }

    @Test(
        "a crash while one manifest replaces another leaves what either says",
        arguments: MemoryDisk.CrashLoss.allCases)
    func replacedCrash(loss: MemoryDisk.CrashLoss) throws {
        let disk = MemoryDisk()
        let writer = try ManifestWriter.create(
            Manifest(), on: disk, growthBytes: 64, replacing: [])
        var points: [(MemoryDisk, before: Manifest)] = []
        disk.beforeOperation = { points.append((disk.copy(), writer.manifest)) }
        for _ in 0..<6 { try writer.append(adding(writer.takeNumber())) }
        for (index, point) in points.enumerated() {
            for seed in 0..<4 as Range<UInt64> {
                let copy = point.0.copy()
                var random = SeededRandom(seed: seed, stream: "manifest \(index)")
                copy.crash(loss, random: &random)
                let found = try ManifestWriter.recover(copy.list(), on: copy)
                let tables = found.manifest.tables.count
                let before = point.before.tables.count
                #expect(tables == before || tables == before + 1, "operation \(index)")
                let next = try ManifestWriter.create(
                    found.manifest, on: copy, growthBytes: 64, replacing: found.numbers)
                let after = try ManifestWriter.recover(copy.list(), on: copy)
                #expect(after.manifest == next.manifest, "operation \(index)")
                #expect(after.numbers.count == 1, "operation \(index)")
                #expect(found.numbers.allSatisfy { $0 < after.numbers[0] })
            }
        }
    }

    @Test("no number is given twice, over restarts and replacements")
    func numbers() throws {
        let disk = MemoryDisk()
        var manifest = Manifest()
        var older: [UInt64] = []
        var given: Set<UInt64> = []
        for _ in 0..<5 {
            let writer = try ManifestWriter.create(
                manifest, on: disk, growthBytes: 64, replacing: older)
            for _ in 0..<4 {
                let number = writer.takeNumber()
                #expect(given.insert(number).inserted, "table \(number) given twice")
                try writer.append(adding(number))
            }
            let found = try ManifestWriter.recover(disk.list(), on: disk)
            (manifest, older) = (found.manifest, found.numbers)
            #expect(older.allSatisfy { given.insert($0).inserted })
        }
    }

    @Test("edits that do not fit are refused")
    func misfits() throws {
        var manifest = Manifest()
        try manifest.apply(adding(5, level: 1))
        var removal = ManifestEdit()
        removal.removed = [6]
        for edit in [adding(5), adding(6, level: 1), adding(6, level: 7), removal] {
            var copy = manifest
            #expect(throws: FormatError.self) { try copy.apply(edit) }
        }
        try manifest.apply(adding(6))
        #expect(manifest.tables.count == 2)
    }

    @Test("a full disk cuts the edit off again, and the next one holds")
    func fullDisk() throws {
        let disk = MemoryDisk()
        let writer = try ManifestWriter.create(
            Manifest(), on: disk, growthBytes: 64, replacing: [])
        for index in 0..<12 {
            let edit = adding(writer.takeNumber())
            disk.capacityBytes = disk.usedBytes + index
            #expect(throws: DiskError.self) { try writer.append(edit) }
            #expect(writer.failure == nil)
            disk.capacityBytes = nil
            try writer.append(edit)
            #expect(writer.manifest.tables.count == index + 1)
            let found = try ManifestWriter.recover(disk.list(), on: disk)
            #expect(found.manifest.tables == writer.manifest.tables)
            #expect(found.numbers.count == 1)
        }
    }
}
