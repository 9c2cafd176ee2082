// Transcripts of what clients say about their connection, and of COMMAND, CONFIG and INFO.
import MartletBase
import MartletRESP
import MartletServer
import MartletViews
import Testing

@Suite("Connection and server commands")
struct CommandsConnectionTests {
    @Test(
        "Exact replies",
        arguments: [
            ("PING", "+PONG\r\n"),
            ("ping 'a b'", "$3\r\na b\r\n"),
            ("PING a b", "-ERR wrong number of arguments for 'ping' command\r\n"),
            ("ECHO x", "$1\r\nx\r\n"),
            ("SELECT 0", "+OK\r\n"),
            ("SELECT 1", "-ERR DB index is out of range: there is one database, 0\r\n"),
            ("SELECT x", "-ERR value is not an integer or out of range\r\n"),
            ("READONLY", "+OK\r\n"), ("READWRITE", "+OK\r\n"), ("ASKING", "+OK\r\n"),
            ("RESET", "+RESET\r\n"),
            ("FOO a b", "-ERR unknown command 'FOO', with args beginning with: 'a' 'b' \r\n"),
            ("CLIENT", "-ERR wrong number of arguments for 'client' command\r\n"),
            ("CLIENT FOO", "-ERR unknown subcommand 'FOO'. Try CLIENT HELP.\r\n"),
            ("client id", ":1\r\n"),
            ("CLIENT GETNAME", "$-1\r\n"),
            (
                "CLIENT SETNAME 'a b'",
                "-ERR Client names cannot contain spaces, newlines or special characters.\r\n"
            ),
            ("CLIENT SETINFO LIB-NAME redis-py", "+OK\r\n"),
            ("CLIENT SETINFO lib-ver 5.0", "+OK\r\n"),
            ("CLIENT SETINFO foo bar", "-ERR Unrecognized option 'foo'\r\n"),
            (
                "CLIENT SETINFO LIB-NAME 'a b'",
                "-ERR lib-name cannot contain spaces, newlines or special characters.\r\n"
            ),
            ("CLIENT NO-EVICT on", "+OK\r\n"), ("CLIENT NO-TOUCH OFF", "+OK\r\n"),
            ("CLIENT NO-EVICT foo", "-ERR syntax error\r\n"),
            ("CLIENT REPLY ON", "+OK\r\n"),
            (
                "CLIENT REPLY OFF",
                "-ERR CLIENT REPLY OFF is not supported: every command is answered\r\n"
            ),
            ("CLIENT TRACKING OFF", "+OK\r\n"),
            (
                "CLIENT TRACKING ON",
                "-ERR CLIENT TRACKING is not supported: a node does not see the writes that "
                    + "other nodes coordinate\r\n"
            ),
            ("HELLO 4", "-NOPROTO unsupported protocol version\r\n"),
            ("HELLO x", "-ERR Protocol version is not an integer or out of range\r\n"),
            ("HELLO 3 Foo", "-ERR Syntax error in HELLO option 'Foo'\r\n"),
            ("CONFIG GET save", "*2\r\n$4\r\nsave\r\n$0\r\n\r\n"),
            (
                "CONFIG GET SA* [a-b]ppendonl?",
                "*4\r\n$10\r\nappendonly\r\n$3\r\nyes\r\n$4\r\nsave\r\n$0\r\n\r\n"
            ),
            ("CONFIG GET nothing", "*0\r\n"),
            ("COMMAND GETKEYS MSET a 1 b 2", "*2\r\n$1\r\na\r\n$1\r\nb\r\n"),
            ("COMMAND GETKEYS PING x", "-ERR The command has no key arguments\r\n"),
            ("COMMAND GETKEYS FOO x", "-ERR Invalid command specified\r\n"),
            (
                "COMMAND GETKEYS GET a b",
                "-ERR Invalid number of arguments specified for command\r\n"
            ),
            (
                "COMMAND INFO get foo",
                "*2\r\n*10\r\n$3\r\nget\r\n:2\r\n*2\r\n+readonly\r\n+fast\r\n:1\r\n:1\r\n:1\r\n"
                    + "*0\r\n*0\r\n*0\r\n*0\r\n*-1\r\n"
            ),
            ("INFO nothing", "$0\r\n\r\n"),
            ("INFO replication", "$28\r\n# Replication\r\nrole:master\r\n\r\n"),
            (
                "info Cluster",
                "$103\r\n# Cluster\r\ncluster_enabled:1\r\nclock_standing:alone\r\n"
                    + "clock_ahead_ms:0\r\nclocks_compared:0\r\nring_epoch:1\r\n\r\n"
            ),
        ])
    func replies(line: String, reply: String) throws {
        let client = try TestClient()
        #expect(client.say(line) == reply)
    }

