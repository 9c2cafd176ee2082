// Keys that must first be read from disk: what is asked of one waits in order, what is asked of
// others does not wait for it.
import MartletBase
import MartletReplication
import MartletStorage
import MartletVersions
import MartletWire
import Testing

@Suite("Cold keys") struct ColdKeyTests {
    private let warm = Bytes(text: "warm")

    /// A stage whose node holds `a` on its disk, and nothing in memory.
    private func holdingColdA(
        _ adjust: (inout ReplicationOptions) -> Void = { _ in }
    ) throws -> Stage {
        var stage = try Stage(storage: .tiny, adjust)
        stage.hold(.one("a", by: 2))
        try stage.cool()
        return stage
    }

    /// Node 2's write of `b`, to be held here.
    private func put(patience: Duration = .seconds(1)) -> ReplicationMessage {
        .put(
            ReplicaPut(
                operation: OperationID(rawValue: 5), key: Stage.key, object: .one("b", by: 3),
                purpose: .write, durable: false, patience: patience))
    }

    @Test("A read waits for its block, and is answered when that has come")
    func read() throws {
        var stage = try holdingColdA()
        #expect(stage.get { $0.r = .count(1) } == [])
        #expect(stage.bringBlocks() == ["answer 1: read a@2.1 [1 agreed]"])
        #expect(stage.replication.operationsInFlight == 0)
        #expect(stage.get { $0.r = .count(1) } == [], "what a read brought is not kept")
    }

    @Test("Others are asked before the block has come, and may answer first")
    func othersAnswerFirst() throws {
        var stage = try holdingColdA()
        #expect(stage.get() == ["get 1 → 2: summary will do"])
        #expect(stage.show(1, by: 2, .object(.one("a", by: 2))) == [])
        #expect(stage.bringBlocks() == ["answer 1: read a@2.1 [1 agreed, 2 agreed]"])
    }

