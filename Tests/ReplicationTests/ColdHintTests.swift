// Hints brought home from disk: their pages and the objects behind their marks come later.
import MartletBase
import MartletReplication
import MartletStorage
import MartletVersions
import MartletWire
import Testing

@Suite("Cold hints") struct ColdHintTests {
    /// A fallback that keeps `count` hints for node 3 on its disk alone.
    private func keeping(_ count: Int) throws -> Stage {
        var stage = try Stage(local: 4, nodes: 4, away: [2, 3], storage: .tiny)
        for number in 1...count {
            // The filters of the tables may take the new key for one of theirs.
            let lines = stage.holdAsked("v", key: "k\(number)") + stage.bringBlocks()
            #expect(lines == ["putReply 5 → 1: stored"])
            if number % 10 == 0 { try stage.cool() }
        }
        try stage.cool()
        return stage
    }

    @Test("A pass goes on when its page has come from disk")
    func page() throws {
        var stage = try keeping(3)
        stage.reach(3)
        #expect(stage.pass(.zero) == [])
        #expect(stage.bringBlocks().count == 3)
        for operation in 1...3 as ClosedRange<UInt64> { stage.acknowledge(operation, by: 3) }
        stage.bringBlocks()
        #expect(stage.replication.pendingHints.count == 0)
        #expect(stage.replication.counters.hintsDelivered == 3)
    }

    @Test("A home that is back while a page is being read makes the pass begin anew, once")
    func wakeWhileReading() throws {
        var stage = try keeping(3)
        stage.reach(3)
        #expect(stage.pass(.zero) == [])
        stage.reach(2)
        #expect(stage.pass(.zero) == [])
        #expect(stage.bringBlocks().count == 3, "none is lost, and none sent twice")
        #expect(stage.pass(.seconds(1)) == [])
        #expect(stage.bringBlocks() == [], "they are under way")
    }

    @Test("The object behind a mark is read before it is sent, and the mark forgotten in its turn")
    func mark() throws {
        var stage = try Stage(away: [3], storage: .tiny)
        stage.put("a")
        stage.acknowledge(1, by: 2)
        try stage.cool()
        stage.reach(3)
        #expect(stage.pass(.zero) == [])
        #expect(stage.bringBlocks() == ["put 2 → 3: a@1.1, hint, durable"])
        #expect(stage.acknowledge(2, by: 3) == [])
        stage.bringBlocks()
        #expect(stage.replication.pendingHints.count == 0)
        #expect(stage.pass(.seconds(5)) == [])
    }

    @Test("Many hints over many pages all get home, once each", arguments: [1, 40, 200])
    func many(count: Int) throws {
        var stage = try keeping(count)
        stage.reach(3)
        var sent = 0
        var operation: UInt64 = 1
        for _ in 0..<1_000 where stage.replication.pendingHints.count > 0 {
            stage.work()
            sent += stage.pass(.milliseconds(500)).count + stage.bringBlocks().count
            while operation <= sent {
                sent += stage.acknowledge(operation, by: 3).count + stage.bringBlocks().count
                stage.sync()
                stage.work()
                operation += 1
            }
        }
        #expect(stage.replication.counters.failures == 0)
        #expect(sent == count)
        #expect(stage.replication.counters.hintsDelivered == UInt64(count))
    }
}
