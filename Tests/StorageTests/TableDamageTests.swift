// What changed bytes of a table lead to: a typed error or the very same records, never a trap and
// never an endless walk; and how much of a damaged table is saved.
import MartletBase
import Testing

@testable import MartletStorage

struct TableDamageTests {
    private static let fileName = TableFormat.fileName(1)

    /// A small table of several blocks, some of them compressed.
    private struct Victim {
        let entries: [TableEntry]
        let bytes: Bytes
        let built: BuiltTable

        init(seed: UInt64, count: Int = 16) throws {
            var random = SeededRandom(seed: seed)
            entries = TableSample.entries(&random, count, longest: 700)
            let disk = MemoryDisk()
            var options = TableOptions()
            options.blockBytes = 600
            built = try TableSample.build(entries, on: disk, options)
            bytes = try #require(disk.contents(of: TableDamageTests.fileName))
        }

        func file(_ bytes: Bytes) throws -> any DiskFile {
            let disk = MemoryDisk()
            disk.setContents(of: TableDamageTests.fileName, to: bytes)
            return try disk.open(TableDamageTests.fileName, .existing)
        }

        /// Where the parts begin that have a checksum each: header, sections, footer.
        var parts: [Range<Int>] {
            var parts = [0..<TableFormat.headerBytes]
            let footer = bytes.count - TableFormat.footerBytes
            while let start = parts.last?.upperBound, start < footer {
                let stored = Int(bytes.raw.quarter(start + 4))
                parts.append(start..<start + TableFormat.sectionHeaderBytes + stored)
            }
            parts.append(footer..<bytes.count)
            return parts
        }

        /// All records, read as an open table is; nil after a `TableError`. Any other error fails.
        func read(_ file: any DiskFile, expecting summary: TableSummary?) throws -> [TableEntry]? {
            do {
                let found = try TableReader.readSummary(file)
                let map = try TableReader.openMap(file, expecting: summary ?? found)
                _ = built.summary
                for entry in entries.prefix(3) {
                    _ = try? TableSample.find(entry.key, file, map)
                }
                return try TableSample.scan(file, map, readAheadBytes: 2000)
            } catch is TableError {
                return nil
            } catch is FormatError {
                return nil
            }
        }

        /// The records of the blocks that a walk finds intact.
        func salvage(_ file: any DiskFile, withMap: Bool) throws -> [TableEntry] {
            let footer = withMap ? try? TableReader.readFooter(file, number: 1) : nil
            let map = footer.flatMap { try? TableReader.readMap(file, $0) }
            var walk = try TableWalk(file, number: 1, footer: footer, map: map)
            var found: [TableEntry] = []
            while let (_, piece) = try walk.next() {
                if case .records(let block, _) = piece {
                    found += try TableSample.entries(of: block)
                }
            }
            return found
        }
    }

    @Test("every truncation is an error, and the blocks before it are saved")
    func truncations() throws {
        let victim = try Victim(seed: 1)
        for length in 0..<victim.bytes.count {
            let file = try victim.file(Bytes(victim.bytes[..<length]))
            #expect(try victim.read(file, expecting: nil) == nil)
            #expect(try victim.read(file, expecting: victim.built.summary) == nil)
            #expect(try !TableCheck(file, number: 1).isIntact)
            let saved = try victim.salvage(file, withMap: true)
            #expect(saved == Array(victim.entries.prefix(saved.count)))
            let map = victim.built.map
            let whole = (0..<map.blockCount).count {
                map.offset(of: $0) + map.length(of: $0) <= length
            }
            #expect((saved.isEmpty) == (whole == 0))
        }
    }

    @Test(
        "every changed byte is found, and costs the records of one block at most",
        arguments: [0x01, 0xFF] as [UInt8])
    func mutations(flip: UInt8) throws {
        let victim = try Victim(seed: 2)
        let parts = victim.parts
        for offset in victim.bytes.indices {
            var bytes = victim.bytes
            bytes[offset] ^= flip
            let file = try victim.file(bytes)
            #expect(try victim.read(file, expecting: victim.built.summary) == nil)
            let check = try TableCheck(file, number: 1)
            let part = try #require(parts.firstIndex { $0.contains(offset) })
            #expect(check.damage.map(\.offset) == [parts[part].lowerBound], "byte \(offset)")
            let isInBlock = (1...victim.built.map.blockCount).contains(part)
            for withMap in [true, false] {
                let saved = try victim.salvage(file, withMap: withMap)
                let lost = Set(victim.entries).subtracting(saved)
                #expect(saved == victim.entries.filter { !lost.contains($0) })
                #expect(lost.isEmpty == !isInBlock, "byte \(offset)")
                let ranks = lost.map(\.key.rank)
                guard isInBlock, let highest = ranks.max() else { continue }
                #expect(victim.built.map.lastRank(of: part - 1) == highest)
            }
        }
    }

    @Test(
        "bytes changed under a valid checksum lead to an error or an end",
        arguments: 0..<2 as Range<UInt64>)
    func hostile(seed: UInt64) throws {
        var random = SeededRandom(seed: seed)
        let victim = try Victim(seed: 3)
        let parts = victim.parts
        for offset in victim.bytes.indices {
            let part = try #require(parts.firstIndex { $0.contains(offset) })
            var bytes = victim.bytes
            bytes[offset] = UInt8(truncatingIfNeeded: random.next())
            if random.chance(0.3), let other = parts[part].randomOffset(&random) {
                bytes[other] = [0, 0xFF, 0x80, 1][random.below(4)]
            }
            Self.reseal(&bytes, parts[part], isSection: part > 0 && part < parts.count - 1)
            let file = try victim.file(bytes)
            _ = try victim.read(file, expecting: nil)
            _ = try victim.read(file, expecting: victim.built.summary)
            let check = try TableCheck(file, number: 1)
            #expect(check.blockCount <= victim.built.map.blockCount)
            _ = try? victim.salvage(file, withMap: true)
            _ = try? victim.salvage(file, withMap: false)
        }
    }

