// The care of the trees by itself: which is made anew, and what moves that on.
import MartletBase
import MartletRing
import MartletStorage
import MartletVersions
import Testing

@testable import MartletAntiEntropy

@Suite("Tree keeping, one node's part")
struct TreeKeepingTests {
    /// Puts objects that the tree of `partition` hears nothing of.
    private func put(_ count: Int, in partition: UInt16, _ stand: PartStand) throws {
        for number in 0..<count {
            var batch = WriteBatch()
            batch.put(
                .object(partition: partition, key: Bytes(text: "key \(number)")),
                Object.one("v", by: 9).encoded())
            try stand.engine.write(batch)
            stand.sync()
        }
    }

    /// Lets time pass until a tree is made.
    private func made(_ trees: inout TreeKeeping, _ stand: inout PartStand) -> UInt16? {
        for _ in 0..<1_000 {
            stand.pass(trees.next.since(stand.now.instant))
            let made = trees.tick(stand.here, at: stand.now)
            trees.checkInvariants()
            if made != nil { return made }
        }
        return nil
    }

    @Test("Within the time for all, each tree is made anew once, and is right then")
    func verification() throws {
        var stand = try PartStand { $0.verification = .seconds(32) }
        try put(3, in: 1, stand)
        #expect(stand.engine.tree(of: 1)?.count == 0, "the tree is wrong")
        var trees = TreeKeeping()
        trees.start(at: stand.now)
        let order = (0..<4).map { _ in made(&trees, &stand) }
        #expect(order == [1, 2, 3, 0])
        #expect(stand.engine.tree(of: 1)?.count == 3 && stand.engine.counters.mendedTrees == 1)
        #expect(stand.now.instant.since(.start) < .seconds(32))
        #expect(made(&trees, &stand) == 1)
        #expect(stand.now.instant.since(.start) >= .seconds(32))
    }

    @Test("A tree whose objects are on the disk waits for its reads, and for nothing else")
    func fromDisk() throws {
        var stand = try PartStand(flushBytes: 1 << 10)
        try put(50, in: 1, stand)
        var trees = TreeKeeping()
        trees.start(at: stand.now)
        for _ in 0..<5 {
            stand.pass(trees.next.since(stand.now.instant))
            #expect(trees.tick(stand.here, at: stand.now) == nil)
            trees.checkInvariants()
        }
        #expect(stand.engine.counters.treeBuilds == 0)
        let made = trees.readCompleted(try stand.completedRead(), at: stand.now)
        trees.checkInvariants()
        #expect(made == 1 && stand.engine.tree(of: 1)?.count == 50)
        #expect(stand.engine.treesDue == [])
    }
}
