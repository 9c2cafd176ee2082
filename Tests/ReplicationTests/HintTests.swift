// Hints as transcripts: made as copies and as marks, brought home once, never lost.
import MartletBase
import MartletReplication
import MartletStorage
import MartletVersions
import MartletWire
import Testing

@Suite("Hints") struct HintTests {
    @Test("A mark is delivered when the home is back, exactly once")
    func markIsDelivered() throws {
        var stage = try Stage(away: [3])
        stage.put("a")
        stage.sync()
        stage.acknowledge(1, by: 2)
        #expect(stage.pass(.seconds(5)) == [])
        stage.reach(3)
        #expect(stage.pass(.zero) == ["put 2 → 3: a@1.1, hint, durable"])
        #expect(stage.pass(.milliseconds(600)) == [], "it is under way")
        #expect(stage.acknowledge(2, by: 3) == [])
        #expect(stage.replication.pendingHints.count == 0)
        #expect(stage.replication.pendingHints.bytes == 0)
        #expect(stage.pass(.seconds(5)) == [])
        #expect(stage.replication.counters.hintsKept == 1)
        #expect(stage.replication.counters.hintsDelivered == 1)
    }

    @Test("A mark renewed by a later write outlives the acknowledgement of the earlier one")
    func markIsRenewed() throws {
        var stage = try Stage(away: [3])
        stage.put("a")
        stage.reach(3)
        #expect(stage.pass(.zero).count == 1)
        stage.lose(3)
        stage.put("b")
        stage.acknowledge(2, by: 3)
        #expect(stage.replication.pendingHints.count == 1)
        stage.reach(3)
        #expect(stage.pass(.zero) == ["put 4 → 3: b@1.2, hint, durable"])
        stage.acknowledge(4, by: 3)
        #expect(stage.replication.pendingHints.count == 0)
        #expect(stage.replication.counters.hintsKept == 1, "renewed, not made again")
        #expect(stage.replication.counters.hintsDelivered == 1)
    }

