// Gets as transcripts: whom a coordinator asks, what it makes of the replies, what it repairs.
import MartletBase
import MartletReplication
import MartletVersions
import MartletWire
import Testing

@Suite("Gets") struct GetTests {
    private let a = Object.one("a", by: 1)
    private let b = Object.one("b", by: 2)
    /// `b`, written by one who had seen `a`.
    private let later = Object.one("b", by: 2, seen: Object.one("a", by: 1).context)

    /// A stage whose node holds `a`.
    private func holdingA(
        nodes: Int = 3, _ adjust: (inout ReplicationOptions) -> Void = { _ in }
    ) throws -> Stage {
        var stage = try Stage(nodes: nodes, adjust)
        stage.hold(a)
        return stage
    }

    @Test("r = 1 is answered by the local replica at once, and nobody is asked")
    func readOne() throws {
        var stage = try holdingA()
        #expect(stage.get { $0.r = .count(1) } == ["answer 1: read a@1.1 [1 agreed]"])
        #expect(stage.replication.operationsInFlight == 0)
    }

    @Test("r = 2 waits for one other home and merges what it says")
    func readTwo() throws {
        var stage = try holdingA()
        #expect(stage.get() == ["get 1 → 2: summary will do"])
        #expect(
            stage.show(1, by: 2, .object(b)) == [
                "put 0 → 2: a@1.1 b@2.1, repair",
                "answer 1: read a@1.1 b@2.1 [1 differed, 2 differed]",
            ])
        #expect(stage.replication.operationsInFlight == 0)
        #expect(stage.get { $0.r = .count(1) } == ["answer 1: read a@1.1 b@2.1 [1 agreed]"])
        #expect(stage.replication.counters.repairs == 2)
    }

    @Test("A replica that holds less is called out and repaired")
    func staleReplica() throws {
        var stage = try holdingA()
        stage.get()
        #expect(
            stage.show(1, by: 2, .object(Object())) == [
                "put 0 → 2: a@1.1, repair", "answer 1: read a@1.1 [1 agreed, 2 differed]",
            ])
    }

    @Test("A local replica that holds less is repaired in place")
    func staleLocalReplica() throws {
        var stage = try holdingA()
        stage.get()
        #expect(
            stage.show(1, by: 2, .object(later)) == [
                "answer 1: read b@2.1 [1 differed, 2 agreed]"
            ])
        #expect(stage.get { $0.r = .count(1) } == ["answer 1: read b@2.1 [1 agreed]"])
    }

    @Test("A key that nobody has reads as nothing")
    func nothing() throws {
        var stage = try Stage()
        stage.get()
        #expect(
            stage.show(1, by: 2, .object(Object())) == [
                "answer 1: read nothing [1 agreed, 2 agreed]"
            ])
        #expect(stage.replication.counters.repairs == 0)
    }

    @Test("A replica that refuses is replaced by the next candidate")
    func refused() throws {
        var stage = try holdingA()
        stage.get()
        #expect(stage.show(1, by: 2, .refused(.storage("damaged"))) == ["get 1 → 3"])
        #expect(stage.show(1, by: 2, .refused(.storage("damaged"))) == [], "said twice")
        #expect(
            stage.show(1, by: 3, .object(a)) == [
                "answer 1: read a@1.1 [1 agreed, 2 refused, 3 agreed]"
            ])
    }

    @Test("When all refuse, the client hears the first reason")
    func allRefuse() throws {
        var stage = try holdingA()
        stage.get()
        _ = stage.show(1, by: 2, .refused(.storage("damaged")))
        #expect(
            stage.show(1, by: 3, .refused(.noTopology)) == ["answer 1: storage: damaged"])
        #expect(stage.replication.operationsInFlight == 0)
    }

    @Test("A replica that is slow is hedged by the next candidate, within the budget")
    func hedge() throws {
        var stage = try holdingA()
        stage.get()
        #expect(stage.pass(.milliseconds(25)) == ["get 1 → 3"])
        #expect(
            stage.show(1, by: 3, .object(a)) == [
                "answer 1: read a@1.1 [1 agreed, 2 silent, 3 agreed]"
            ])
        #expect(stage.replication.counters.hedges == 1)
        #expect(stage.show(1, by: 2, .object(Object())) == ["put 0 → 2: a@1.1, repair"])
        #expect(stage.replication.operationsInFlight == 0)
    }

    @Test("A replica that hangs is asked after the others from then on")
    func hanging() throws {
        var stage = try holdingA()
        stage.get()
        stage.pass(.milliseconds(25))
        _ = stage.show(1, by: 3, .object(a))
        #expect(stage.get(as: 2) == ["get 2 → 3: summary will do"])
    }

    @Test("A replica that is gone is replaced at once")
    func gone() throws {
        var stage = try holdingA()
        stage.get()
        #expect(stage.lose(2) == ["get 1 → 3"])
    }

    @Test("When too few are left the client is told at once")
    func allGone() throws {
        var stage = try holdingA()
        stage.get()
        stage.lose(2)
        #expect(
            stage.lose(3) == ["answer 1: unavailable 1 of 2 [1 agreed, 2 silent]"])
        #expect(stage.replication.operationsInFlight == 0)
        #expect(stage.get(as: 2) == ["answer 2: unavailable 1 of 2 [1 silent]"])
    }

    @Test("At the deadline the client is told who had answered")
    func deadline() throws {
        var stage = try holdingA()
        stage.get { $0.timeout = .milliseconds(20) }
        #expect(
            stage.pass(.milliseconds(20)) == ["answer 1: timed out 1 of 2 [1 agreed, 2 silent]"])
        #expect(stage.replication.operationsInFlight == 0)
    }

    @Test("An answered get waits no longer than the hedge delay for the others")
    func lateReplies() throws {
        var stage = try holdingA { $0.readAllChance = 1 }
        #expect(stage.get { $0.r = .count(1) }.count == 3)
        #expect(stage.pass(.milliseconds(25)) == [])
        #expect(stage.replication.operationsInFlight == 0)
    }

    @Test("A share of the reads asks every home, and repairs what lags")
    func readAll() throws {
        var stage = try holdingA { $0.readAllChance = 1 }
        #expect(
            stage.get() == ["get 1 → 2: summary will do", "get 1 → 3: summary will do"])
        #expect(stage.show(1, by: 2, .object(a)).count == 1)
        #expect(stage.show(1, by: 3, .object(Object())) == ["put 0 → 3: a@1.1, repair"])
    }

    @Test("A summary agrees without the value; one that names what nobody sent is fetched")
    func summaries() throws {
        var stage = try holdingA()
        stage.get()
        #expect(
            stage.show(1, by: 2, .summary(a.context, a.dots)) == [
                "answer 1: read a@1.1 [1 agreed, 2 agreed]"
            ])
        stage.get(as: 2)
        #expect(stage.show(2, by: 2, .summary(later.context, later.dots)) == ["get 2 → 2"])
        #expect(
            stage.show(2, by: 2, .object(later)) == [
                "answer 2: read b@2.1 [1 differed, 2 agreed]"
            ])
    }

    @Test("A summary that has dropped a sibling drops it from the answer too")
    func summaryDropsSiblings() throws {
        var stage = try Stage()
        var both = a
        both.merge(b)
        stage.hold(both)
        var seenBoth = Object.one("c", by: 3, seen: both.context)
        seenBoth.merge(both)
        stage.get { $0.r = .all }
        #expect(stage.show(1, by: 2, .summary(seenBoth.context, seenBoth.dots)) == [])
        #expect(
            stage.show(1, by: 3, .object(seenBoth)) == [
                "answer 1: read c@3.1 [1 differed, 2 agreed, 3 agreed]"
            ])
    }

    @Test("When the holder of a summary's values goes away, another is asked")
    func summaryHolderLost() throws {
        var stage = try holdingA()
        stage.get()
        _ = stage.show(1, by: 2, .summary(later.context, later.dots))
        #expect(stage.lose(2) == ["get 1 → 3"])
        #expect(stage.show(1, by: 3, .object(a)).count == 1)
    }

    @Test("Large values are left out where a summary will do, and sent where it will not")
    func largeValues() throws {
        var stage = try Stage { $0.inlineLimitBytes = 4 }
        stage.hold(.one("large", by: 1))
        let get = ReplicaGet(
            operation: OperationID(rawValue: 9), key: Stage.key, summaryAllowed: true, epoch: 1)
        #expect(stage.receive(.get(get), from: 2) == ["getReply 9 → 2: summary 1.1"])
        var full = get
        full.summaryAllowed = false
        #expect(stage.receive(.get(full), from: 2) == ["getReply 9 → 2: large@1.1"])
    }

    @Test("Stand-ins are asked for homes that are away, and show the hints they hold")
    func standIns() throws {
        let order = try Stage(nodes: 5).fallbacks
        var stage = try Stage(nodes: 5, away: [2, 3])
        stage.hold(a)
        let first = order.prefix(2).sorted()[0]
        #expect(stage.get() == ["get 1 → \(first): summary will do"])
        let home = order[0] == first ? 2 : 3
        #expect(
            stage.show(1, by: first, .object(later)) == [
                "answer 1: read b@2.1 [1 differed, \(first) for \(home) agreed]"
            ])
        #expect(stage.replication.counters.repairs == 1, "stand-ins are not repaired")
    }

    @Test("A stand-in shows what it holds for others")
    func hintsAreShown() throws {
        var stage = try Stage(local: 4, nodes: 4)
        stage.hold(a, for: 3)
        let get = ReplicaGet(
            operation: OperationID(rawValue: 9), key: Stage.key, summaryAllowed: false, epoch: 1)
        #expect(stage.receive(.get(get), from: 2) == ["getReply 9 → 2: a@1.1"])
    }

    @Test("Replies that nobody waits for change nothing")
    func strayReplies() throws {
        var stage = try holdingA()
        #expect(stage.show(77, by: 2, .object(b)) == [])
        stage.get()
        #expect(stage.show(1, by: 3, .object(b)) == [], "it was not asked")
        #expect(stage.show(1, by: 2, .object(a)) == ["answer 1: read a@1.1 [1 agreed, 2 agreed]"])
        #expect(stage.show(1, by: 2, .object(b)) == [])
    }
}

extension Stage {
    /// Makes the node hold `object`, as a home or for another, as if another node had repaired it.
    mutating func hold(_ object: Object, for home: UInt64? = nil) {
        let put = ReplicaPut(
            operation: .unanswered, key: Stage.key, object: object, purpose: .repair,
            heldFor: home.map(NodeID.init), durable: false, patience: .zero)
        _ = receive(.put(put), from: 2)
        sync()
    }
}
