// The trees of an engine: they follow the writes, drops empty them, damage makes them unknown, and
// a build makes them known while writes go on.
import MartletBase
import Testing

@testable import MartletStorage

struct TreeTests {
    private func key(_ index: Int, _ partition: UInt16 = 1) -> StorageKey {
        .object(partition: partition, key: Bytes(text: "key \(index)"))
    }

    @Test("a partition never written has the empty tree, and nothing is due")
    func empty() throws {
        let engine = try Sample(MemoryDisk()).engine
        #expect(engine.tree(of: 700) == MerkleTree(depth: 4))
        #expect(engine.treesDue == [] && engine.treeBytes == 0)
    }

    @Test("puts, overwrites and deletes that name what they replace are in the tree at once")
    func follows() throws {
        let stage = Stage(MemoryDisk(), .tiny)
        try stage.open()
        let sample = try #require(stage.sample)
        for index in 0..<40 {
            try stage.put("key \(index % 24)", 30 + index, UInt16(index % 3))
            stage.settle()
        }
        var batch = WriteBatch()
        batch.delete(key(4))
        batch.delete(key(4))
        batch.delete(key(999))
        try stage.write(batch)
        try sample.checkTrees("written")
        #expect(sample.engine.tree(of: 1)?.count == 7)
        #expect(sample.engine.treeBytes > 3 * 128)
    }

    @Test("without a digest no trees are kept, and none are built")
    func withoutDigest() throws {
        var options = StorageOptions.small
        options.digest = nil
        let sample = try Sample(MemoryDisk(), options)
        var batch = WriteBatch()
        batch.put(key(1), [1], replacing: nil)
        batch.put(key(1), [2], replacing: [1])
        try sample.engine.write(batch)
        #expect(sample.engine.get(key(1)) == .found([2]))
        #expect(sample.engine.tree(of: 1) == nil && sample.engine.treesDue == [])
        #expect(sample.engine.buildTree(of: 1) == nil && sample.engine.treeBytes == 0)
    }

    @Test("a write that names nothing leaves the tree alone, and a build finds that out")
    func unnamed() throws {
        let sample = try Sample(MemoryDisk(), .tiny)
        var batch = WriteBatch()
        batch.put(key(1), [1], replacing: nil)
        batch.put(key(2), [2])
        try sample.engine.write(batch)
        #expect(sample.engine.tree(of: 1)?.count == 1)
        let build = try #require(sample.engine.buildTree(of: 1))
        #expect(sample.finish(build) == .done(isEqual: false))
        try sample.checkTrees("built")
        #expect(sample.engine.counters.mendedTrees == 1)
        let again = try #require(sample.engine.buildTree(of: 1))
        #expect(sample.finish(again) == .done(isEqual: true))
        #expect(sample.engine.counters.mendedTrees == 1 && sample.engine.counters.treeBuilds == 2)
        #expect(sample.finish(again) == .abandoned, "over")
    }

    @Test("every tree is there after a restart, whatever other spaces the tables hold")
    func lastInTables() throws {
        #expect(StorageKey.Space.allCases.max() == .trees)
        let disk = MemoryDisk()
        let sample = try Sample(disk, .tiny)
        for index in 10..<20 {
            var batch = WriteBatch()
            batch.put(key(index, 5), .filled("value", 200), replacing: nil)
            batch.put(.state("name"), [1])
            batch.put(.hint(partition: 0, key: [1], home: NodeID(rawValue: 2)), [1])
            batch.put(StorageKey.object(partition: 0, key: [1]).removable, [1])
            try sample.engine.write(batch)
            sample.commit()
        }
        sample.settle()
        _ = sample.log.close()
        let again = try Sample(disk, .tiny)
        try again.checkTrees("opened again")
        #expect(again.engine.tree(of: 5)?.count == 10)
    }