    @Test("A copy that has changed since it was sent is kept and sent again")
    func copyHasChanged() throws {
        var stage = try Stage(local: 4, nodes: 4, away: [3])
        stage.hold(.one("a", by: 1), for: 3)
        stage.reach(3)
        #expect(stage.pass(.zero) == ["put 1 → 3: a@1.1, hint, durable"])
        stage.hold(.one("b", by: 2), for: 3)
        stage.acknowledge(1, by: 3)
        #expect(stage.replication.pendingHints.count == 1)
        #expect(
            stage.pass(.milliseconds(500)) == ["put 2 → 3: a@1.1 b@2.1, hint, durable"])
        stage.acknowledge(2, by: 3)
        #expect(stage.replication.pendingHints.count == 0)
    }

    @Test("A hint that is refused or never answered is sent again")
    func hintIsSentAgain() throws {
        var stage = try Stage(local: 4, nodes: 4, away: [3])
        stage.hold(.one("a", by: 1), for: 3)
        stage.reach(3)
        #expect(stage.pass(.zero).count == 1)
        #expect(stage.refuse(1, by: 3) == [])
        #expect(stage.pass(.milliseconds(500)) == ["put 2 → 3: a@1.1, hint, durable"])
        #expect(stage.pass(.seconds(2)) == [])
        #expect(stage.pass(.milliseconds(500)) == ["put 3 → 3: a@1.1, hint, durable"])
        stage.acknowledge(2, by: 3)
        #expect(stage.replication.pendingHints.count == 1, "of what was given up")
        stage.acknowledge(3, by: 3)
        #expect(stage.replication.pendingHints.count == 0)
    }

    @Test("A home that is slow to have a hint on disk is waited for longer, and is then heard")
    func slowHome() throws {
        var stage = try Stage(local: 4, nodes: 4, away: [3])
        stage.hold(.one("a", by: 1), for: 3)
        stage.reach(3)
        #expect(stage.pass(.zero) == ["put 1 → 3: a@1.1, hint, durable"])
        #expect(stage.pass(.milliseconds(2_500)) == ["put 2 → 3: a@1.1, hint, durable"])
        #expect(stage.pass(.milliseconds(3_900)) == [], "it has twice as long")
        stage.acknowledge(2, by: 3)
        #expect(stage.replication.pendingHints.count == 0)
    }

    /// A hint of `object` from node 2, which is home in none of this.
    private func hint(_ operation: UInt64, _ object: Object) -> ReplicationMessage {
        .put(
            ReplicaPut(
                operation: OperationID(rawValue: operation), key: Stage.key, object: object,
                purpose: .hint, durable: true, patience: .seconds(2)))
    }

    /// A client's write that its coordinator wants synced.
    private func write(_ operation: UInt64, _ object: Object) -> ReplicationMessage {
        .put(
            ReplicaPut(
                operation: OperationID(rawValue: operation), key: Stage.key, object: object,
                purpose: .write, durable: true, patience: .seconds(2)))
    }

    @Test(
        "In lazy sync modes a home acknowledges a hint when it is on disk, a write before that",
        arguments: [SyncMode.interval(.seconds(9)), .operatingSystem])
    func hintNeedsDisk(mode: SyncMode) throws {
        var storage = StorageOptions.roomy
        storage.sync = mode
        var stage = try Stage(storage: storage)
        #expect(stage.receive(hint(5, .one("a", by: 2)), from: 2) == [])
        #expect(stage.receive(write(6, .one("b", by: 3)), from: 3) == [])
        let chunk = try #require(stage.engine.takeChunk())
        stage.engine.logAnswered(stage.log.append([chunk]))
        #expect(stage.advanceLog() == ["putReply 6 → 3: stored"], "it is written")
        stage.engine.logAnswered(stage.log.sync())
        #expect(stage.advanceLog() == ["putReply 5 → 2: stored"], "it is synced")
    }

    @Test("A home asks for the sync that a hint waits for, also where it brings nothing new")
    func hintAsksForSync() throws {
        var storage = StorageOptions.roomy
        storage.sync = .operatingSystem
        var stage = try Stage(storage: storage)
        #expect(stage.receive(hint(5, .one("a", by: 2)), from: 2) == [])
        #expect(stage.sync() == ["putReply 5 → 2: stored"])
        #expect(stage.receive(write(6, .one("b", by: 3)), from: 3) == [])
        #expect(stage.sync() == ["putReply 6 → 3: stored"])
        #expect(stage.engine.synced < stage.engine.appended, "it was written, no more")
        #expect(stage.receive(hint(7, .one("b", by: 3)), from: 2) == [])
        #expect(stage.sync() == ["putReply 7 → 2: stored"])
        #expect(stage.engine.synced == stage.engine.appended)
    }

    @Test("An acknowledgement by another node forgets nothing")
    func foreignAcknowledgement() throws {
        var stage = try Stage(local: 4, nodes: 4, away: [3])
        stage.hold(.one("a", by: 1), for: 3)
        stage.reach(3)
        stage.pass(.zero)
        stage.acknowledge(1, by: 2)
        #expect(stage.replication.pendingHints.count == 1)
    }

    @Test("A node that stands in for all homes owes each of them every write it took")
    func owedCopiesAreJoined() throws {
        var stage = try Stage(local: 4, nodes: 4)
        stage.hold(.one("a", by: 1), for: 2)
        for home in [1, 2, 3] as [UInt64] { stage.lose(home) }
        #expect(
            stage.put("b", seen: Context()) {
                $0.w = .count(1)
                $0.dw = .count(0)
            } == ["answer 1: written x.1 beside 1 [4 for 1 stored]"])
        #expect(stage.replication.pendingHints.count == 3)
        stage.reach(2)
        #expect(stage.pass(.zero) == ["put 2 → 2: a@1.1 b@x.1, hint, durable"])
    }

    @Test("A home that stood in under a smaller n owes what it holds either way")
    func copyThenMark() throws {
        var stage = try Stage(local: 2, away: [1])
        stage.put("a", seen: Context()) {
            $0.n = 1
            $0.dw = .count(0)
        }
        stage.put("b", as: 2, seen: Context()) { $0.dw = .count(0) }
        #expect(stage.replication.pendingHints.count == 1)
        stage.reach(1)
        #expect(stage.pass(.zero) == ["put 3 → 1: b@2.1 a@x.1, hint, durable"])
    }

    @Test("A fallback's later writes do not cover those that it brought home and forgot")
    func forgottenWrites() throws {
        var stage = try Stage(local: 4, nodes: 4)
        stage.loseHomes()
        stage.putInTheirPlace("a")
        var home = Object()
        for operation in [2, 3, 4] as [UInt64] {
            stage.reach(operation - 1)
            home = try stage.engine.anyHint()
            stage.pass(.zero)
            stage.acknowledge(operation, by: operation - 1)
        }
        #expect(stage.replication.pendingHints.count == 0)

        stage.loseHomes()
        stage.putInTheirPlace("b")
        home.merge(try stage.engine.anyHint())
        #expect(home.values == ["a", "b"])
    }

    @Test("A fallback's writes under one hint follow one another")
    func writesUnderOneHint() throws {
        var stage = try Stage(local: 4, nodes: 4)
        stage.loseHomes()
        for value in ["a", "b", "c"] { stage.putInTheirPlace(value, seen: nil) }
        let hint = try stage.engine.anyHint()
        #expect(hint.values == ["c"])
        #expect(hint.context.entries.count == 1, "a context does not grow with every write")
    }

    @Test("A mark is not lost when the home then stands in under a smaller n")
    func markThenCopy() throws {
        var stage = try Stage(local: 2, away: [1])
        stage.put("a", seen: Context()) { $0.dw = .count(0) }
        stage.put("b", as: 2, seen: Context()) {
            $0.n = 1
            $0.dw = .count(0)
        }
        stage.reach(1)
        #expect(stage.pass(.zero) == ["put 3 → 1: a@2.1 b@x.1, hint, durable"])
    }

    @Test("What a fallback took is owed to a silent home even after its own hint has gone home")
    func owedAfterDelivery() throws {
        var stage = try Stage(local: 4, nodes: 4)
        stage.put("a") {
            $0.w = .count(1)
            $0.dw = .count(0)
        }
        #expect(stage.pass(.seconds(1)).contains("put 5 → 1: a@x.1, hint, durable"))
        stage.acknowledge(5, by: 1)
        #expect(stage.replication.pendingHints.count == 0)
        #expect(
            stage.pass(.seconds(2)) == [
                "put 6 → 2: a@x.1, hint, durable", "put 7 → 3: a@x.1, hint, durable",
            ])
    }

    @Test("Hints for a home that is away do not hold up the node while others are brought home")
    func longPass() throws {
        var stage = try Stage(local: 4, nodes: 4, away: [2, 3])
        for number in 1...3_000 { _ = stage.holdAsked("v", key: "k\(number)") }
        for number in 1...8 { _ = stage.holdAsked("v", key: "z\(number)", for: 2) }
        stage.reach(2)
        let first = stage.pass(.zero).count
        #expect(first < 8, "a look at a third of the hints does not find them all")
        #expect(first + stage.pass(.milliseconds(100)).count == 8)
    }

    @Test("Hints outlive the node that keeps them, and are counted again when it is back")
    func recovery() throws {
        var stage = try Stage(local: 4, nodes: 4, away: [3])
        stage.hold(.one("a", by: 1), for: 3)
        let pending = stage.replication.pendingHints
        let again = try Replication(
            local: NodeID(rawValue: 4), options: ReplicationOptions(), engine: stage.engine,
            dots: DotSource(actor: .of(4)), random: SeededRandom(seed: 1),
            firstOperation: OperationID(rawValue: 1))
        #expect(again.pendingHints == pending)
        #expect(pending.count == 1)
    }

    @Test("At its limit a node refuses to keep more hints, and says so")
    func limit() throws {
        var stage = try Stage(local: 4, nodes: 4) { $0.hintLimitBytes = 50 }
        #expect(stage.holdAsked("a", key: "k1") == ["putReply 5 → 1: stored"])
        #expect(
            stage.holdAsked("b", key: "k2") == [
                "putReply 5 → 1: storage: it keeps hints up to its limit of 50 bytes"
            ])
        #expect(stage.replication.pendingHints.count == 1)
        #expect(stage.holdAsked("a", key: "k1") == ["putReply 5 → 1: stored"], "it has that")
    }

    @Test("The keys of hints count towards the limit")
    func limitCountsKeys() throws {
        var stage = try Stage(local: 4, nodes: 4) { $0.hintLimitBytes = 1_000 }
        let key = String(repeating: "k", count: 1_000)
        #expect(stage.holdAsked("a", key: key).first?.contains("limit") == true)
    }

    @Test("A node keeps no hints for itself")
    func noHintsForItself() throws {
        var stage = try Stage(local: 4, nodes: 4)
        #expect(
            stage.holdAsked("a", key: "k", for: 4) == [
                "putReply 5 → 1: invalid: a node keeps no hints for itself"
            ])
    }

    @Test("No more hints are under way than the window allows, and all get home")
    func window() throws {
        var stage = try Stage(local: 4, nodes: 4, away: [3]) { $0.hintWindowLimit = 8 }
        for number in 1...50 { _ = stage.holdAsked("v", key: "k\(number)") }
        stage.reach(3)
        var underWay = stage.pass(.zero).count
        #expect(underWay == 2, "a quarter of the limit, to begin with")
        var operation: UInt64 = 1
        while stage.replication.pendingHints.count > 0, operation < 1_000 {
            underWay += stage.acknowledge(operation, by: 3).count - 1
            #expect(underWay <= 8)
            operation += 1
        }
        #expect(stage.replication.counters.hintsDelivered == 50)
    }

    @Test("A home that does not answer holds up no other's hints, nor has others waited for longer")
    func silentHome() throws {
        var stage = try Stage(local: 4, nodes: 4, away: [2, 3]) { $0.hintWindowLimit = 4 }
        for number in 1...20 {
            _ = stage.holdAsked("v", key: "k\(number)", for: 2)
            _ = stage.holdAsked("v", key: "k\(number)", for: 3)
        }
        stage.reach(2)
        stage.reach(3)
        var (lines, answered) = (stage.pass(.zero), 0)
        #expect(lines.count == 2, "a quarter of the limit for each, to begin with")
        // Node 2 never answers; node 3 does at once.
        for _ in 0..<40 where answered < lines.count {
            let line = lines[answered]
            answered += 1
            guard line.contains("→ 3:") else { continue }
            let number = try #require(line.split(separator: " ").dropFirst().first)
            lines += stage.acknowledge(try #require(UInt64(number)), by: 3)
            lines += stage.pass(.milliseconds(10))
        }
        #expect(stage.replication.counters.hintsDelivered == 20, "within the pass: \(lines)")
        #expect(lines.count { $0.contains("→ 2:") } == 1)
        stage.pass(.seconds(20))
        _ = stage.holdAsked("w", key: "k", for: 3)
        #expect(stage.pass(.seconds(1)).contains { $0.contains("→ 3:") })
        #expect(stage.pass(.seconds(4)).contains { $0.contains("→ 3:") }, "given up after two")
    }

    @Test("What a full window has left behind goes with the next answer, without a rest")
    func passedOver() throws {
        var stage = try Stage(local: 4, nodes: 4, away: [2, 3]) { $0.hintWindowLimit = 1 }
        for number in 1...9 { _ = stage.holdAsked("v", key: "k\(number)", for: 2) }
        _ = stage.holdAsked("v", key: "z", for: 3)
        stage.reach(2)
        stage.reach(3)
        var lines = stage.pass(.zero)
        for operation in 1...10 as ClosedRange<UInt64> {
            lines += stage.acknowledge(operation, by: 2) + stage.acknowledge(operation, by: 3)
        }
        #expect(lines.count == 10)
        #expect(stage.replication.counters.hintsDelivered == 10)
    }
}