    @Test("A slow disk is hedged like a slow replica")
    func slowDisk() throws {
        var stage = try holdingColdA()
        #expect(stage.get { $0.r = .count(1) } == [])
        #expect(stage.pass(.milliseconds(25)) == ["get 1 → 2"])
        #expect(
            stage.show(1, by: 2, .object(.one("a", by: 2))) == [
                "answer 1: read a@2.1 [1 silent, 2 agreed]"
            ])
        #expect(stage.bringBlocks() == [], "nobody waits for it any more but the operation")
        #expect(stage.replication.operationsInFlight == 0)
    }

    @Test("What is asked of one cold key is done in the order of asking")
    func order() throws {
        var stage = try holdingColdA()
        #expect(stage.put("x") { $0.dw = .count(0) } == [])
        #expect(stage.get(as: 2) { $0.r = .count(1) } == [])
        #expect(stage.receive(put(), from: 2) == [])
        #expect(stage.get(as: 3) { $0.r = .count(1) } == [])
        #expect(
            stage.bringBlocks() == [
                "put 4 → 2: x@1.1", "put 4 → 3: x@1.1", "putReply 5 → 2: stored",
                "answer 2: read x@1.1 [1 agreed]", "answer 3: read x@1.1 b@3.1 [1 agreed]",
            ])
        #expect(stage.engine.takeReads().isEmpty)
    }

    @Test("Two blind puts to one cold key follow one another, and make no siblings")
    func twoPuts() throws {
        var stage = try holdingColdA()
        stage.put("b", as: 1)
        stage.put("c", as: 2)
        #expect(
            stage.bringBlocks() == [
                "put 3 → 2: b@1.1, durable", "put 3 → 3: b@1.1, durable",
                "put 4 → 2: c@1.2, durable", "put 4 → 3: c@1.2, durable",
            ])
        #expect(stage.get { $0.r = .count(1) } == ["answer 1: read c@1.2 [1 agreed]"])
        #expect(stage.replication.dots.counter == 2, "a put that waited has used up no dot")
    }

    @Test("Warm keys overtake cold ones")
    func overtaking() throws {
        var stage = try holdingColdA()
        stage.put("w", key: warm)
        #expect(stage.get(as: 2) { $0.r = .count(1) } == [])
        #expect(
            stage.get(as: 3, key: warm) { $0.r = .count(1) } == [
                "answer 3: read w@1.1 [1 agreed]"
            ])
        #expect(stage.bringBlocks() == ["answer 2: read a@2.1 [1 agreed]"])
    }

    @Test("A key that is nowhere is known to be by the filters, without a read")
    func absentKey() throws {
        var stage = try holdingColdA()
        #expect(
            stage.get(key: warm) { $0.r = .count(1) } == ["answer 1: read nothing [1 agreed]"])
    }

    @Test("A put whose deadline comes while it waits is answered then, and is not done later")
    func deadline() throws {
        var stage = try holdingColdA()
        stage.put("b")
        #expect(stage.replication.operationsInFlight == 1)
        #expect(stage.pass(.seconds(2)) == ["answer 1: timed out 0 of 1 []"])
        #expect(stage.bringBlocks() == [])
        #expect(stage.replication.dots.counter == 0)
        #expect(stage.replication.operationsInFlight == 0)
        #expect(stage.get { $0.r = .count(1) } == [])
        #expect(stage.bringBlocks() == ["answer 1: read a@2.1 [1 agreed]"])
    }

    @Test("Another node's write is not done past its patience")
    func patience() throws {
        var stage = try holdingColdA()
        #expect(stage.receive(put(patience: .milliseconds(100)), from: 2) == [])
        stage.pass(.milliseconds(200))
        #expect(stage.bringBlocks() == [])
        #expect(stage.get { $0.r = .count(1) } == [])
        #expect(stage.bringBlocks() == ["answer 1: read a@2.1 [1 agreed]"])
    }

    @Test("A get whose deadline comes while it waits ends, and its read leads to nothing")
    func getDeadline() throws {
        var stage = try holdingColdA { $0.hedgeShare = 0 }
        for node in [2, 3] as [UInt64] { stage.lose(node) }
        stage.get { $0.r = .count(1) }
        #expect(stage.pass(.seconds(2)) == ["answer 1: timed out 0 of 1 [1 silent]"])
        #expect(stage.bringBlocks() == [])
    }

    @Test("A stop ends the puts that wait: no dot is issued after it")
    func stop() throws {
        var stage = try holdingColdA()
        stage.put("b", as: 1)
        stage.put("c", as: 2)
        #expect(
            stage.stop() == [
                "answer 1: storage: the node is stopping",
                "answer 2: storage: the node is stopping",
            ])
        #expect(stage.bringBlocks() == [])
        #expect(stage.replication.dots.counter == 0)
    }

    @Test("No more wait than the limit allows; the others are told so at once")
    func queueLimit() throws {
        var stage = try holdingColdA { $0.keyQueueLimit = 2 }
        stage.put("b", as: 1)
        stage.put("c", as: 2)
        #expect(stage.put("d", as: 3) == ["answer 3: overloaded"])
        #expect(stage.receive(put(), from: 2) == ["putReply 5 → 2: overloaded"])
        #expect(stage.get(as: 4) { $0.r = .count(1) } == ["get 3 → 2"], "another is asked")
        #expect(stage.bringBlocks().count == 4)
        #expect(stage.put("d", as: 5).count == 2)
    }

    @Test("More reads than the storage takes are refused as overload")
    func readLimit() throws {
        var storage = StorageOptions.tiny
        storage.readLimit = 1
        var stage = try Stage(storage: storage)
        stage.hold(.one("a", by: 2))
        stage.put("w", key: warm)
        try stage.cool()
        stage.put("b", as: 1)
        #expect(stage.put("c", as: 2, key: warm) == ["answer 2: overloaded"])
        #expect(stage.put("c", as: 3) == [], "it waits for the same read")
        #expect(stage.bringBlocks().count == 4)
    }

    @Test("A hint's copy that must be read is joined, not overwritten")
    func coldHint() throws {
        var stage = try Stage(local: 4, nodes: 4, away: [3], storage: .tiny)
        stage.hold(.one("a", by: 1), for: 3)
        try stage.cool()
        stage.hold(.one("b", by: 2), for: 3)
        stage.bringBlocks()
        #expect(stage.replication.pendingHints.count == 1)
        stage.reach(3)
        #expect(stage.pass(.zero) == [], "its page is read first")
        #expect(stage.bringBlocks() == ["put 1 → 3: a@1.1 b@2.1, hint, durable"])
    }

    @Test(
        "A node that forgets everything at once comes to hold what one with memory does",
        arguments: 1...8 as ClosedRange<UInt64>)
    func coldAsWarm(seed: UInt64) throws {
        var random = SeededRandom(seed: seed)
        var warm = try Stage(local: 2, nodes: 4, away: [3])
        var cold = try Stage(local: 2, nodes: 4, away: [3], storage: .tiny)
        for number in 0..<150 {
            let key = Bytes(text: "k\(random.next() % 12)")
            let value = "v\(number)"
            switch random.next() % 6 {
            case 0, 1:
                let seen: Context? = random.next() % 2 == 0 ? Context() : nil
                warm.put(value, key: key, seen: seen)
                cold.put(value, key: key, seen: seen)
            case 2:
                _ = warm.holdAsked(value, key: key.text)
                _ = cold.holdAsked(value, key: key.text)
            case 3:
                warm.lose(1)
                cold.lose(1)
            case 4:
                warm.reach(1)
                cold.reach(1)
            default: try cold.cool()
            }
            cold.bringBlocks()
            cold.sync()
            cold.work()
        }
        #expect(try cold.stored() == warm.stored())
        #expect(cold.replication.dots == warm.replication.dots)
        #expect(cold.replication.pendingHints == warm.replication.pendingHints)
    }
}

extension Stage {
    /// All that is stored of the ring's one partition.
    fileprivate func stored() throws -> [ScanPage.Entry] {
        try engine.scanNow(.objects, partitions: 0...0).entries
            + engine.scanNow(.hints, partitions: 0...0).entries
    }
}