    @Test("AUTH and HELLO AUTH answer as a Redis without passwords does")
    func auth() throws {
        let client = try TestClient()
        #expect(
            client.say("AUTH x").hasPrefix(
                "-ERR AUTH <password> called without any password configured"))
        #expect(client.say("AUTH default x") == "+OK\r\n")
        let wrong = "-WRONGPASS invalid username-password pair or user is disabled.\r\n"
        #expect(client.say("AUTH a b") == wrong)
        #expect(client.say("AUTH default x y") == "-ERR syntax error\r\n")
        #expect(client.say("HELLO 3 AUTH a b SETNAME me") == wrong)
        #expect(
            client.say("HELLO 3 AUTH default") == "-ERR Syntax error in HELLO option 'AUTH'\r\n")
        #expect(client.say("GET k") == "$-1\r\n", "a refused HELLO changes nothing")
        #expect(client.say("CLIENT GETNAME") == "$-1\r\n")
        #expect(client.say("HELLO 3 AUTH default x SETNAME me").hasPrefix("%7\r\n"))
        #expect(client.say("GET k", "CLIENT GETNAME") == "_\r\n$2\r\nme\r\n")
    }

    @Test(
        "Whoever speaks HTTP loses the connection before anything in the body is carried out",
        arguments: [
            "POST / HTTP/1.1\r\nContent-Length: 9\r\n\r\nSET k v\r\n",
            "GET / HTTP/1.1\r\nHost: 127.0.0.1:7400\r\n\r\nSET k v\r\n",
            "MULTI\r\nhost: a\r\nSET k v\r\n",
        ])
    func crossProtocol(request: String) throws {
        let client = try TestClient()
        #expect(client.send(Bytes(text: request)) == "", "not even an error goes back")
        #expect(client.session.shouldClose && client.session.isOver)
        #expect(client.node.noted == ["10.1.1.1:5000"])
        #expect(TestClient(client.node, id: 2).say("GET k") == "$-1\r\n")
    }

    @Test("A client that has ended its side gets every answer, and then the end")
    func halfClosed() throws {
        let client = try TestClient()
        client.node.holdsAnswers = true
        #expect(client.say("SET k v", "GET k", "PING") == "")
        client.session.inputEnded()
        #expect(client.session.shouldClose && !client.session.isOver)
        client.node.release(0)
        #expect(client.output() == "+OK\r\n" && !client.session.isOver)
        client.node.release(0)
        let rest = try #require(client.session.takeOutput())
        #expect(rest.text == "$1\r\nv\r\n+PONG\r\n")
        #expect(!client.session.isOver, "what was taken is not written yet")
        client.session.outputWritten(rest.count)
        #expect(client.session.isOver)
    }

    @Test(
        "What Redis has and nodes have not is refused with the reason and what to use instead",
        arguments: [
            ("EXPIRE k 10", "unknown command 'EXPIRE': an expiry belongs to", "EX seconds"),
            ("incr k", "unknown command 'INCR': it changes what it has read", "MARTLET.PUT"),
            ("SETNX k v", "unknown command 'SETNX': ", "MARTLET.GET"),
            ("EVAL s 0", "unknown command 'EVAL': nodes run no scripts", "in the client"),
            ("SADD s a", "unknown command 'SADD': a value is a string", "merge its siblings"),
            ("HSET h f v", "unknown command 'HSET': a value is a string", "merge its siblings"),
            ("SUBSCRIBE c", "unknown command 'SUBSCRIBE': nodes pass no", "message broker"),
            ("ZREVRANGEBYSCORE z 1 0", "unknown command 'ZREVRANGEBYSCORE': ", "siblings"),
            ("KEYS *", "unknown command 'KEYS': no node knows the keys", "in a value"),
            ("WAIT 1 1", "unknown command 'WAIT': ", "with W and DW"),
        ])
    func refused(line: String, beginning: String, instead: String) throws {
        let client = try TestClient()
        let reply = client.say(line)
        #expect(reply.hasPrefix("-ERR \(beginning)") && reply.contains(instead), "\(reply)")
        #expect(client.say("GET k") == "$-1\r\n")
    }

    @Test("HELLO agrees on the protocol and names the connection; RESET takes both back")
    func hello() throws {
        let client = try TestClient()
        let greeting = client.say("HELLO 3 SETNAME me")
        #expect(greeting.hasPrefix("%7\r\n$6\r\nserver\r\n$7\r\nmartlet\r\n"))
        #expect(greeting.contains("$5\r\nproto\r\n:3\r\n$2\r\nid\r\n:1\r\n"))
        #expect(client.say("CLIENT GETNAME", "GET x") == "$2\r\nme\r\n_\r\n")
        #expect(client.say("RESET", "CLIENT GETNAME") == "+RESET\r\n$-1\r\n")
        #expect(client.say("HELLO").hasPrefix("*14\r\n"))
    }

    @Test("CLIENT LIST shows every session of the node, CLIENT INFO its own")
    func clientList() throws {
        let registry = ClientRegistry()
        let node = try TestNode()
        let first = TestClient(node, id: 4, registry: registry)
        let second = TestClient(node, id: 5, registry: registry)
        _ = first.say(
            "HELLO 3 SETNAME one", "CLIENT SETINFO LIB-NAME l", "CLIENT SETINFO LIB-VER 1")
        let line =
            "id=4 addr=10.1.1.1:5000 laddr=10.0.0.1:7400 name=one age=0 flags=N db=0 "
            + "user=default resp=3 lib-name=l lib-ver=1\n"
        #expect(try first.ask("CLIENT INFO")?.text == line)
        #expect(try second.ask("CLIENT LIST")?.text?.hasPrefix(line + "id=5 ") == true)
        #expect(
            try second.ask("INFO stats")?.text?.contains("total_connections_received:2") == true)
        first.session.connectionClosed()
        #expect(try second.ask("CLIENT LIST")?.text?.hasPrefix("id=5 ") == true)
    }

    @Test("COMMAND, COMMAND COUNT, LIST and DOCS agree on the commands")
    func commandTable() throws {
        for version in [RESPVersion.resp2, .resp3] {
            let client = try TestClient(version)
            let list = try #require(try client.ask("COMMAND LIST")?.elements)
            let names = list.compactMap(\.text)
            #expect(names == names.sorted() && Set(names).count == names.count)
            #expect(try client.ask("COMMAND COUNT") == .integer(Int64(names.count)))
            let entries = try #require(try client.ask("COMMAND")?.elements)
            #expect(entries.compactMap { $0.elements?.first?.text } == names)
            let docs = try #require(try client.ask("COMMAND DOCS"))
            for name in names { #expect(docs[name]?["summary"]?.text != nil, "\(name)") }
            #expect(try client.ask("COMMAND DOCS get")?["get"]?["group"]?.text == "string")
        }
    }

    @Test("INFO has its sections in order, and facts about the process where tools look for them")
    func info() throws {
        let client = try TestClient()
        let text = try #require(try client.ask("INFO")?.text)
        let sections = text.split(separator: "\r\n").filter { $0.hasPrefix("# ") }
        #expect(
            sections == [
                "# Server", "# Clients", "# Memory", "# Storage", "# AntiEntropy", "# Stats",
                "# Replication", "# Cluster", "# Keyspace",
            ])
        #expect(
            text.contains(
                "# Clients\r\nconnected_clients:1\r\nmaxclients:0\r\nrejected_clients:0\r\n"
                    + "evicted_clients:0\r\nblocked_clients:0\r\n\r\n"
                    + "# Memory\r\nused_memory:1536\r\nused_memory_human:1.50K\r\n"
                    + "used_memory_rss:1536\r\n"))
        #expect(try client.ask("INFO everything")?.text == text)
        let some = try #require(try client.ask("INFO keyspace server")?.text)
        #expect(some.contains("uptime_in_seconds:1\r\n") && some.hasSuffix("# Keyspace\r\n"))
        #expect(text.contains("\r\narch_bits:64\r\n"))
    }

    @Test("INFO and DBSIZE count keys with a value, and those that expire; not what was deleted")
    func keyspace() throws {
        let client = try TestClient()
        func counts() throws -> String? { try client.ask("INFO keyspace")?.text }
        #expect(try counts() == "# Keyspace\r\n")
        _ = client.say("SET a 1", "SET b 1 EX 100", "SET c 1 EX 100", "SET d 1")
        #expect(try counts() == "# Keyspace\r\ndb0:keys=4,expires=2,avg_ttl=0\r\n")
        _ = client.say("SET b 2", "DEL c", "DEL none", "MARTLET.PUT a 2", "SET d 1 PX 5000")
        #expect(client.say("DBSIZE") == ":3\r\n")
        #expect(try counts() == "# Keyspace\r\ndb0:keys=3,expires=1,avg_ttl=0\r\n")
        _ = client.say("DEL a b d")
        #expect(client.say("DBSIZE") == ":0\r\n")
        #expect(try counts() == "# Keyspace\r\n")
    }

    @Test("Memory is what the system counts, and written as Redis writes it")
    func memory() {
        #expect(ProcessMemory.residentBytes > 1 << 20)
        #expect(ProcessMemory.residentPages(statm: "100 25 3 4 0 5 0\n") == 25)
        #expect(ProcessMemory.residentPages(statm: "") == 0)
        let texts = [1_023, 1_536, 1_048_576, 5 << 30].map(MemoryText.short)
        #expect(texts == ["1023B", "1.50K", "1.00M", "5.00G"])
    }

    @Test("HELP lists the subcommands", arguments: ["CLIENT", "CLUSTER", "CONFIG", "COMMAND"])
    func help(name: String) throws {
        let lines = try #require(try TestClient().ask("\(name) HELP")?.elements?.compactMap(\.text))
        #expect(lines.first == "\(name) <subcommand> [<arg> [value] [opt] ...]. Subcommands are:")
        #expect(lines.contains("HELP") && lines.count % 2 == 1 && lines.count > 6)
    }

    @Test("An unknown command shows as much of its arguments as Redis does")
    func preview() throws {
        let client = try TestClient()
        let long = String(repeating: "y", count: 300)
        let reply = client.say("FOO \(long) z")
        #expect(
            reply
                == "-ERR unknown command 'FOO', with args beginning with: "
                + "'\(String(repeating: "y", count: 128))' \r\n")
    }
}
