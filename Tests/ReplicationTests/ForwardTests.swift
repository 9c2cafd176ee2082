// Puts that reach a node which is no home of their key, as transcripts.
import MartletBase
import MartletReplication
import MartletVersions
import MartletWire
import Testing

@Suite("Forwards") struct ForwardTests {
    private let written = ClientAnswer.written(
        WriteAnswer(
            dot: Dot(actor: .of(1), counter: 1), context: nil, siblingCount: 1,
            replacedValue: false, evidence: Evidence(coordinator: NodeID(rawValue: 1))))

    @Test("A put goes to a home, whose answer is the client's")
    func forwarded() throws {
        var stage = try Stage(local: 4, nodes: 4)
        #expect(stage.put("a") == ["forward 1 → 1"])
        #expect(stage.answerForward(1, by: 2, written) == [], "it was not asked")
        #expect(stage.answerForward(1, by: 1, written) == ["answer 1: written 1.1 []"])
        #expect(stage.replication.operationsInFlight == 0)
        #expect(stage.answerForward(1, by: 1, written) == [])
    }

    @Test("A get is coordinated where it arrives")
    func getsAreNotForwarded() throws {
        var stage = try Stage(local: 4, nodes: 4)
        #expect(stage.get() == ["get 1 → 1", "get 1 → 2: summary will do"])
    }

    @Test("When the link to the home breaks, the next home is asked")
    func linkLost() throws {
        var stage = try Stage(local: 4, nodes: 4)
        stage.put("a")
        #expect(stage.lose(1) == ["forward 2 → 2"])
        #expect(stage.answerForward(1, by: 1, written) == [], "of what was given up")
        #expect(stage.lose(3) == [])
        #expect(stage.answerForward(2, by: 2, written).count == 1)
    }

    @Test("A home that cannot is passed over; what no home could do is told")
    func failures() throws {
        var stage = try Stage(local: 4, nodes: 4)
        stage.put("a")
        #expect(
            stage.answerForward(1, by: 1, .failed(.storage("full"))) == ["forward 2 → 2"])
        #expect(
            stage.answerForward(2, by: 2, .failed(.tooManySiblings(limit: 3))) == [
                "answer 1: more than 3 siblings"
            ])
    }

    @Test("When no home can be reached, the node coordinates in their place")
    func inTheirPlace() throws {
        var stage = try Stage(local: 5, nodes: 5, away: [1, 2, 3])
        #expect(stage.put("a") { $0.dw = .count(0) }.count == 1)
        #expect(
            stage.acknowledge(1, by: 4).first?.hasPrefix("answer 1: written x.1") == true)
        #expect(stage.replication.pendingHints.count >= 1)
    }

    @Test("Silent homes are passed by, one after the other, and the write is taken at last")
    func silentHomes() throws {
        var stage = try Stage(local: 4, nodes: 4)
        stage.put("a") {
            $0.w = .count(1)
            $0.dw = .count(0)
        }
        let lines = stage.pass(.seconds(1))
        #expect(lines.starts(with: ["forward 2 → 2", "forward 3 → 3"]))
        #expect(
            lines.contains("answer 1: written x.1 [1 silent, 2 silent, 3 silent, 4 for 1 stored]"))
        #expect(lines.last == "put 5 → 1: a@x.1, hint, durable", "it is reachable, after all")
    }

    @Test("At the deadline the client is told")
    func deadline() throws {
        var stage = try Stage(local: 4, nodes: 4)
        stage.put("a") { $0.timeout = .milliseconds(100) }
        #expect(stage.pass(.milliseconds(100)) == ["answer 1: timed out 0 of 1 []"])
        #expect(stage.replication.operationsInFlight == 0)
    }

    @Test("A home answers the node that forwarded, and never forwards on")
    func atTheHome() throws {
        var stage = try Stage()
        var options = WriteOptions()
        options.w = .count(1)
        options.dw = .count(0)
        let mutation = Mutation(content: .value(Bytes(text: "a")), causality: .coordinator)
        let request = ClientRequest(key: Stage.key, operation: .put(mutation, options))
        let forward = Forward(
            operation: OperationID(rawValue: 9), request: request, patience: .seconds(1))
        let lines = stage.receive(.forward(forward), from: 4)
        #expect(
            lines.last == "forwardReply 9 → 4: written 1.1 [1 stored, 2 silent, 3 silent]")

        var stranger = try Stage(local: 4, nodes: 4)
        #expect(stranger.receive(.forward(forward), from: 5).contains { $0.hasPrefix("put") })
    }

    @Test("What no coordinator would accept does not travel")
    func invalidOptions() throws {
        var stage = try Stage(local: 4, nodes: 4)
        #expect(stage.put("a") { $0.w = .count(-1) }.first?.hasPrefix("answer 1: invalid") == true)
        #expect(stage.put("a") { $0.n = 9 }.first?.hasPrefix("answer 1: invalid") == true)
    }

    @Test("A node that stops ends what it forwarded, and issues no dot after that")
    func stopping() throws {
        var stage = try Stage(local: 4, nodes: 4)
        stage.put("a")
        var effects: [ReplicationEffect] = []
        stage.replication.stopped(into: &effects)
        #expect(effects.map(describe) == ["answer 1: storage: the node is stopping"])
        stage.loseHomes()
        stage.pass(.seconds(3))
        #expect(stage.replication.dots.counter == 0)
    }
}

extension Stage {
    mutating func answerForward(
        _ operation: UInt64, by node: UInt64, _ answer: ClientAnswer
    ) -> [String] {
        receive(
            .forwardReply(
                ForwardReply(operation: OperationID(rawValue: operation), answer: answer)),
            from: node)
    }
}
