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

    /// A write that node 4 forwards.
    private func forward(startBy: Instant) -> Forward {
        var options = WriteOptions()
        options.w = .count(1)
        options.dw = .count(0)
        let mutation = Mutation(content: .value(Bytes(text: "a")), causality: .coordinator)
        return Forward(
            operation: OperationID(rawValue: 9),
            request: ClientRequest(key: Stage.key, operation: .put(mutation, options)),
            patience: .seconds(1), startBy: startBy, date: HybridTimestamp(bits: 0))
    }

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

    @Test("A home that finds it late has done nothing; it tells its clock and is asked again")
    func late() throws {
        var stage = try Stage(local: 4, nodes: 4)
        #expect(stage.put("a") == ["forward 1 → 1"], "nothing is known of its clock")
        #expect(stage.answerForward(1, by: 1, .failed(.late)) == ["forward 2 in time → 1"])
        #expect(stage.answerForward(2, by: 1, .failed(.late)) == ["forward 3 in time → 1"])
        #expect(
            stage.answerForward(3, by: 1, .failed(.late)) == ["forward 4 → 2"],
            "the way to it is too slow")
        #expect(stage.answerForward(4, by: 2, written) == ["answer 1: written 1.1 []"])
        #expect(stage.put("b", as: 2) == ["forward 5 in time → 1"])
    }

    @Test("What a clock showed is of no use once the link was made anew, or after a minute")
    func forgottenClocks() throws {
        var stage = try Stage(local: 4, nodes: 4)
        stage.put("a")
        #expect(stage.answerForward(1, by: 1, written).count == 1)
        #expect(stage.put("b") == ["forward 2 in time → 1"])
        stage.lose(1)
        stage.answerForward(2, by: 1, written)
        stage.reach(1)
        stage.lose(1)
        stage.reach(1)
        #expect(stage.put("c") == ["forward 3 → 1"])
        stage.answerForward(3, by: 1, written)
        stage.pass(.seconds(61))
        #expect(stage.put("d") == ["forward 4 → 1"])
    }

    @Test("A home begins by the time it is given, by its own clock, or does nothing")
    func startsInTime() throws {
        var stage = try Stage()
        stage.pass(.seconds(5))
        #expect(
            stage.receive(.forward(forward(startBy: stage.now.instant)), from: 4).contains {
                $0.hasPrefix("put")
            })
        let before = Instant(nanoseconds: stage.now.instant.nanoseconds - 1)
        #expect(
            stage.receive(.forward(forward(startBy: before)), from: 4) == [
                "forwardReply 9 → 4: late"
            ])
        #expect(stage.replication.dots.counter == 1)
    }

    @Test("A write that waited for its key to be read until it was late is not done")
    func lateAfterReading() throws {
        var stage = try Stage(storage: .tiny)
        stage.put("a") { $0.dw = .count(0) }
        stage.acknowledge(1, by: 2)
        stage.acknowledge(1, by: 3)
        try stage.cool()
        let startBy = stage.now.instant + .milliseconds(100)
        #expect(stage.receive(.forward(forward(startBy: startBy)), from: 4) == [])
        stage.pass(.milliseconds(101))
        #expect(stage.bringBlocks() == ["forwardReply 9 → 4: late"])
        #expect(stage.replication.dots.counter == 1)
        #expect(stage.replication.operationsInFlight == 0)
    }

    /// Nothing of the kind was sent.
    private struct Nothing: Error {}

    @Test("A write bears the date that the node gave it which was asked, as far as it is believed")
    func dates() throws {
        var stage = try Stage()
        func dated(_ offset: Int) throws -> HybridTimestamp {
            var early = forward(startBy: .never)
            let wall = UInt64(Int(Stage.wallStart.milliseconds) + offset)
            early.date = HybridTimestamp(bits: wall << 16 + 5)
            _ = stage.receive(.forward(early), from: 4)
            guard case .replication(.put(let put)) = stage.sent.first,
                let timestamp = put.object.siblings.first?.timestamp
            else { throw Nothing() }
            return HybridTimestamp(bits: timestamp.bits &- early.date.bits)
        }
        let same = HybridTimestamp(bits: 0)
        #expect(try dated(-20_000) == same, "though the home's clock is ahead of it")
        #expect(try dated(10_000) == same)
        #expect(try dated(-30_000) == HybridTimestamp(bits: 40_000 << 16 + 1), "it is replaced")
        #expect(try dated(100_000) != same, "beyond belief")
        #expect(try dated(-100_000) != same, "beyond belief")
    }

    @Test("A node dates what it hands on above all that it knows of, and once for all homes")
    func datedOnce() throws {
        var stage = try Stage(local: 4, nodes: 4)
        func date() throws -> HybridTimestamp {
            guard case .replication(.forward(let forward)) = stage.sent.first else {
                throw Nothing()
            }
            return forward.date
        }
        let ahead = HybridTimestamp(
            WallTime(milliseconds: Stage.wallStart.milliseconds + 20_000))
        stage.put("a")
        let first = try date()
        #expect(stage.answerForward(1, by: 1, .failed(.late)) == ["forward 2 in time → 1"])
        #expect(try date() == first)
        stage.answerForward(2, by: 1, written, timestamp: ahead)
        stage.put("b", as: 2)
        #expect(try date() > ahead)
    }

    @Test("When the link to the home breaks, the next is asked once the home may not begin it")
    func linkLost() throws {
        var stage = try Stage(local: 4, nodes: 4)
        stage.put("a")
        #expect(stage.lose(1) == [])
        #expect(stage.pass(.milliseconds(274)) == [])
        #expect(stage.pass(.milliseconds(1)) == ["forward 2 → 2"])
        #expect(stage.answerForward(1, by: 1, written) == [], "of what was given up")
        #expect(stage.lose(3) == [])
        #expect(stage.answerForward(2, by: 2, written).count == 1)
    }

    @Test("Once a home may have done it, no refusal says that nothing has happened")
    func openOutcome() throws {
        var stage = try Stage(local: 4, nodes: 4)
        stage.put("a")
        #expect(stage.answerForward(1, by: 1, .failed(.late)) == ["forward 2 in time → 1"])
        #expect(stage.pass(.milliseconds(275)) == ["forward 3 → 2"])
        #expect(
            stage.answerForward(3, by: 2, .failed(.tooManySiblings(limit: 3))) == [
                "answer 1: timed out 0 of 1 []"
            ])
    }

    @Test("A node whose clock nobody confirms hands its writes on, and takes none from others")
    func untrustedClock() throws {
        var stage = try Stage()
        stage.replication.trustsClock = false
        #expect(stage.put("a") == ["forward 1 → 2"])
        #expect(
            stage.receive(.forward(forward(startBy: .never)), from: 4) == [
                "forwardReply 9 → 4: clock skew"
            ])
        var last = try Stage(away: [2, 3])
        last.replication.trustsClock = false
        #expect(
            last.put("a") {
                $0.w = .count(1); $0.dw = .count(0)
            }.first?
            .hasPrefix("answer 1: written 1.1") == true, "there is nobody else")
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
        #expect(
            lines.contains("put 5 → 1: a@x.1, hint, durable"), "it is reachable, after all")
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
        let forward = forward(startBy: .never)
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
        var outbox = Outbox()
        stage.replication.stopped(at: stage.now, into: &outbox)
        #expect(outbox.letters.isEmpty && outbox.answers.isEmpty, "a home may still begin it")
        stage.loseHomes()
        stage.pass(.seconds(3))
        #expect(stage.replication.dots.counter == 0)
    }
}

extension Stage {
    @discardableResult
    mutating func answerForward(
        _ operation: UInt64, by node: UInt64, _ answer: ClientAnswer,
        timestamp: HybridTimestamp = HybridTimestamp(bits: 0)
    ) -> [String] {
        receive(
            .forwardReply(
                ForwardReply(
                    operation: OperationID(rawValue: operation), answer: answer,
                    shown: Instant(nanoseconds: 1_000), timestamp: timestamp)),
            from: node)
    }
}
