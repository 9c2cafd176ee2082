// What one client may have a node hold: answers are counted before they are asked for, commands of
// several keys run in windows, and no turn is longer than it may be.
import MartletBase
import MartletRESP
import MartletServer
import MartletWire
import Testing

@Suite("What a session holds, and for how long")
struct CommandsMemoryTests {
    /// A client that may be owed 6,000 bytes, and whose node holds 800 bytes under `k`.
    private func client() throws -> TestClient {
        var limits = SessionLimits()
        limits.outputLimitBytes = 6_000
        let client = TestClient(try TestNode(), limits: limits)
        #expect(client.say("SET k \(value)") == "+OK\r\n")
        // The first answers show how large they are.
        for _ in 0..<2 { #expect(client.say("GET k") == reply) }
        return client
    }

    private let value = String(repeating: "v", count: 800)
    private var reply: String { "$800\r\n\(value)\r\n" }

    /// Tells the client's node to let all answers through, one by one, and gathers the output.
    private func releaseAll(_ client: TestClient) -> (output: String, mostInFlight: Int) {
        var output = client.pieces().joined()
        var most = client.node.held.count
        while !client.node.held.isEmpty {
            client.node.release(0)
            output += client.pieces().joined()
            most = max(most, client.node.held.count)
        }
        return (output, most)
    }

    @Test("A pipeline of large values is asked for a few at a time, and answered whole")
    func pipeline() throws {
        let client = try client()
        client.node.holdsAnswers = true
        #expect(client.send(Bytes(text: String(repeating: "GET k\r\n", count: 50))) == "")
        #expect(client.node.held.count == 4, "each is expected to bring 1,312 of 6,000 bytes")
        #expect(client.session.isSaturated)
        let (output, most) = releaseAll(client)
        #expect(output == String(repeating: reply, count: 50))
        #expect(most == 4)
        #expect(client.session.isDrained && !client.session.isSaturated)
    }

    @Test("Reads that fail do not make the next ones look small")
    func failingReads() throws {
        let client = try client()
        client.node.failingKeys = [Bytes(text: "f")]
        for _ in 0..<100 { #expect(client.say("GET f").hasPrefix("-OVERLOADED ")) }
        client.node.holdsAnswers = true
        #expect(client.send(Bytes(text: String(repeating: "GET k\r\n", count: 50))) == "")
        #expect(client.node.held.count == 4)
    }

    @Test("While the node's reads hold as much as they may, a client has one of them at a time")
    func fullNode() throws {
        let client = TestClient(try TestNode())
        client.session.onTurnOver = {}
        client.node.holdsAnswers = true
        client.node.isFullOfReads = true
        #expect(!client.session.isTurnOver(), "nothing is in flight")
        #expect(client.say("MGET a b c") == "")
        for _ in 0..<3 {
            #expect(client.node.held.count == 1 && client.session.isTurnOver())
            client.node.release(0)
        }
        #expect(client.output() == "*3\r\n$-1\r\n$-1\r\n$-1\r\n")
        #expect(client.say("MSET a 1 b 2 c 3") == "" && client.node.held.count == 3)
    }

    @Test("A client that does not read is not worked for")
    func stalled() throws {
        let client = try client()
        let requests = client.node.requestCount
        client.node.holdsAnswers = false
        let account = MemoryLedger(total: MemoryTotal(limitBytes: 1 << 20)).open(owner: "c") {}
        client.session.account = account
        for _ in 0..<50 { client.session.execute(RESPCommand([Bytes(text: "GET"), [0x6B]])) }
        #expect(client.node.requestCount == requests + 50, "the shell was told and went on")
        #expect(client.session.isSaturated)
        #expect(account.outputByteCount == 50 * 808)
    }

    @Test("Small answers let a pipeline run whole")
    func smallValues() throws {
        let client = try client()
        #expect(client.say("SET s 1") == "+OK\r\n")
        for _ in 0..<100 { #expect(client.say("GET s") == "$1\r\n1\r\n") }
        client.node.holdsAnswers = true
        _ = client.send(Bytes(text: String(repeating: "GET s\r\n", count: 50)))
        #expect(client.node.held.count >= 8)
        #expect(releaseAll(client).output == String(repeating: "$1\r\n1\r\n", count: 50))
    }

    @Test("MGET asks in windows, and its reply begins before all of it is there")
    func windows() throws {
        let client = try client()
        let words = Array(repeating: "k", count: 100).joined(separator: " ")
        client.node.holdsAnswers = true
        #expect(client.say("MGET \(words)", "PING") == "")
        #expect(client.session.isSaturated)
        var pieces: [String] = []
        var most = 0
        while !client.node.held.isEmpty {
            most = max(most, client.node.held.count)
            client.node.release(client.node.held.count - 1)
            pieces += client.pieces()
        }
        #expect(pieces.joined() == "*100\r\n" + String(repeating: reply, count: 100) + "+PONG\r\n")
        #expect(most <= 4)
        #expect(pieces.allSatisfy { $0.utf8.count <= 7_000 }, "\(pieces.map(\.utf8.count))")
        #expect(client.session.isDrained && !client.session.isSaturated)
    }

    @Test("What waits behind another reply leaves a MiB at a time", arguments: [true, false])
    func piecewise(isOneCommand: Bool) throws {
        let count = 4_000
        var limits = SessionLimits()
        limits.pendingLimit = 2 * count
        let client = TestClient(try TestNode(), limits: limits)
        #expect(client.say("SET k \(value)") == "+OK\r\n")
        // Many answers show how large they are.
        for _ in 0..<200 { #expect(client.say("GET k") == reply) }
        let names = Array(repeating: "k", count: count)
        let command = isOneCommand ? "MGET " : "GET "
        let commands = command + names.joined(separator: isOneCommand ? " " : "\r\nGET ")
        client.node.holdsAnswers = true
        #expect(client.send(Bytes(text: "GET first\r\n\(commands)\r\n")) == "")
        while client.node.held.count > 1 { client.node.release(1) }
        client.node.release(0)
        let pieces = client.pieces()
        let header = isOneCommand ? "*\(count)\r\n" : ""
        #expect(pieces.joined() == "$-1\r\n" + header + String(repeating: reply, count: count))
        #expect(pieces.count == 4)
        #expect(pieces.allSatisfy { $0.utf8.count < (1 << 20) + reply.utf8.count })
        #expect(client.session.isDrained && !client.session.isSaturated)
    }

    @Test("MGET behind a reply that is still owed waits for its turn with a window's worth")
    func windowsBehindAnother() throws {
        let client = try client()
        let words = Array(repeating: "k", count: 20).joined(separator: " ")
        client.node.holdsAnswers = true
        #expect(client.say("GET k", "MGET \(words)") == "")
        while client.node.held.count > 1 { client.node.release(1) }
        #expect(client.pieces().isEmpty)
        client.node.release(0)
        #expect(
            releaseAll(client).output
                == reply + "*20\r\n" + String(repeating: reply, count: 20))
        #expect(client.session.isDrained)
    }

    @Test("A key that fails is the whole reply of an MGET within the limit")
    func failure() throws {
        let client = try client()
        client.node.failingKeys = [Bytes(text: "f")]
        #expect(
            client.say("MGET k k f k").hasPrefix("-OVERLOADED 1 of 4 keys failed, the first"))
        #expect(client.say("PING") == "+PONG\r\n")
    }

    @Test("A key that fails after the reply was begun breaks the connection")
    func lateFailure() throws {
        let client = try client()
        var broken = 0
        client.session.onBreak = { broken += 1 }
        client.node.failingKeys = [Bytes(text: "f")]
        let words = Array(repeating: "k", count: 30).joined(separator: " ")
        let output = client.say("MGET \(words) f") + client.pieces().joined()
        #expect(output.hasPrefix("*31\r\n") && !output.contains("OVERLOADED"))
        #expect(broken == 1 && client.session.shouldClose)
        #expect(client.say("PING") == "")
    }

    @Test("What a command of many keys holds is counted, and gone with it")
    func counted() throws {
        let client = try client()
        let ledger = MemoryLedger(total: MemoryTotal(limitBytes: 1 << 20))
        let account = ledger.open(owner: "c") {}
        client.session.account = account
        client.node.holdsAnswers = true
        let pairs = (0..<20).map { "m\($0) \(value)" }.joined(separator: " ")
        #expect(client.say("MSET \(pairs)") == "")
        #expect(ledger.byteCount > 20 * 800, "values that wait to be written count")
        #expect(releaseAll(client).output == "+OK\r\n")
        #expect(ledger.byteCount == 0)
        let keys = (0..<20).map { "m\($0)" }.joined(separator: " ")
        #expect(client.say("EXISTS \(keys)") == "")
        var most = 0
        var output = ""
        while !client.node.held.isEmpty {
            client.node.release(0)
            most = max(most, ledger.byteCount)
            output += client.pieces().joined()
        }
        #expect(output == ":20\r\n" && most < 200, "EXISTS keeps no value")
        #expect(client.say("MGET \(keys)") == "")
        for _ in 0..<3 { client.node.release(1) }
        #expect(ledger.byteCount >= 3 * 800)
        client.session.connectionClosed()
        #expect(ledger.byteCount == 0)
        let requests = client.node.requestCount
        while !client.node.held.isEmpty { client.node.release(0) }
        #expect(client.node.requestCount == requests, "nobody waits for the rest")
        #expect(ledger.byteCount == 0)
    }

    @Test("A command of many keys gives way when its turn is over, and goes on in another")
    func turns() throws {
        let client = TestClient(try TestNode())
        let words = (0..<100).map { "k\($0)" }.joined(separator: " ")
        var asked = 0
        client.session.onTurnOver = { asked += 1 }
        client.node.isTurnOver = true
        #expect(client.say("EXISTS \(words)") == "")
        let before = client.node.requestCount
        #expect(asked == 1 && before < 100 && client.session.isSaturated)
        client.session.takeTurn()
        #expect(asked == 2 && client.node.requestCount > before)
        client.node.isTurnOver = false
        client.session.takeTurn()
        #expect(client.output() == ":0\r\n")
        #expect(!client.session.isSaturated)
    }

    @Test("Of a command of many keys no turn carries out more than a few")
    func keysPerTurn() throws {
        let client = TestClient(try TestNode())
        var turns = 0
        client.session.onTurnOver = { turns += 1 }
        client.node.isTurnOver = true
        let pairs = (0..<1_000).map { "k\($0) v" }.joined(separator: " ")
        let names = (0..<1_000).map { "k\($0)" }.joined(separator: " ")
        for line in ["MSET \(pairs)", "MGET \(names)", "DEL \(names)"] {
            let before = client.node.requestCount
            #expect(client.say(line) == "")
            turns = 0
            var done = client.node.requestCount
            while done < before + 1_000 {
                client.session.takeTurn()
                let count = client.node.requestCount - done
                #expect((1...16).contains(count), "\(line.prefix(5)): \(count) keys in one turn")
                guard count > 0 else { break }
                done += count
            }
            #expect(turns >= 60, "\(turns)")
            #expect(!client.pieces().isEmpty)
        }
    }

    @Test("The clock is asked after a few plain commands, and after each of the others")
    func effort() throws {
        let client = TestClient(try TestNode())
        // Who knows what the first reads bring.
        client.node.isTurnOver = true
        #expect(client.say("GET a") == "$-1\r\n")
        #expect(client.session.isTurnOver())
        for _ in 0..<200 { #expect(client.say("GET a") == "$-1\r\n") }
        while !client.session.isTurnOver() {}
        #expect(client.say("GET a") == "$-1\r\n")
        #expect((0..<15).map { _ in client.session.isTurnOver() }.contains(true) == false)
        #expect(client.session.isTurnOver())
        #expect(client.say("PING") == "+PONG\r\n")
        #expect(client.session.isTurnOver())
        // A large value counts as many.
        let set = [Bytes(text: "SET"), [0x6B], Bytes(repeating: 0x76, count: 256 << 10)]
        client.session.execute(RESPCommand(set))
        #expect(client.session.isTurnOver())
    }
}