extension Stage {
    /// Another node asks to hold a write of `value` under `key` for `home`.
    mutating func holdAsked(_ value: String, key: String, for home: UInt64 = 3) -> [String] {
        let put = ReplicaPut(
            operation: OperationID(rawValue: 5), key: Bytes(text: key),
            object: .one(value, by: 1), purpose: .write, heldFor: NodeID(rawValue: home),
            durable: false, patience: .seconds(1))
        return receive(.put(put), from: 1)
    }

    mutating func loseHomes() {
        for home in 1...3 as ClosedRange<UInt64> { lose(home) }
    }

    /// A client writes here while no home can be reached.
    mutating func putInTheirPlace(_ value: String, seen: Context? = Context()) {
        put(value, seen: seen) {
            $0.w = .count(1)
            $0.dw = .count(0)
        }
    }
}

extension StorageEngine {
    /// What the first hint carries.
    func anyHint() throws -> Object {
        let entry = try #require(scanNow(.hints, limitBytes: 1).entries.first)
        var reader = ByteReader(entry.value)
        return try Object(from: &reader)
    }
}

extension Object {
    /// The values of the siblings as texts, sorted.
    fileprivate var values: [String] {
        siblings.compactMap { sibling in
            if case .value(let value) = sibling.content { value.text } else { nil }
        }.sorted()
    }
}
