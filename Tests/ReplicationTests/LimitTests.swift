// Every limit of replication reached, clocks that are wrong, and clients that lie.
import MartletBase
import MartletReplication
import MartletStorage
import MartletVersions
import MartletWire
import Testing

@Suite("Limits, clocks and lies") struct LimitTests {
    @Test("Requests above the limit are refused, and finished ones make room")
    func requestLimit() throws {
        var stage = try Stage { $0.requestLimit = 2 }
        stage.get(as: 1)
        stage.put("a", as: 2)
        #expect(stage.put("b", as: 3) == ["answer 3: overloaded"])
        _ = stage.show(1, by: 2, .object(Object()))
        #expect(stage.get(as: 4).count == 1)
    }

    @Test("While reads in flight hold more bytes than they may, further ones are refused")
    func readBytes() throws {
        var stage = try Stage { $0.readByteLimit = 3 }
        stage.hold(.one("abc", by: 2))
        #expect(!stage.replication.isFullOfReads)
        #expect(stage.get(as: 1) == ["get 1 → 2: summary will do"])
        #expect(stage.replication.isFullOfReads)
        #expect(stage.get(as: 2) == ["answer 2: overloaded"])
        _ = stage.show(1, by: 2, .object(.one("abc", by: 2)))
        #expect(stage.get(as: 3) == ["get 2 → 2: summary will do"])
    }

    @Test("Keys and values above their limits are refused")
    func sizes() throws {
        var stage = try Stage {
            $0.valueLimitBytes = 3
            $0.keyLimitBytes = 1
        }
        #expect(stage.put("abcd") == ["answer 1: value above 3 bytes"])
        #expect(stage.put("abc").count == 2)
        var tight = try Stage { $0.keyLimitBytes = 0 }
        #expect(tight.get() == ["answer 1: key above 0 bytes"])
    }

    @Test("Siblings above the limit are refused to clients, and merged from replicas")
    func siblings() throws {
        var stage = try Stage { $0.siblingLimit = 2 }
        stage.put("a", seen: Context())
        stage.put("b", seen: Context())
        #expect(stage.put("c", seen: Context()) == ["answer 1: more than 2 siblings"])
        stage.hold(.one("d", by: 2))
        stage.get { $0.r = .count(1) }
        #expect(stage.get { $0.r = .count(1) }.first?.contains("a@1.1 b@1.2 d@2.1") == true)
        #expect(stage.put("e").contains("put 5 → 2: e@1.4, durable"), "one that has seen them")
    }

    @Test("A client's context may not swell a key's beyond the limit; what is known may be more")
    func contextActors() throws {
        var stage = try Stage { $0.contextLimit = 2 }
        let three = Context(covering: (11...13).map { Dot(actor: .of($0), counter: 1) })
        let refusal = "answer 1: invalid: the context that was handed in leaves more than 2 actors"
        #expect(stage.put("a", seen: three) == [refusal])
        #expect(stage.engine.entryEstimate == 0)
        stage.hold(.one("b", by: 2, seen: three))
        #expect(stage.put("c", as: 2).contains("put 1 → 2: c@1.2, durable"), "it was here before")
        #expect(stage.put("d", as: 3, seen: three).count == 2)
    }

    @Test("A node in no ring says so")
    func noTopology() throws {
        let stage = try Stage()
        var replication = try Replication(
            local: NodeID(rawValue: 1), options: ReplicationOptions(), engine: stage.engine,
            dots: DotSource(actor: .of(1)), random: SeededRandom(seed: 1),
            firstOperation: OperationID(rawValue: 1))
        var outbox = Outbox()
        replication.requestReceived(
            RequestID(rawValue: 1),
            ClientRequest(key: Stage.key, operation: .get(ReadOptions())), at: stage.now,
            into: &outbox)
        #expect(outbox.answers.map(describe) == ["answer 1: no topology"])
    }

    @Test("A timestamp far ahead is held like any, and drags no clock along")
    func clockSkew() throws {
        for purpose in ReplicaPut.Purpose.allCases {
            var stage = try Stage()
            let ahead = WallTime(milliseconds: Stage.wallStart.milliseconds + 61_000)
            let put = ReplicaPut(
                operation: OperationID(rawValue: 5), key: Stage.key,
                object: .one("a", by: 2, at: ahead), purpose: purpose, durable: false,
                patience: .seconds(1))
            #expect(stage.receive(.put(put), from: 2) == ["putReply 5 → 2: stored"])
            stage.put("b")
            #expect(stage.get { $0.r = .count(1) }.first?.contains("read b@1.1") == true)
        }
    }