    @Test("a check finds what valid checksums hide: a filter or an index that lies")
    func lies() throws {
        let victim = try Victim(seed: 5)
        let parts = victim.parts
        let filter = parts[parts.count - 2]
        let index = parts[parts.count - 3]
        let footer = parts[parts.count - 1]

        var bytes = victim.bytes
        for offset in filter.dropFirst(TableFormat.sectionHeaderBytes + 8) { bytes[offset] = 0 }
        Self.reseal(&bytes, filter, isSection: true)
        var check = try TableCheck(try victim.file(bytes), number: 1)
        #expect(check.damageCount == victim.built.map.blockCount)
        #expect(check.damage.first?.reason == .invalid("filter: lacks a key"))

        // The low bits of the first block's last rank.
        bytes = victim.bytes
        bytes[index.lowerBound + TableFormat.sectionHeaderBytes] ^= 1
        Self.reseal(&bytes, index, isSection: true)
        check = try TableCheck(try victim.file(bytes), number: 1)
        #expect(!check.isIntact)

        // The count of deletes.
        bytes = victim.bytes
        bytes[footer.lowerBound + 48] ^= 1
        Self.reseal(&bytes, footer, isSection: false)
        check = try TableCheck(try victim.file(bytes), number: 1)
        #expect(check.damage.map(\.offset) == [footer.lowerBound])
    }

    @Test(
        "many false beginnings behind damage cost a bounded search, and what follows is told lost")
    func falseBeginnings() throws {
        // Every 16 bytes the front of a section that would reach far, none of them sealed.
        var bytes = TableHeader.encoded(1)
        for _ in 0..<4000 {
            var front = ByteWriter()
            front.write(UInt32(7))
            front.write(UInt32(30_000))
            front.write(UInt32(30_000))
            front.writeRaw([0, 1, 0, 0])
            bytes += front.bytes
        }
        let file = try Victim(seed: 6).file(bytes)
        let check = try TableCheck(file, number: 1)
        #expect(check.blockCount == 0)
        // The footer, the first false section, and the end that cannot be a footer either.
        #expect((2...3).contains(check.damageCount))
    }

    /// Makes the checksum of a part right again.
    private static func reseal(_ bytes: inout Bytes, _ part: Range<Int>, isSection: Bool) {
        let number = part.lowerBound == 0 ? bytes.raw.word(16) : 1
        let copy = bytes
        let crc =
            isSection
            ? TableFormat.checksum(copy, part.dropFirst(4), number: number, offset: part.lowerBound)
            : TableFormat.checksum(copy, part.dropLast(4), number: number, offset: part.lowerBound)
        let place = isSection ? part.lowerBound : part.upperBound - 4
        for index in 0..<4 { bytes[place + index] = UInt8(truncatingIfNeeded: crc >> (8 * index)) }
    }

    @Test("a block in another place, or of another table, is damage")
    func misdirected() throws {
        let entries = (0..<8).map { number in
            TableEntry(.named("name \(number)"), Bytes(repeating: UInt8(number), count: 300))
        }.sorted { $0.key < $1.key }
        var options = TableOptions()
        options.blockBytes = 512
        options.compress = false
        let disk = MemoryDisk()
        let built = try TableSample.build(entries, on: disk, options)
        _ = try TableSample.build(entries, number: 2, on: disk, options)
        let mine = try #require(disk.contents(of: Self.fileName))
        let other = try #require(disk.contents(of: TableFormat.fileName(2)))
        let map = built.map
        let first = map.offset(of: 0)..<map.offset(of: 1)
        let second = map.offset(of: 1)..<map.offset(of: 2)
        #expect(first.count == second.count)
        for (range, source) in [
            (first, mine[second]), (second, mine[first]), (first, other[first]),
        ] {
            var bytes = mine
            bytes.replaceSubrange(range, with: source)
            disk.setContents(of: Self.fileName, to: bytes)
            let file = try disk.open(Self.fileName, .existing)
            let index = range == first ? 0 : 1
            #expect(
                throws: TableError.damaged(
                    file: Self.fileName, offset: range.lowerBound, reason: .checksumMismatch)
            ) { try TableReader.readBlock(file, map, index) }
        }
        disk.setContents(of: Self.fileName, to: other)
        let file = try disk.open(Self.fileName, .existing)
        #expect(throws: TableError.self) {
            try TableReader.openMap(file, expecting: built.summary)
        }
        #expect(try TableCheck(file, number: 1).damage.first?.offset == 0)
    }

    @Test("a scanner goes on behind a damaged block")
    func scannerGoesOn() throws {
        let victim = try Victim(seed: 4)
        let map = victim.built.map
        var bytes = victim.bytes
        bytes[map.offset(of: 1) + 20] ^= 1
        var scanner = TableScanner(try victim.file(bytes), map)
        var blocks = 0
        var failures = 0
        while scanner.index < map.blockCount {
            do {
                blocks += try scanner.next() == nil ? 0 : 1
            } catch {
                failures += 1
            }
        }
        #expect(blocks == map.blockCount - 1)
        #expect(failures == 1)
    }
}

extension Range<Int> {
    /// Any of its members; nil where there is none.
    fileprivate func randomOffset(_ random: inout SeededRandom) -> Int? {
        isEmpty ? nil : lowerBound + random.below(count)
    }
}
