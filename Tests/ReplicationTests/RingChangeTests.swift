// Requests while the homes of a partition change, as transcripts: both quorums of a write, who is
// read, and what becomes of those who go by an older ring.
import MartletBase
import MartletReplication
import MartletRing
import MartletVersions
import MartletWire
import Testing

@Suite("Requests over a change of the ring")
struct RingChangeTests {
    private func put(
        _ operation: UInt64, epoch: UInt64, purpose: ReplicaPut.Purpose = .write,
        heldFor: UInt64? = nil
    ) -> ReplicationMessage {
        .put(
            ReplicaPut(
                operation: OperationID(rawValue: operation), key: Stage.key,
                object: .one("b", by: 2), purpose: purpose,
                heldFor: heldFor.map { NodeID(rawValue: $0) }, durable: false,
                patience: .seconds(2), epoch: epoch))
    }

    @Test("A write to a partition that moves needs its quorum of the old homes and of the new")
    func bothQuorums() throws {
        var stage = try Stage(nodes: 4)
        #expect(try stage.change(to: 2, homes: [1, 2, 4], from: [1, 2, 3]) == [])
        #expect(
            stage.put("a") == [
                "put 1 → 2: a@1.1, durable", "put 1 → 4: a@1.1, durable",
                "put 1 → 3: a@1.1, durable",
            ])
        #expect(stage.sync() == [])
        #expect(stage.acknowledge(1, by: 3) == [], "two of the old homes, one of the new")
        #expect(
            stage.acknowledge(1, by: 4) == [
                "answer 1: written 1.1 [1 synced, 2 silent, 4 synced, 3 synced]"
            ])
        #expect(stage.replication.operationsInFlight == 1)
        stage.acknowledge(1, by: 2)
        #expect(stage.replication.operationsInFlight == 0)
    }

    @Test("A home of before and after counts for both, and a stand-in for whom it stands in")
    func sharedHomes() throws {
        var stage = try Stage(nodes: 5, away: [3, 4])
        _ = try stage.change(to: 2, homes: [1, 2, 4], from: [1, 2, 3])
        stage.put("a") { $0.pw = .count(2) }
        _ = stage.sync()
        #expect(
            stage.acknowledge(1, by: 2) == [
                "answer 1: written 1.1 [1 synced, 2 synced, 5 for 4 silent]"
            ])
        var alone = try Stage(nodes: 6, away: [2, 3, 4])
        _ = try alone.change(to: 2, homes: [1, 2, 4], from: [1, 2, 3])
        alone.put("a")
        _ = alone.sync()
        #expect(
            alone.acknowledge(1, by: alone.fallbacks[0]).count == 1,
            "in the place of 2, an old home and a new")
    }

    @Test("A read of a partition that moves is answered by the old homes")
    func readers() throws {
        var stage = try Stage(local: 4, nodes: 4)
        _ = try stage.change(to: 2, homes: [1, 2, 4], from: [1, 2, 3])
        #expect(
            stage.get { $0.r = .count(3) } == [
                "get 1 → 1", "get 1 → 2: summary will do", "get 1 → 3: summary will do",
            ])
        #expect(stage.put("a", as: 2) == ["forward 2 → 1"], "what it holds is not all")
    }

    @Test("A write under way when the ring changes goes on among the homes that there are then")
    func putOverRings() throws {
        var stage = try Stage(nodes: 4)
        stage.put("a")
        _ = stage.sync()
        #expect(
            try stage.change(to: 2, homes: [1, 2, 4], from: [1, 2, 3]) == [
                "put 2 → 2: a@1.1, durable", "put 2 → 4: a@1.1, durable",
                "put 2 → 3: a@1.1, durable",
            ])
        #expect(stage.acknowledge(1, by: 4) == [], "of what was asked by another ring")
        #expect(stage.acknowledge(2, by: 3) == [])
        #expect(stage.sync() == [])
        #expect(
            try stage.change(to: 3, homes: [1, 2, 4]) == [
                "put 3 → 2: a@1.1, durable", "put 3 → 4: a@1.1, durable",
            ], "an acknowledgement of one that is no home any more is none")
        #expect(
            stage.acknowledge(3, by: 4) == [
                "answer 1: written 1.1 [1 synced, 2 silent, 4 synced]"
            ])
    }

    @Test("Acknowledgements count under every ring in which their nodes are homes")
    func keptAcknowledgements() throws {
        var stage = try Stage(nodes: 4)
        stage.put("a") { $0.w = .all }
        _ = stage.sync()
        #expect(stage.acknowledge(1, by: 2) == [])
        #expect(
            try stage.change(to: 2, homes: [1, 2, 4], from: [1, 2, 3]) == [
                "put 2 → 4: a@1.1, durable", "put 2 → 3: a@1.1, durable",
            ])
        #expect(stage.acknowledge(2, by: 4) == [])
        #expect(stage.acknowledge(2, by: 3).count == 1)
    }

    @Test("A read under way when the ring changes begins anew")
    func getOverRings() throws {
        var stage = try Stage(local: 4, nodes: 4)
        _ = try stage.change(to: 2, homes: [1, 2, 4], from: [1, 2, 3])
        stage.get()
        #expect(try stage.change(to: 3, homes: [1, 2, 4]) == ["get 2 → 1: summary will do"])
        #expect(stage.show(1, by: 1, .object(.one("b", by: 1))) == [], "of another ring")
        #expect(
            stage.show(2, by: 1, .object(.one("a", by: 1))) == [
                "answer 1: read a@1.1 [4 differed, 1 agreed]"
            ])
    }

    @Test("Who asks by an older ring is refused and sent the ring, once; a newer one is asked for")
    func otherRings() throws {
        var stage = try Stage()
        _ = try stage.change(to: 5, homes: [1, 2, 3])
        #expect(
            stage.receive(put(7, epoch: 4), from: 2) == [
                "ring 5 → 2", "putReply 7 → 2: the ring has changed",
            ])
        #expect(
            stage.receive(put(8, epoch: 4), from: 2) == ["putReply 8 → 2: the ring has changed"])
        let get = ReplicaGet(
            operation: OperationID(rawValue: 9), key: Stage.key, summaryAllowed: false, epoch: 4)
        #expect(
            stage.receive(.get(get), from: 3) == [
                "ring 5 → 3", "getReply 9 → 3: the ring has changed",
            ])
        #expect(
            stage.receive(put(10, epoch: 6), from: 3) == [
                "ring after 5? → 3", "putReply 10 → 3: stored",
            ])
        stage.lose(2)
        stage.reach(2)
        #expect(stage.receive(put(11, epoch: 4), from: 2).first == "ring 5 → 2")
    }

    @Test("A node takes no write for itself of a partition that it is no home of")
    func notHome() throws {
        var stage = try Stage(local: 4, nodes: 4)
        for purpose in ReplicaPut.Purpose.allCases {
            #expect(
                stage.receive(put(7, epoch: 1, purpose: purpose), from: 2) == [
                    "putReply 7 → 2: the ring has changed"
                ])
        }
        #expect(
            stage.receive(put(8, epoch: 1, heldFor: 3), from: 2) == ["putReply 8 → 2: stored"])
    }

    @Test("A refusal for an older ring leaves the write open until the ring is known")
    func refusedForRing() throws {
        var stage = try Stage(nodes: 4)
        stage.put("a")
        _ = stage.sync()
        #expect(stage.refuse(1, by: 2, .ringChanged) == [], "nobody stands in")
        #expect(stage.refuse(1, by: 3, .ringChanged) == [])
        _ = try stage.change(to: 2, homes: [1, 2, 3])
        #expect(stage.sent.count == 2)
        _ = stage.sync()
        #expect(stage.acknowledge(2, by: 2).count == 1)
    }

    @Test("A hint for one that is no home any more goes to one that is")
    func inheritedHints() throws {
        var stage = try Stage(local: 5, nodes: 5, away: [3])
        stage.hold(.one("a", by: 1), for: 3)
        #expect(try stage.change(to: 2, homes: [1, 2, 4], from: [1, 2, 3]) == [])
        #expect(stage.pass(.seconds(1)) == [], "it is a home still")
        _ = try stage.change(to: 3, homes: [4, 2, 1], without: [3])
        #expect(stage.pass(.zero) == ["put 1 → 4: a@1.1, hint, durable"])
        stage.acknowledge(1, by: 4)
        #expect(stage.replication.pendingHints.count == 0)
    }

    @Test("A node that has become a home takes over what it kept for one that is none any more")
    func ownHints() throws {
        var stage = try Stage(local: 4, nodes: 4, away: [3])
        stage.hold(.one("a", by: 1), for: 3)
        _ = try stage.change(to: 2, homes: [1, 2, 4], from: [1, 2, 3])
        _ = try stage.change(to: 3, homes: [1, 2, 4], without: [3])
        #expect(stage.pass(.zero) == [])
        #expect(stage.replication.pendingHints.count == 0)
        #expect(
            stage.get { $0.r = .count(1) } == ["answer 1: read a@1.1 [4 agreed]"])
    }
}
