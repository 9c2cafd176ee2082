// What exchanges found to be lacking, on its way: gathered into parcels here, held there.
import MartletBase
import MartletRing
import MartletVersions
import MartletWire
import Testing

@testable import MartletReplication

@Suite("Parcels") struct ParcelTests {
    private let keys = ["a", "b", "c", "d", "e"]

    private func holding(
        _ value: String = "v", _ adjust: (inout ReplicationOptions) -> Void = { _ in }
    ) throws -> Stage {
        var stage = try Stage(adjust)
        for key in keys { stage.give(.one(value, by: 2), key) }
        return stage
    }

    @Test("What is to be sent to one home gathers for a while, and goes as one")
    func gathered() throws {
        var stage = try holding()
        for key in ["a", "b"] { stage.push(key, to: 2) }
        stage.push("c", to: 3)
        stage.push("unknown", to: 3)
        #expect(stage.replication.pushCount == 4)
        #expect(stage.pass(.milliseconds(99)) == [])
        #expect(
            stage.pass(.milliseconds(1)) == [
                "parcel 1 → 2: a is v@2.1, b is v@2.1", "parcel 2 → 3: c is v@2.1",
            ])
        #expect(stage.replication.pushCount == 3)
        #expect(stage.answer(1, by: 2) == [])
        #expect(stage.answer(2, by: 2) == [], "it was another that was asked")
        #expect(stage.replication.pushCount == 1)
        #expect(stage.answer(2, by: 3) == [])
        #expect(stage.replication.pushCount == 0)
        #expect(stage.replication.operationsInFlight == 0)
        #expect(stage.replication.counters.pushes == 3)
    }

    @Test("A key of which nothing is left is not sent")
    func gone() throws {
        var stage = try Stage()
        stage.push("a", to: 2)
        #expect(stage.pass(.seconds(1)) == [])
        #expect(stage.replication.pushCount == 0)
        #expect(stage.replication.nextWakeup == .never)
    }

    @Test("No more are under way than the window lets; an answer lets the next go, and more")
    func window() throws {
        var stage = try holding { $0.hintWindowLimit = 8 }
        for key in keys { stage.push(key, to: 2) }
        #expect(
            stage.pass(.milliseconds(100)) == ["parcel 1 → 2: a is v@2.1, b is v@2.1"])
        #expect(
            stage.answer(1, by: 2) == [
                "parcel 2 → 2: c is v@2.1, d is v@2.1, e is v@2.1"
            ])
        #expect(stage.replication.pushCount == 3)
    }

    @Test("A slow answer halves the window, and so does none")
    func slow() throws {
        var stage = try holding { $0.hintWindowLimit = 16 }
        for key in keys { stage.push(key, to: 2) }
        #expect(stage.pass(.milliseconds(100)).count == 1)
        stage.pass(.milliseconds(60))
        #expect(stage.answer(1, by: 2) == ["parcel 2 → 2: e is v@2.1"])
        for key in keys { stage.push(key, to: 2) }
        #expect(stage.pass(.milliseconds(100)) == ["parcel 3 → 2: a is v@2.1"])
        // Both are given up, and one at a time goes from now on.
        #expect(stage.pass(.milliseconds(1_999)) == [])
        #expect(stage.pass(.milliseconds(1)) == ["parcel 4 → 2: b is v@2.1"])
        #expect(stage.answer(1, by: 2) == [])
    }

    @Test("A home that does not answer holds up no other's")
    func silent() throws {
        var stage = try holding { $0.hintWindowLimit = 8 }
        for key in keys {
            stage.push(key, to: 2)
            stage.push(key, to: 3)
        }
        #expect(
            stage.pass(.milliseconds(100)) == [
                "parcel 1 → 2: a is v@2.1, b is v@2.1", "parcel 2 → 3: a is v@2.1, b is v@2.1",
            ])
        #expect(
            stage.answer(2, by: 3) == ["parcel 3 → 3: c is v@2.1, d is v@2.1, e is v@2.1"])
        #expect(stage.answer(3, by: 3) == [])
        #expect(stage.replication.pushCount == 5)
    }

    @Test("A parcel ends with the object that fills it")
    func full() throws {
        var stage = try holding(String(repeating: "v", count: 30_000))
        for key in keys { stage.push(key, to: 2) }
        #expect(
            stage.pass(.milliseconds(100)) == [
                "parcel 2 → 2: a is 30000 bytes@2.1, b is 30000 bytes@2.1, c is 30000 bytes@2.1",
                "parcel 1 → 2: d is 30000 bytes@2.1, e is 30000 bytes@2.1",
            ])
        #expect(stage.replication.pushCount == 5)
        stage.answer(2, by: 2)
        stage.answer(1, by: 2)
        #expect(stage.replication.pushCount == 0)
    }

    @Test("What is for a node that cannot be reached any more is given up")
    func unreachable() throws {
        var stage = try holding()
        stage.push("a", to: 2)
        stage.pass(.milliseconds(100))
        stage.push("b", to: 2)
        stage.lose(2)
        #expect(stage.replication.pushCount == 0)
        #expect(stage.replication.operationsInFlight == 0)
        #expect(stage.pass(.seconds(3)) == [])
    }

    @Test("What is for others goes on when a home is gone")
    func othersStay() throws {
        var stage = try holding()
        for (key, node) in [("a", 2), ("b", 3), ("c", 2), ("d", 3)] as [(String, UInt64)] {
            stage.push(key, to: node)
        }
        stage.lose(2)
        #expect(stage.replication.pushCount == 2)
        #expect(
            stage.pass(.milliseconds(100)) == ["parcel 1 → 3: b is v@2.1, d is v@2.1"])
    }

    @Test("The queue of what waits has a limit")
    func queueLimit() throws {
        var stage = try Stage()
        for number in 0...PushDelivery.queueLimit { stage.push("k\(number)", to: 2) }
        #expect(stage.replication.pushCount == PushDelivery.queueLimit)
    }

    // MARK: Held

    private func parcel(_ values: [(String, Object)]) -> ReplicationMessage {
        .parcel(
            Parcel(
                operation: OperationID(rawValue: 9), patience: .seconds(1),
                entries: values.map { Parcel.Entry(key: Bytes(text: $0), object: $1) }))
    }

    @Test("A parcel is answered once, when each of its objects is held")
    func held() throws {
        var stage = try Stage()
        let values = [("a", Object.one("x", by: 2)), ("b", .one("y", by: 3))]
        #expect(stage.receive(parcel(values), from: 2) == ["putReply 9 → 2: stored"])
        #expect(
            stage.get(as: 1, key: Bytes(text: "b")) { $0.r = .count(1) } == [
                "answer 1: read y@3.1 [1 agreed]"
            ])
        #expect(stage.receive(parcel([]), from: 2) == ["putReply 9 → 2: no topology"])
    }

    @Test("It waits for objects whose keys must be read, until its sender has given up")
    func cold() throws {
        for isLate in [false, true] {
            var stage = try Stage(storage: .tiny)
            stage.hold(.one("a", by: 2))
            try stage.cool()
            let values = [("warm", Object.one("x", by: 2)), (Stage.key.text, .one("b", by: 3))]
            #expect(stage.receive(parcel(values), from: 2) == [])
            if isLate { stage.pass(.milliseconds(1_001)) }
            #expect(stage.bringBlocks() == (isLate ? [] : ["putReply 9 → 2: stored"]))
        }
    }

    @Test("More parcels than the limit are refused, until others are overdue")
    func heldLimit() throws {
        var held = HeldParcels()
        let parcel = HeldParcels.Parcel(
            sender: Peer(NodeID(rawValue: 2)), operation: OperationID(rawValue: 9),
            until: Instant.start + .seconds(1), remaining: 1)
        for number in 1...UInt64(HeldParcels.limit) {
            #expect(held.begin(parcel, at: .start) == number)
        }
        #expect(held.begin(parcel, at: .start) == nil)
        #expect(held.wanted(1, at: Instant.start + .seconds(1)) != nil)
        let late = Instant.start + .seconds(2)
        #expect(held.wanted(1, at: late) == nil)
        #expect(held.begin(parcel, at: late) != nil)
        #expect(held.note(1, isHeld: true) == nil)
    }
}

extension Stage {
    /// Another home hands over an object.
    fileprivate mutating func give(_ object: Object, _ key: String) {
        let put = ReplicaPut(
            operation: .unanswered, key: Bytes(text: key), object: object, purpose: .repair,
            durable: false, patience: .zero)
        _ = receive(.put(put), from: 2)
    }

    fileprivate mutating func push(_ key: String, to node: UInt64) {
        replication.push(
            Bytes(text: key), in: Partition(index: 0), to: NodeID(rawValue: node), at: now)
    }

    @discardableResult
    fileprivate mutating func answer(_ operation: UInt64, by node: UInt64) -> [String] {
        let reply = ReplicaPutReply(
            operation: OperationID(rawValue: operation), outcome: .stored)
        return receive(.putReplies([reply]), from: node)
    }
}
