// The node's own entries where the table that holds them is damaged: no replica has them, so that
// they are written again from memory or the node does not start.
import MartletBase
import Testing

@testable import MartletStorage

struct StateDamageTests {
    private let names = (0..<3).map { StorageKey.state("mark \($0)") }

    /// State and objects in one table, two entries of state in its first block.
    private func stored(_ disk: MemoryDisk) throws -> (Sample, TableSummary) {
        let sample = try Sample(disk, .tiny)
        for (index, key) in names.enumerated() {
            var batch = WriteBatch()
            batch.put(key, .filled("state", 100 + index))
            try sample.engine.write(batch)
        }
        for index in 0..<6 { try sample.put("object \(index)", String(repeating: "x", count: 200)) }
        sample.settle()
        let tables = sample.engine.version.manifest.tables.map(\.table)
        let table = try #require(tables.first { $0.ranks.contains(names[0].rank) })
        return (sample, table)
    }

    @Test("state whose block is damaged is written again before the table is salvaged")
    func rewritten() throws {
        let disk = MemoryDisk()
        let (sample, table) = try stored(disk)
        disk.flipBit(in: table.fileName, at: TableFormat.headerBytes + 60, bit: 2)
        _ = sample.engine.scrub()
        sample.settle()
        #expect(sample.engine.damagedRanges.isEmpty, "salvaged before the state was synced")
        sample.commit()
        sample.settle()
        #expect(sample.engine.damagedRanges.count == 1)
        var random = SeededRandom(seed: 1)
        disk.crash(.everything, random: &random)
        let again = try Sample(disk, .tiny)
        for (index, key) in names.enumerated() {
            #expect(again.engine.get(key) == .found(.filled("state", 100 + index)))
        }
    }

    @Test("a node whose state does not read back at its start does not start")
    func refused() throws {
        let disk = MemoryDisk()
        let (sample, table) = try stored(disk)
        _ = sample.log.close()
        let block = disk.copy()
        block.flipBit(in: table.fileName, at: TableFormat.headerBytes + 60, bit: 2)
        let blockError = #expect(throws: StorageError.self) { try Sample(block, .tiny) }
        guard case .table(.damaged(table.fileName, TableFormat.headerBytes, _)) = blockError else {
            Issue.record("\(String(describing: blockError))")
            return
        }
        disk.flipBit(in: table.fileName, at: table.fileBytes - 10, bit: 2)
        let error = #expect(throws: StorageError.self) { try Sample(disk, .tiny) }
        guard case .stateLost(let range) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(range.file == table.fileName)
        #expect(error?.description.contains("go on in place") == true)
    }
}
