// Replies stay in order, limits hold, and a session ends as it should.
import MartletBase
import MartletRESP
import MartletServer
import Testing

@Suite("Order, limits and ends of a session")
struct CommandsOrderTests {
    @Test("Whatever order requests complete in, replies come in the order of the commands")
    func everyOrder() throws {
        for order in permutations(4) {
            let client = try TestClient()
            #expect(client.say("SET a 1", "SET b 2") == "+OK\r\n+OK\r\n")
            client.node.holdsAnswers = true
            // The third and sixth need no answer; MGET needs two.
            #expect(client.say("GET a", "GET b", "PING", "MGET b a", "PING x") == "")
            var output = ""
            var left = Array(0..<4)
            for number in order {
                let index = try #require(left.firstIndex(of: number))
                left.remove(at: index)
                client.node.release(index)
                output += client.output()
            }
            #expect(
                output
                    == "$1\r\n1\r\n$1\r\n2\r\n+PONG\r\n*2\r\n$1\r\n2\r\n$1\r\n1\r\n$1\r\nx\r\n",
                "order \(order)")
            #expect(client.session.isDrained)
        }
    }

    @Test("Replies leave as soon as the first is there, and are announced once until taken")
    func announcements() throws {
        let client = try TestClient()
        client.node.holdsAnswers = true
        #expect(client.say("GET a", "GET b", "GET c") == "")
        #expect(client.announcements == 0)
        client.node.release(1)
        #expect(client.announcements == 0)
        client.node.release(0)
        client.node.release(0)
        #expect(client.announcements == 1)
        #expect(client.output() == "$-1\r\n$-1\r\n$-1\r\n")
        #expect(client.output() == "")
        client.node.holdsAnswers = false
        #expect(client.say("GET a") == "$-1\r\n")
        #expect(client.announcements == 2)
    }

    @Test("HELLO changes the protocol of what follows it, not of what is still owed")
    func helloInAPipeline() throws {
        let client = try TestClient()
        client.node.holdsAnswers = true
        #expect(client.say("GET a", "HELLO 3", "GET b", "RESET", "GET c") == "")
        for _ in 0..<3 { client.node.release(client.node.held.count - 1) }
        let output = client.output()
        #expect(output.hasPrefix("$-1\r\n%7\r\n"))
        #expect(output.hasSuffix("_\r\n+RESET\r\n$-1\r\n"))
    }

    @Test("A session is saturated at its limit of pending commands until half of them are done")
    func pendingLimit() throws {
        var limits = SessionLimits()
        limits.pendingLimit = 4
        let client = TestClient(try TestNode(), limits: limits)
        client.node.holdsAnswers = true
        #expect(client.say("GET a", "GET a", "GET a") == "" && !client.session.isSaturated)
        #expect(client.say("GET a") == "" && client.session.isSaturated)
        client.node.release(0)
        _ = client.output()
        #expect(client.session.isSaturated)
        client.node.release(0)
        #expect(client.session.isSaturated, "nothing was written yet")
        _ = client.output()
        #expect(!client.session.isSaturated)
    }

    @Test("A session is saturated by bytes that wait: for the head, for the shell, for the socket")
    func outputLimit() throws {
        var limits = SessionLimits()
        limits.outputLimitBytes = 1_500
        let client = TestClient(try TestNode(), limits: limits)
        #expect(client.say("SET k \(String(repeating: "v", count: 800))") == "+OK\r\n")
        client.node.holdsAnswers = true
        #expect(client.say("GET a", "GET k", "GET k") == "")
        #expect(!client.session.isSaturated)
        client.node.release(1)
        #expect(client.session.isSaturated, "one value waits, and another as large is expected")
        client.node.release(1)
        #expect(client.session.isSaturated, "two values wait behind the first reply")
        client.node.release(0)
        let output = try #require(client.session.takeOutput())
        #expect(client.session.isSaturated && client.session.isDrained)
        client.session.outputWritten(output.count - 751)
        #expect(client.session.isSaturated)
        client.session.outputWritten(751)
        #expect(!client.session.isSaturated)
    }

    @Test("More keys in one command than the limit are refused before any is asked for")
    func keyLimit() throws {
        var limits = SessionLimits()
        limits.keyLimit = 2
        let client = TestClient(try TestNode(), limits: limits)
        #expect(client.say("MGET a b") == "*2\r\n$-1\r\n$-1\r\n")
        #expect(
            client.say("MGET a b c").hasPrefix("-TOOLARGE 3 keys in one command, the limit is 2"))
        #expect(client.say("DEL a b c").hasPrefix("-TOOLARGE "))
    }

    @Test("QUIT ends a session after the replies that are owed, and takes nothing behind it")
    func quit() throws {
        let client = try TestClient()
        client.node.holdsAnswers = true
        #expect(client.say("GET a", "QUIT", "PING") == "")
        #expect(client.session.shouldClose && !client.session.isDrained)
        client.node.release(0)
        #expect(!client.session.isDrained)
        #expect(client.output() == "$-1\r\n+OK\r\n")
        #expect(client.session.isDrained)
        client.session.execute(RESPCommand([Bytes(text: "PING")]))
        #expect(client.output() == "")
    }

    @Test("Unreadable bytes are answered in turn, and end the session")
    func garbage() throws {
        let client = try TestClient()
        client.node.holdsAnswers = true
        #expect(client.say("GET a", "*1", "x") == "")
        #expect(client.session.shouldClose)
        client.node.release(0)
        #expect(client.output() == "$-1\r\n-ERR Protocol error: expected '$', got 'x'\r\n")
        #expect(client.session.isDrained)
    }

    @Test("Random bytes never trap, and every session still ends in order", arguments: 0..<200)
    func randomBytes(seed: Int) throws {
        var random = SeededRandom(seed: UInt64(seed))
        let client = try TestClient()
        let alphabet = Bytes(text: "*$123\r\n \"'GETSTMARLE.PUT{}-\u{0}\u{7F}")
        for _ in 0..<20 {
            let bytes = (0..<40).map { _ in alphabet[random.below(alphabet.count)] }
            _ = client.send(bytes)
        }
        #expect(client.session.isDrained)
    }

    @Test("What completes after the connection is gone is for nobody")
    func lateCompletions() throws {
        let registry = ClientRegistry()
        let client = TestClient(try TestNode(), registry: registry)
        client.node.holdsAnswers = true
        #expect(client.say("GET a", "MGET a b", "PING") == "")
        client.session.connectionClosed()
        client.session.connectionClosed()
        while !client.node.held.isEmpty { client.node.release(0) }
        #expect(client.output() == "" && client.announcements == 0)
        client.session.execute(RESPCommand([Bytes(text: "PING")]))
        #expect(client.output() == "")
    }

    private func permutations(_ count: Int) -> [[Int]] {
        count == 0
            ? [[]]
            : permutations(count - 1).flatMap { shorter in
                (0...shorter.count).map { place in
                    var longer = shorter
                    longer.insert(count - 1, at: place)
                    return longer
                }
            }
    }
}
