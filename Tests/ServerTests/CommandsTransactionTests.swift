// MULTI and what follows it: transcripts of what is held back, and that it has no effect.
import MartletServer
import Testing

@Suite("Transactions are refused without effect")
struct CommandsTransactionTests {
    private static let reason =
        "there are no transactions over replicas; send the commands in a pipeline without MULTI "
        + "(pipeline(transaction=False) in redis-py), each takes effect by itself\r\n"
    private static let heldBack = "-ERR MULTI is not supported: " + reason
    private static let aborted =
        "-EXECABORT Transaction discarded because of previous errors, nothing of it was carried "
        + "out: " + reason

    @Test("Nothing between MULTI and EXEC is carried out, and EXEC says so")
    func aborted() throws {
        let client = try TestClient()
        #expect(
            client.say("MULTI", "SET a 1", "DEL b", "GET a", "MARTLET.PUT a 2", "EXEC")
                == "+OK\r\n" + String(repeating: Self.heldBack, count: 4) + Self.aborted)
        #expect(client.say("GET a", "EXEC") == "$-1\r\n-ERR EXEC without MULTI\r\n")
        #expect(client.say("SET a 1", "GET a") == "+OK\r\n$1\r\n1\r\n")
    }

    @Test("Nothing between MULTI and DISCARD is carried out")
    func discarded() throws {
        let client = try TestClient()
        #expect(client.say("MULTI", "SET a 1", "DISCARD") == "+OK\r\n\(Self.heldBack)+OK\r\n")
        #expect(client.say("GET a", "DISCARD") == "$-1\r\n-ERR DISCARD without MULTI\r\n")
    }

    @Test("EXEC of nothing answers nothing")
    func empty() throws {
        #expect(try TestClient().say("MULTI", "EXEC", "PING") == "+OK\r\n*0\r\n+PONG\r\n")
    }

    @Test("Commands that are wrong by themselves are refused as they would be without MULTI")
    func wrong() throws {
        let client = try TestClient()
        #expect(
            client.say("MULTI", "GET", "SET a 1 EX", "FOO", "MULTI", "EXEC")
                == "+OK\r\n-ERR wrong number of arguments for 'get' command\r\n"
                + "-ERR syntax error\r\n"
                + "-ERR unknown command 'FOO', with args beginning with: \r\n"
                + "-ERR MULTI calls can not be nested\r\n" + Self.aborted)
    }

    @Test("RESET and QUIT end it, a connection of its own knows nothing of it")
    func ends() throws {
        let client = try TestClient()
        let other = TestClient(client.node, id: 2)
        _ = client.say("MULTI")
        #expect(other.say("SET a 1") == "+OK\r\n")
        #expect(client.say("RESET", "GET a") == "+RESET\r\n$1\r\n1\r\n")
        #expect(client.say("MULTI", "QUIT") == "+OK\r\n+OK\r\n")
        #expect(client.session.isOver)
    }

    @Test("WATCH is refused with what to use instead, within MULTI too; UNWATCH changes nothing")
    func watch() throws {
        let client = try TestClient()
        let refusal =
            "-ERR WATCH is not supported: there are no transactions; read with MARTLET.GET and "
            + "write with MARTLET.PUT and its context: what somebody else wrote meanwhile stays "
            + "beside it\r\n"
        #expect(client.say("WATCH a b", "UNWATCH") == refusal + "+OK\r\n")
        #expect(client.say("MULTI", "WATCH a", "EXEC") == "+OK\r\n" + refusal + Self.aborted)
    }
}