    @Test("A durable acknowledgement waits for the sync; one past its patience is not sent")
    func durableAcknowledgements() throws {
        var stage = try Stage()
        var put = ReplicaPut(
            operation: OperationID(rawValue: 5), key: Stage.key, object: .one("a", by: 2),
            purpose: .write, durable: true, patience: .seconds(1))
        #expect(stage.receive(.put(put), from: 2) == [])
        #expect(stage.sync() == ["putReply 5 → 2: stored"])
        #expect(
            stage.receive(.put(put), from: 2) == ["putReply 5 → 2: stored"],
            "nothing new, and it is synced")
        put.object = .one("b", by: 3)
        _ = stage.receive(.put(put), from: 2)
        stage.pass(.seconds(2))
        #expect(stage.sync() == [])
    }

    @Test("A log that has synced much at once tells of it in several events")
    func manyAcknowledgements() throws {
        let limit = Replication.eventLimit
        var stage = try Stage()
        let count = 2 * limit + 10
        for number in 1...UInt64(count) {
            stage.put("a", as: number, key: Bytes(text: "k\(number)")) {
                $0.w = .count(1)
                $0.dw = .count(1)
            }
        }
        let first = stage.sync()
        #expect(first.count == limit && first[0].hasPrefix("answer 1: "))
        #expect(stage.replication.nextWakeup <= stage.now.instant, "the rest is due at once")
        let between = stage.get(as: 9_999) { $0.r = .count(1) }
        #expect(between.contains { $0.hasPrefix("answer 9999: ") }, "others come between")
        var rest: [String] = []
        while stage.replication.hasMoreToTell { rest += stage.pass(.zero) }
        #expect(rest.count == count - limit)
        #expect(rest.last?.hasPrefix("answer \(count): ") == true)
        #expect(stage.replication.nextWakeup > stage.now.instant)
    }

    @Test("Timers that are due together fire in several events")
    func manyTimers() throws {
        let limit = Replication.eventLimit
        var stage = try Stage()
        for number in 1...UInt64(limit + 1) {
            stage.get(as: number, key: Bytes(text: "k\(number)"))
        }
        stage.now.instant = stage.now.instant + .seconds(3)
        var outbox = Outbox()
        stage.replication.tick(at: stage.now, into: &outbox)
        #expect(outbox.answers.count == limit)
        #expect(stage.replication.nextWakeup <= stage.now.instant)
        stage.replication.tick(at: stage.now, into: &outbox)
        let lines = outbox.answers.map(describe)
        #expect(lines.contains { $0.hasPrefix("answer \(limit + 1): ") })
    }

    @Test(
        "A context that claims writes to come makes none of them vanish",
        arguments: [
            2, 1_000, Dot.counterLimit - 1, Dot.counterLimit,
        ])
    func lyingContext(counter: UInt64) throws {
        var stage = try Stage()
        let lie = Context(covering: [Dot(actor: .of(1), counter: counter)])
        stage.put("a", seen: lie)
        for number in 1...5 { stage.put("b\(number)", seen: Context()) }
        let line = try #require(stage.get { $0.r = .count(1) }.first)
        for number in 1...5 { #expect(line.contains("b\(number)@")) }
        #expect(stage.replication.dots.counter == 6, "the node's own count is not moved by it")
        let entry = try #require(stage.engine.scanNow(.objects, limitBytes: 1).entries.first)
        var reader = ByteReader(entry.value)
        #expect(throws: Never.self) { try Object(from: &reader) }
    }

    @Test("A lie about another node's writes is outdone once that node has heard it")
    func lieAboutOthers() throws {
        var stage = try Stage()
        let lie = Context(covering: [Dot(actor: .of(1), counter: 1_000)])
        stage.hold(.one("a", by: 2, seen: lie))
        #expect(stage.put("b", seen: Context()).first?.contains("b@1.1001") == true)
    }
}
