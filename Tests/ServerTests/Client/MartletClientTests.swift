// The client against a fake node: what it sends, how it reads, and what it does when things break.
import MartletClient
import MartletViews
import Testing

extension ClientOptions {
    /// Long enough for a machine that is busy with other tests.
    fileprivate static var patient: ClientOptions {
        var options = ClientOptions()
        options.connectTimeout = .seconds(60)
        options.requestTimeout = .seconds(120)
        return options
    }
}

@Suite("MartletClient")
struct MartletClientTests {
    @Test("A read gives every sibling, the context and the evidence")
    func get() async throws {
        let node = try await FakeNode.start { _ in
            FakeReply.versions([
                FakeReply.sibling("old", dot: "1/1:1", time: 5),
                FakeReply.sibling("new", dot: "2/1:1", time: 7, expiry: 90),
                FakeReply.sibling(nil, deleted: true, dot: "3/1:1", time: 6),
            ])
        }
        let client = try await MartletClient.connect(to: [node.endpoint], options: .patient)
        let result = try await client.get(
            "k", consistency: ReadConsistency(n: 3, r: .one, pr: .all, timeout: .milliseconds(70)))
        #expect(result.value == Array("new".utf8))
        #expect(result.siblings.map(\.isDeletion) == [false, false, true])
        #expect(result.siblings.map(\.expiresAtMilliseconds) == [nil, 90, nil])
        #expect(result.context == Context("AbCd"))
        #expect(
            result.evidence
                == Evidence(
                    coordinator: "n1",
                    witnesses: [
                        Witness(node: "n1", act: "agreed"),
                        Witness(node: "n4", standsInFor: "n2", act: "silent"),
                    ]))
        #expect(node.commands == ["MARTLET.GET k N 3 R 1 PR all TIMEOUT 70"])
        await client.close()
    }

    @Test("A deletion that is the latest version shows no value")
    func latestIsDeletion() async throws {
        let node = try await FakeNode.start { _ in
            FakeReply.versions([
                FakeReply.sibling("old", dot: "1/1:1", time: 5),
                FakeReply.sibling(nil, deleted: true, dot: "3/1:1", time: 6),
            ])
        }
        let client = try await MartletClient.connect(to: [node.endpoint], options: .patient)
        #expect(try await client.get("k").value == nil)
        await client.close()
    }

    @Test("Writes say what they replace and what they demand")
    func put() async throws {
        let node = try await FakeNode.start { words in
            FakeReply.receipt(context: words[0] == "MARTLET.PUT" ? "Next" : nil, siblings: 2)
        }
        let client = try await MartletClient.connect(to: [node.endpoint], options: .patient)
        let put = try await client.put(
            "k", "v", context: Context("AbCd"), expiry: .seconds(2),
            consistency: WriteConsistency(w: .majority, pw: .count(0), dw: .count(2)))
        #expect(put.context == Context("Next"))
        #expect(put.dot == "1/1:9")
        #expect(put.siblingCount == 2)
        let delete = try await client.delete("k")
        #expect(delete.context == nil)
        #expect(
            node.commands == [
                "MARTLET.PUT k v CONTEXT AbCd PX 2000 W quorum PW 0 DW 2", "MARTLET.DELETE k",
            ])
        await client.close()
    }

    @Test("Requests of many tasks share a connection and each gets its own reply")
    func pipelining() async throws {
        let node = try await FakeNode.start { .reply("+\($0[1])\r\n") }
        let client = try await MartletClient.connect(to: [node.endpoint], options: .patient)
        try await withThrowingTaskGroup(of: Bool.self) { group in
            for number in 0..<500 {
                group.addTask {
                    try await client.command("ECHO", "\(number)") == .status("\(number)")
                }
            }
            for try await isOwn in group { #expect(isOwn) }
        }
        await client.close()
    }

    @Test("An endpoint that refuses is passed over, and all that refuse are named")
    func refusal() async throws {
        let gone = try await FakeNode.start { _ in .silence }
        let refusing = gone.endpoint
        try await gone.stop()
        let node = try await FakeNode.start { _ in .reply(":7\r\n") }
        let client = try await MartletClient.connect(
            to: [refusing, node.endpoint], options: .patient)
        #expect(try await client.command("DBSIZE") == .integer(7))
        await client.close()
        let error = await #expect(throws: MartletError.self) {
            _ = try await MartletClient.connect(to: [refusing])
        }
        #expect(error?.code == .notConnected)
        #expect(
            error?.message
                == "no node can be reached (\(refusing): connection refused: nothing listens there)"
        )
    }

    @Test("A read whose connection breaks is tried at the next endpoint")
    func readSurvives() async throws {
        let dying = try await FakeNode.start { _ in .close }
        let node = try await FakeNode.start { _ in FakeReply.versions([]) }
        let client = try await MartletClient.connect(
            to: [dying.endpoint, node.endpoint], options: .patient)
        #expect(try await client.get("k").siblings == [])
        #expect(try await client.get("k").value == nil)
        #expect(dying.commands.count == 1)
        #expect(node.commands.count == 2)
        await client.close()
    }

    @Test("A write whose connection breaks is not tried again: its outcome is unknown")
    func writeDoesNotRepeat() async throws {
        let dying = try await FakeNode.start { _ in .close }
        let node = try await FakeNode.start { _ in FakeReply.receipt(context: nil, siblings: 1) }
        let client = try await MartletClient.connect(
            to: [dying.endpoint, node.endpoint], options: .patient)
        let error = await #expect(throws: MartletError.self) { try await client.put("k", "v") }
        #expect(error?.code == .connectionLost)
        #expect(error?.isOutcomeUnknown == true)
        #expect(error?.endpoint == dying.endpoint)
        #expect(node.commands == [])
        await client.close()
    }

    @Test("A node that never answers costs the deadline and no more")
    func deadline() async throws {
        let node = try await FakeNode.start { _ in .silence }
        let client = try await MartletClient.connect(to: [node.endpoint], options: .patient)
        let error = await #expect(throws: MartletError.self) {
            _ = try await client.get(
                "k", consistency: ReadConsistency(timeout: .milliseconds(1)))
        }
        #expect(error?.code == .timedOut)
        #expect(error?.description == "\(node.endpoint): no answer within 0.501 seconds")
        await client.close()
    }

    @Test("Beyond its limit of waiting requests the client refuses at once")
    func pendingLimit() async throws {
        let node = try await FakeNode.start { _ in .silence }
        var options = ClientOptions.patient
        options.pendingRequestLimit = 1
        let client = try await MartletClient.connect(to: [node.endpoint], options: options)
        let codes = await withTaskGroup(of: String.self) { group in
            for _ in 0..<2 {
                group.addTask {
                    do throws(MartletError) {
                        let brief = ReadConsistency(timeout: .milliseconds(1))
                        return "\(try await client.get("k", consistency: brief))"
                    } catch {
                        return error.code.description
                    }
                }
            }
            return await group.reduce(into: []) { $0.append($1) }.sorted()
        }
        #expect(codes == ["timedOut", "tooManyRequests"])
        await client.close()
    }

    @Test("Cancelling the task that waits ends the wait")
    func cancellation() async throws {
        let node = try await FakeNode.start { _ in .silence }
        let client = try await MartletClient.connect(to: [node.endpoint], options: .patient)
        let task = Task { try await client.get("k") }
        task.cancel()
        let error = await #expect(throws: MartletError.self) { _ = try await task.value }
        #expect(error?.code == .cancelled)
        await client.close()
    }

    @Test(
        "What a node replies with is told apart",
        arguments: [
            ("CLUSTERDOWN no ring", .noCluster, "no ring"),
            ("NOQUORUM 2 are needed", .noQuorum, "2 are needed"),
            ("TIMEOUT late", .deadlinePassed, "late"),
            ("OVERLOADED busy", .overloaded, "busy"),
            ("TOOLARGE big", .tooLarge, "big"),
            ("SIBLINGS many", .tooManySiblings, "many"),
            ("CLOCKSKEW off", .clockSkew, "off"),
            ("STORAGE full", .storage, "full"),
            ("ERR wrong", .refused, "wrong"),
            ("NOAUTH who", .refused, "NOAUTH who"),
        ] as [(String, MartletError.Code, String)])
    func errors(line: String, code: MartletError.Code, message: String) async throws {
        let node = try await FakeNode.start { _ in .reply("-\(line)\r\n") }
        let client = try await MartletClient.connect(to: [node.endpoint], options: .patient)
        let error = await #expect(throws: MartletError.self) { _ = try await client.get("k") }
        #expect(error?.code == code)
        #expect(error?.message == message)
        await client.close()
    }

    @Test(
        "What is no answer is an error, and the client lives on",
        arguments: ["?what\r\n", "+OK\r\n", "%0\r\n", ":1\r\n"])
    func garbage(reply: String) async throws {
        let node = try await FakeNode.start { words in
            words[0] == "DBSIZE" ? .reply(":7\r\n") : .reply(reply)
        }
        let client = try await MartletClient.connect(to: [node.endpoint], options: .patient)
        let error = await #expect(throws: MartletError.self) { try await client.put("k", "v") }
        #expect(error?.code == .unreadableReply)
        #expect(try await client.command("DBSIZE") == .integer(7))
        await client.close()
    }

    @Test(
        "A server that does not speak RESP3 is refused at once",
        arguments: [
            FakeResponse.reply("-NOPROTO no\r\n"), .reply("+OK\r\n"), .reply("HTTP/1.1 400\r\n"),
            .close,
        ])
    func otherServers(hello: FakeResponse) async throws {
        let node = try await FakeNode.start(hello: hello) { _ in .silence }
        let error = await #expect(throws: MartletError.self) {
            _ = try await MartletClient.connect(to: [node.endpoint], options: .patient)
        }
        #expect(error?.code == .notConnected)
    }

    @Test("A closed client says so")
    func closed() async throws {
        let node = try await FakeNode.start { _ in .silence }
        let client = try await MartletClient.connect(to: [node.endpoint], options: .patient)
        await client.close()
        let error = await #expect(throws: MartletError.self) { _ = try await client.get("k") }
        #expect(error?.code == .closed)
    }

    @Test(
        "Texts that name no endpoint are refused",
        arguments: ["", "::1", "h:70000", "h:0", "[]", "a b:1"])
    func badEndpoints(text: String) async throws {
        let error = await #expect(throws: MartletError.self) {
            _ = try await MartletClient.connect(to: [text])
        }
        #expect(error?.code == .invalidEndpoint)
    }
}
