// Scans of a range of key hashes: what a leaf of a tree stands for, and no block besides.
import MartletBase
import Testing

@testable import MartletStorage

struct HashScanTests {
    private func pages(
        _ sample: Sample, _ partition: UInt16, _ hashes: ClosedRange<UInt64>, limitBytes: Int
    ) throws -> [ScanPage.Entry] {
        var entries: [ScanPage.Entry] = []
        var cursor: StorageKey?
        repeat {
            let page = try sample.engine.scanNow(
                .objects, partitions: partition...partition, hashes: hashes, after: cursor,
                limitBytes: limitBytes)
            entries += page.entries
            cursor = page.next
        } while cursor != nil
        return entries
    }

    @Test("a scan of hashes shows just the keys with those, from memtables and tables")
    func ranges() throws {
        let stage = Stage(MemoryDisk(), .tiny)
        try stage.open()
        for index in 0..<160 {
            try stage.put("key \(index)", 60, UInt16(1 + index % 2))
            if index < 150 { stage.settle() }
        }
        let sample = try #require(stage.sample)
        let all = try sample.everything().filter { $0.key.partition == 1 }
        let hashes = all.map(\.key.hash)
        for depth in 0...6 {
            for node in 0..<1 << depth {
                let range = MerkleTree.hashes(ofNode: node, depth: depth)
                let found = try pages(sample, 1, range, limitBytes: 300)
                #expect(found == all.filter { range.contains($0.key.hash) }, "\(depth), \(node)")
            }
        }
        // Finer than a rank.
        for hash in hashes.prefix(20) {
            #expect(try pages(sample, 1, hash...hash, limitBytes: 300).map(\.key.hash) == [hash])
            #expect(try pages(sample, 1, hash + 1...hash + 1, limitBytes: 300) == [])
            #expect(try pages(sample, 1, hash - 1...hash, limitBytes: 300).count == 1)
        }
        #expect(try pages(sample, 5, 0...UInt64.max, limitBytes: 300) == [])
    }

    @Test("a scan of hashes reads only the blocks that may hold them")
    func blocks() throws {
        var options = StorageOptions.tiny
        options.flushBytes = 64 << 10
        options.memtableLimitBytes = 256 << 10
        options.tableBytes = 64 << 10
        options.blockCacheBytes = 0
        let stage = Stage(MemoryDisk(), options)
        try stage.open()
        for index in 0..<400 { try stage.put("key \(index)", 200, 1) }
        stage.commit()
        stage.settle()
        let sample = try #require(stage.sample)
        #expect(sample.engine.version.tables.values.reduce(0) { $0 + $1.map.blockCount } > 200)
        let range = MerkleTree.hashes(ofNode: 77, depth: 7)
        let before = sample.engine.counters.blockReads
        let outcome = sample.engine.scan(
            .objects, partitions: 1...1, hashes: range, limitBytes: 1 << 20)
        if case .pending = outcome { sample.read() }
        #expect(sample.engine.counters.blockReads - before < 12)
    }
}
