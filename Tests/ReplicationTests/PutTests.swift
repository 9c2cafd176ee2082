// Puts as transcripts: what a coordinator sends, when it answers, and who cares for homes that are
// away (Dynamo, sections 4.5 and 4.6).
import MartletBase
import MartletReplication
import MartletStorage
import MartletVersions
import MartletWire
import Testing

@Suite("Puts") struct PutTests {
    @Test("A put goes to every home, and is answered once two of three have it synced")
    func happyPath() throws {
        var stage = try Stage()
        #expect(stage.put("a") == ["put 1 → 2: a@1.1, durable", "put 1 → 3: a@1.1, durable"])
        #expect(stage.sync() == [])
        #expect(
            stage.acknowledge(1, by: 3) == [
                "answer 1: written 1.1 [1 synced, 2 silent, 3 synced]"
            ])
        #expect(stage.replication.operationsInFlight == 1)
        #expect(stage.acknowledge(1, by: 2) == [])
        #expect(stage.replication.operationsInFlight == 0)
        #expect(stage.replication.pendingHints.count == 0)
    }

    @Test("A client that does not ask for evidence gets none")
    func plain() throws {
        var stage = try Stage()
        stage.put("a") { $0.wantsEvidence = false }
        _ = stage.sync()
        #expect(stage.acknowledge(1, by: 3) == ["answer 1: written 1.1 []"])
        stage.acknowledge(1, by: 2)
        stage.get(as: 2) { $0.wantsEvidence = false }
        let a = Object.one("a", by: 1)
        #expect(stage.show(2, by: 2, .object(a)) == ["answer 2: read a@1.1 []"])
    }

    @Test("Nobody is woken for an operation that has ended")
    func endedOperationsWakeNobody() throws {
        var stage = try Stage()
        stage.put("a")
        #expect(stage.replication.nextWakeup != .never)
        _ = stage.sync()
        stage.acknowledge(1, by: 2)
        stage.acknowledge(1, by: 3)
        #expect(stage.replication.operationsInFlight == 0)
        #expect(stage.replication.nextWakeup == .never)
    }

    @Test("With dw = 0 the answer waits for no disk")
    func withoutSync() throws {
        var stage = try Stage()
        #expect(stage.put("a") { $0.dw = .count(0) } == ["put 1 → 2: a@1.1", "put 1 → 3: a@1.1"])
        #expect(
            stage.acknowledge(1, by: 2) == [
                "answer 1: written 1.1 [1 stored, 2 stored, 3 silent]"
            ])
    }

    @Test("dw waits for the local sync, however many others have synced")
    func localSyncIsWaitedFor() throws {
        var stage = try Stage()
        stage.put("a") { $0.dw = .all }
        #expect(stage.acknowledge(1, by: 2) == [])
        #expect(stage.acknowledge(1, by: 3) == [])
        #expect(stage.sync() == ["answer 1: written 1.1 [1 synced, 2 synced, 3 synced]"])
        #expect(stage.replication.operationsInFlight == 0)
    }

    @Test("Remote syncs can make up dw while the local disk is slow")
    func remoteSyncsSuffice() throws {
        var stage = try Stage()
        stage.put("a")
        #expect(stage.acknowledge(1, by: 2) == [])
        #expect(
            stage.acknowledge(1, by: 3) == [
                "answer 1: written 1.1 [1 stored, 2 synced, 3 synced]"
            ])
    }

    @Test("w = 1 is answered by the local write alone, and the others still get theirs")
    func writeToOne() throws {
        var stage = try Stage()
        #expect(
            stage.put("a") {
                $0.w = .count(1)
                $0.dw = .count(0)
            } == [
                "put 1 → 2: a@1.1", "put 1 → 3: a@1.1",
                "answer 1: written 1.1 [1 stored, 2 silent, 3 silent]",
            ])
        #expect(stage.replication.operationsInFlight == 1)
    }

    @Test("pw that the homes in reach cannot meet is refused early, and nothing is written")
    func tooFewHomes() throws {
        var stage = try Stage(nodes: 5, away: [3])
        let evidence = "[1 silent, 2 silent, \(stage.fallbacks[0]) for 3 silent]"
        #expect(stage.put("a") { $0.pw = .all } == ["answer 1: unavailable 3 of 3 \(evidence)"])
        #expect(stage.engine.entryEstimate == 0)
        #expect(stage.replication.operationsInFlight == 0)
    }

    @Test("w that nobody in reach can meet is refused early, and nothing is written")
    func tooFewNodes() throws {
        var stage = try Stage(away: [2, 3])
        #expect(stage.put("a") == ["answer 1: unavailable 1 of 2 [1 silent]"])
        #expect(stage.engine.entryEstimate == 0)
        #expect(stage.replication.pendingHints.count == 0)
    }

    @Test("A home that is away is stood in for by the next node of the preference order")
    func standIn() throws {
        var stage = try Stage(nodes: 5, away: [3])
        let fallback = stage.fallbacks[0]
        #expect(
            stage.put("a") == [
                "put 1 → 2: a@1.1, durable", "put 1 → \(fallback): a@1.1, for 3, durable",
            ])
        stage.sync()
        #expect(
            stage.acknowledge(1, by: fallback) == [
                "answer 1: written 1.1 [1 synced, 2 silent, \(fallback) for 3 synced]"
            ])
        stage.acknowledge(1, by: 2)
        #expect(stage.replication.operationsInFlight == 0)
        #expect(stage.replication.counters.standIns == 1)
    }

    @Test("Two homes away have two different stand-ins; the first away is left out of the order")
    func standInsDiffer() throws {
        let order = try Stage(nodes: 6).fallbacks
        var stage = try Stage(nodes: 6, away: [2, 3, order[0]])
        #expect(
            stage.put("a") == [
                "put 1 → \(order[1]): a@1.1, for 2, durable",
                "put 1 → \(order[2]): a@1.1, for 3, durable",
            ])
    }

    @Test("A home that is silent past the hedge delay gets a stand-in")
    func hedge() throws {
        var stage = try Stage(nodes: 4)
        stage.put("a") { $0.w = .all }
        stage.sync()
        stage.acknowledge(1, by: 2)
        #expect(stage.pass(.milliseconds(24)) == [])
        #expect(stage.pass(.milliseconds(1)) == ["put 1 → 4: a@1.1, for 3, durable"])
        #expect(
            stage.acknowledge(1, by: 4) == [
                "answer 1: written 1.1 [1 synced, 2 synced, 3 silent, 4 for 3 synced]"
            ])
        #expect(stage.replication.operationsInFlight == 0)
        #expect(stage.replication.counters.hedges == 1)
    }

    @Test("A stand-in that is silent past the hedge delay is stood in for as well")
    func hedgedStandIn() throws {
        let order = try Stage(nodes: 5).fallbacks
        var stage = try Stage(nodes: 5, away: [3])
        stage.put("a") { $0.w = .all }
        stage.sync()
        stage.acknowledge(1, by: 2)
        #expect(
            stage.pass(.milliseconds(25)) == ["put 1 → \(order[1]): a@1.1, for 3, durable"])
        #expect(stage.acknowledge(1, by: order[1]).count == 1)
        #expect(stage.replication.operationsInFlight == 0)
    }

    @Test("A home that is merely slow leaves no hint behind")
    func slowHome() throws {
        var stage = try Stage()
        stage.put("a")
        stage.sync()
        stage.acknowledge(1, by: 2)
        stage.pass(.milliseconds(400))
        stage.acknowledge(1, by: 3)
        #expect(stage.replication.operationsInFlight == 0)
        #expect(stage.replication.pendingHints.count == 0)
    }

    @Test("A home that is away without a fallback is owed the write, in the same step")
    func mark() throws {
        var stage = try Stage(away: [3])
        #expect(stage.put("a") == ["put 1 → 2: a@1.1, durable"])
        #expect(stage.replication.pendingHints.count == 1)
        stage.sync()
        #expect(
            stage.acknowledge(1, by: 2) == ["answer 1: written 1.1 [1 synced, 2 synced]"])
        #expect(stage.replication.operationsInFlight == 0, "a home that is owed is waited for")
        #expect(stage.pass(.seconds(3)) == [])
        #expect(stage.replication.counters.hintsKept == 1)
    }

    @Test("A home that is silent until the deadline is owed the write, once")
    func silentHome() throws {
        var stage = try Stage()
        stage.put("a")
        stage.sync()
        stage.acknowledge(1, by: 2)
        #expect(stage.pass(.seconds(2)) == ["put 2 → 3: a@1.1, hint, durable"])
        #expect(stage.replication.operationsInFlight == 0)
        #expect(stage.replication.counters.hintsKept == 1)
        stage.sync()
        stage.acknowledge(2, by: 3)
        #expect(stage.replication.pendingHints.count == 0)
    }

    @Test("A home that goes away in the middle is stood in for at once")
    func homeLost() throws {
        var stage = try Stage(nodes: 4)
        stage.put("a")
        stage.sync()
        #expect(stage.lose(3) == ["put 1 → 4: a@1.1, for 3, durable"])
        #expect(
            stage.acknowledge(1, by: 4) == [
                "answer 1: written 1.1 [1 synced, 2 silent, 3 refused, 4 for 3 synced]"
            ])
    }

    @Test("A home that goes away without a fallback is owed the write at once")
    func homeLostWithoutFallback() throws {
        var stage = try Stage()
        stage.put("a")
        stage.sync()
        #expect(stage.lose(3) == [])
        #expect(stage.replication.pendingHints.count == 1)
        #expect(
            stage.acknowledge(1, by: 2) == [
                "answer 1: written 1.1 [1 synced, 2 synced, 3 refused]"
            ])
        #expect(stage.replication.operationsInFlight == 0)
    }

    @Test("Losing the nodes that w needs is told at once, not at the deadline")
    func quorumLost() throws {
        var stage = try Stage()
        stage.put("a") { $0.w = .all }
        stage.sync()
        stage.acknowledge(1, by: 2)
        #expect(
            stage.lose(3) == [
                "answer 1: unavailable 2 of 3 [1 synced, 2 synced, 3 refused]"
            ])
        #expect(stage.replication.operationsInFlight == 0)
        #expect(stage.replication.pendingHints.count == 1)
    }

    @Test("Stand-ins for homes that are gone are not counted as hedges, however many there are")
    func lossesAreNotHedges() throws {
        var stage = try Stage(nodes: 4) { $0.hedgeShare = 0 }
        for request in 1...150 { stage.put("a", as: UInt64(request)) }
        #expect(stage.lose(3).count == 150)
        #expect(stage.replication.counters.hedges == 0)
        #expect(stage.replication.pendingHints.count == 0)
    }

    @Test("Hedges stop when their budget is spent")
    func hedgeBudget() throws {
        var stage = try Stage(nodes: 4) { $0.hedgeShare = 0 }
        for request in 1...150 { stage.put("a", as: UInt64(request)) }
        #expect(stage.pass(.milliseconds(25)).count == 100)
        #expect(stage.replication.counters.hedges == 100)
    }

    @Test("A replica that refuses is stood in for; a write that is lost may still be there")
    func refusedReplica() throws {
        var stage = try Stage(nodes: 4)
        stage.put("a") { $0.w = .all }
        stage.sync()
        #expect(stage.refuse(1, by: 2) == ["put 1 → 4: a@1.1, for 2, durable"])
        #expect(stage.refuse(1, by: 2) == [], "said twice, it is heard once")
        #expect(stage.acknowledge(1, by: 3) == [])
        #expect(
            stage.refuse(1, by: 4) == [
                "answer 1: unavailable 2 of 3 [1 synced, 2 refused, 3 synced, 4 for 2 refused]"
            ])
        #expect(stage.replication.operationsInFlight == 0)
        #expect(stage.replication.pendingHints.count == 1)
    }

    @Test("At the deadline the client is told who had answered")
    func deadline() throws {
        var stage = try Stage()
        stage.put("a") { $0.timeout = .milliseconds(100) }
        stage.sync()
        #expect(
            stage.pass(.milliseconds(100)).contains(
                "answer 1: timed out 1 of 2 [1 synced, 2 silent, 3 silent]"))
        #expect(stage.replication.operationsInFlight == 0)
        #expect(stage.replication.pendingHints.count == 2)
        #expect(stage.acknowledge(1, by: 2) == [], "too late")
    }

    @Test("Knobs that contradict each other or the ring are refused")
    func invalidOptions() throws {
        var stage = try Stage()
        #expect(
            stage.put("a") { $0.w = .count(4) } == [
                "answer 1: invalid: w is 4, must be 1 to 3, the n of the request"
            ])
        #expect(
            stage.put("a") { $0.w = .count(-1) } == [
                "answer 1: invalid: w is -1, must be 1 to 3, the n of the request"
            ])
        #expect(
            stage.put("a") { $0.n = 4 } == [
                "answer 1: invalid: n is 4, must be 1 to 3, the home replicas of a key"
            ])
        #expect(stage.engine.entryEstimate == 0)
    }

    @Test("n = 1 through another home reaches the first one, and is owed to it")
    func smallerN() throws {
        var stage = try Stage(local: 2)
        #expect(
            stage.put("a") { $0.n = 1 } == ["put 1 → 1: a@x.1, durable"])
        #expect(
            stage.sync() == ["answer 1: written x.1 [1 silent, 2 for 1 synced]"])
        #expect(stage.replication.pendingHints.count == 1)
    }
}