    @Test("what a mended tree says is in the tables after the next flush")
    func mendedIsKept() throws {
        let disk = MemoryDisk()
        let sample = try Sample(disk, .tiny)
        var batch = WriteBatch()
        batch.put(key(2), [2])
        try sample.engine.write(batch)
        sample.finish(try #require(sample.engine.buildTree(of: 1)))
        for index in 10..<20 {
            var batch = WriteBatch()
            batch.put(key(index), .filled("value", 200), replacing: nil)
            try sample.engine.write(batch)
            sample.commit()
        }
        sample.settle()
        _ = sample.log.close()
        try Sample(disk, .tiny).checkTrees("opened again")
    }

    @Test("a drop empties the tree, also within a batch, and what follows it counts anew")
    func drops() throws {
        let disk = MemoryDisk()
        let stage = Stage(disk, .tiny)
        try stage.open()
        for index in 0..<6 { try stage.put("key \(index)", 40, 1) }
        var batch = WriteBatch()
        batch.put(key(50), [5])
        batch.drop(.objects, partition: 1)
        batch.put(key(51), [6])
        batch.put(key(52, 2), [7])
        try stage.write(batch)
        let sample = try #require(stage.sample)
        #expect(sample.engine.tree(of: 1)?.count == 1)
        try sample.checkTrees("dropped")
        stage.commit()
        stage.settle()
        try stage.reopen()
        try #require(stage.sample).checkTrees("opened again")
        batch = WriteBatch()
        batch.drop(.hints, partition: 1)
        try stage.write(batch)
        try #require(stage.sample).checkTrees("hints dropped")
    }

    // MARK: Builds

    /// Makes many objects of partition 1, some in tables of every level.
    private func filled(_ options: StorageOptions, count: Int) throws -> Stage {
        let stage = Stage(MemoryDisk(), options)
        try stage.open()
        for index in 0..<count {
            try stage.put("key \(index)", 900, 1)
            stage.commit()
            if index % 8 == 0 { stage.settle() }
        }
        stage.settle()
        return stage
    }

    @Test(
        "a build while others write, drop, flush and compact ends with the tree of the present",
        arguments: 0..<12 as Range<UInt64>)
    func concurrent(seed: UInt64) throws {
        let stage = try filled(.tiny, count: 150)
        let sample = try #require(stage.sample)
        var random = SeededRandom(seed: seed, stream: "build")
        let build = try #require(sample.engine.buildTree(of: 1))
        #expect(sample.engine.buildTree(of: 2) == nil, "one at a time")
        var steps = 0
        var step = TreeBuild.Step.page
        while step == .page {
            for _ in 0..<random.below(12) {
                var batch = WriteBatch()
                let index = random.below(200)
                if random.chance(0.3) {
                    batch.delete(key(index))
                } else {
                    batch.put(key(index), .filled("new", 1 + random.below(300)))
                }
                if seed == 11, steps == 1 { batch.drop(.objects, partition: 1) }
                try stage.write(batch)
                stage.commit()
                if random.chance(0.2) { stage.settle() }
            }
            step = sample.step(build)
            steps += 1
        }
        #expect(steps > 2 || seed == 11)
        #expect(step == (seed == 11 ? .abandoned : .done(isEqual: true)))
        try sample.checkTrees("seed \(seed)")
        sample.engine.checkInvariants()
        stage.commit()
        stage.settle()
        try stage.reopen()
        try #require(stage.sample).checkTrees("seed \(seed), opened again")
    }

    @Test("a build that is let go of frees its snapshot, and another can begin")
    func abandoned() throws {
        let stage = try filled(.tiny, count: 100)
        let engine = try #require(stage.sample).engine
        for _ in 0..<40 {
            let build = try #require(engine.buildTree(of: 1))
            #expect(engine.snapshotCount == 1)
            if case .pending = build.step() { _ = stage.sample?.read() }
        }
        #expect(engine.snapshotCount == 0 && !engine.trees.isBuilding)
        let snapshots = (0..<engine.options.snapshotLimit).map { _ in engine.snapshot() }
        #expect(engine.buildTree(of: 1) == nil, "no snapshot is to be had")
        #expect(snapshots.allSatisfy { $0 != nil })
    }

    @Test("an outgrown tree is due, and is built deeper")
    func outgrown() throws {
        let sample = try Sample(MemoryDisk())
        let limit = 2 * 64 * 16
        for start in stride(from: 0, to: limit, by: 256) {
            var batch = WriteBatch()
            for index in start..<start + 256 { batch.put(key(index), [1], replacing: nil) }
            try sample.engine.write(batch)
        }
        #expect(sample.engine.treesDue == [])
        var batch = WriteBatch()
        batch.put(key(limit), [1], replacing: nil)
        try sample.engine.write(batch)
        #expect(sample.engine.treesDue == [1] && sample.engine.tree(of: 1)?.depth == 4)
        let build = try #require(sample.engine.buildTree(of: 1))
        #expect(sample.finish(build) == .done(isEqual: true))
        #expect(sample.engine.treesDue == [] && sample.engine.tree(of: 1)?.depth == 6)
        try sample.checkTrees("deeper")
    }

    // MARK: Damage

    @Test("damage makes the trees that it touches unknown and due, over restarts, until built")
    func damage() throws {
        let stage = try filled(.tiny, count: 60)
        try stage.put("elsewhere", 10, 0)
        stage.commit()
        var sample = try #require(stage.sample)
        let table = try #require(
            sample.engine.version.manifest.tables.map(\.table).first {
                $0.ranks.overlaps(Rank.all(of: .objects, 1))
            })
        sample.disk.flipBit(in: table.fileName, at: TableFormat.headerBytes + 60, bit: 2)
        for _ in 0..<sample.engine.version.tables.count {
            _ = sample.engine.scrub()
            sample.settle()
        }
        #expect(sample.engine.damagedRanges.count == 1)
        #expect(sample.engine.tree(of: 1) == nil && sample.engine.treesDue.contains(1))
        try stage.put("key 70", 950, 1)
        try stage.put("key 71", 950, 1)
        stage.commit()
        stage.settle()
        try stage.reopen()
        sample = try #require(stage.sample)
        #expect(sample.engine.tree(of: 1) == nil && sample.engine.treesDue.contains(1))
        sample.buildDueTrees()
        try sample.checkTrees("built")
        #expect(sample.engine.counters.mendedTrees == 0, "what was unknown was not wrong")
        try stage.put("key 72", 950, 0)
        try stage.put("key 73", 950, 0)
        stage.commit()
        stage.settle()
        try stage.reopen()
        try #require(stage.sample).checkTrees("built and opened again")
    }

    @Test("damage found while a tree is built ends the build")
    func damageInBuild() throws {
        var options = StorageOptions.tiny
        options.blockCacheBytes = 0
        let stage = try filled(options, count: 60)
        let sample = try #require(stage.sample)
        let build = try #require(sample.engine.buildTree(of: 1))
        for placed in sample.engine.version.manifest.tables {
            sample.disk.flipBit(
                in: placed.table.fileName, at: TableFormat.headerBytes + 60, bit: 2)
        }
        #expect(sample.finish(build) == .abandoned)
        #expect(!sample.engine.trees.isBuilding && sample.engine.snapshotCount == 0)
        sample.settle()
        #expect(sample.engine.tree(of: 1) == nil)
        for _ in 0..<30 where !sample.engine.treesDue.isEmpty {
            sample.buildDueTrees()
            sample.settle()
        }
        try sample.checkTrees("built")
    }

    @Test("a tree that does not read back at the start is unknown, and the node starts")
    func unreadTree() throws {
        let stage = try filled(.tiny, count: 20)
        _ = stage.sample?.log.close()
        for name in try stage.disk.list() where TableFormat.number(name) != nil {
            let bytes = try #require(stage.disk.contents(of: name))
            for offset in stride(from: 30, to: bytes.count, by: 97) {
                let disk = stage.disk.copy()
                disk.flipBit(in: name, at: offset, bit: 1)
                let found = try Sample(disk, .tiny)
                found.settle()
                found.buildDueTrees()
                found.checkKnownTrees("\(name), byte \(offset)")
                #expect(found.engine.treesDue == [])
            }
        }
    }
}
