// Transcripts of the commands that Redis has: bytes in, bytes out. Texts were compared with
// redis-server 7.0.15 where it has the same command.
import MartletBase
import MartletRESP
import MartletServer
import Testing

@Suite("Plain commands")
struct CommandsPlainTests {
    @Test("Strings are written, read, counted and deleted as Redis does, in both protocols")
    func strings() throws {
        for version in [RESPVersion.resp2, .resp3] {
            let client = try TestClient(version)
            let null = version == .resp2 ? "$-1\r\n" : "_\r\n"
            #expect(client.say("GET k") == null)
            #expect(client.say("SET k hello") == "+OK\r\n")
            #expect(client.say("get k") == "$5\r\nhello\r\n")
            #expect(client.say("STRLEN k", "STRLEN x") == ":5\r\n:0\r\n")
            #expect(client.say("TYPE k", "TYPE x") == "+string\r\n+none\r\n")
            #expect(client.say("MSET a 1 b 2 c ''") == "+OK\r\n")
            #expect(
                client.say("MGET a x b c") == "*4\r\n$1\r\n1\r\n\(null)$1\r\n2\r\n$0\r\n\r\n")
            #expect(client.say("EXISTS a a x b") == ":3\r\n")
            #expect(client.say("DEL a x", "UNLINK b b", "EXISTS a b") == ":1\r\n:1\r\n:0\r\n")
            #expect(client.say("DBSIZE").hasPrefix(":"))
        }
    }

    @Test("Any bytes are keys and values")
    func binary() throws {
        let client = try TestClient()
        let all = Bytes(0...255)
        var writer = CommandWriter()
        writer.write([Bytes(text: "SET"), all, all])
        writer.write([Bytes(text: "GET"), all])
        _ = client.send(writer.bytes)
        client.session.execute(RESPCommand([Bytes(text: "GET"), all]))
        let expected = Bytes(text: "$256\r\n") + all + Bytes(text: "\r\n")
        #expect(client.session.takeOutput() == expected)
    }

    @Test("Values expire at their time, and say how long they live")
    func expiry() throws {
        let client = try TestClient()
        #expect(client.say("SET k v EX 10", "TTL k", "PTTL k") == "+OK\r\n:10\r\n:10000\r\n")
        #expect(client.say("SETEX s 2 v", "PSETEX p 400 v") == "+OK\r\n+OK\r\n")
        #expect(client.say("TTL s", "TTL p", "PTTL p") == ":2\r\n:0\r\n:400\r\n")
        #expect(client.say("SET f v", "TTL f", "PTTL x") == "+OK\r\n:-1\r\n:-2\r\n")
        let later = TestNode.wall.milliseconds / 1_000 + 5
        #expect(client.say("SET e v EXAT \(later)", "TTL e") == "+OK\r\n:5\r\n")
        #expect(client.say("SET m v pxat \(later)000", "PTTL m") == "+OK\r\n:5000\r\n")
        #expect(client.say("SET past v EXAT 1", "GET past") == "+OK\r\n$-1\r\n")
        client.node.now.wall.milliseconds += 10_000
        #expect(client.say("GET k", "TTL k", "EXISTS k e f") == "$-1\r\n:-2\r\n:1\r\n")
    }

    @Test(
        "SET refuses in Redis's words what Redis refuses, and says why where only Martlet does",
        arguments: [
            ("SET k v EX", "ERR syntax error"),
            ("SET k v FOO", "ERR syntax error"),
            ("SET k v NX FOO", "ERR syntax error"),
            ("SET k v EX 1 PX 1", "ERR syntax error"),
            ("SET k v KEEPTTL EX 1", "ERR syntax error"),
            ("SET k v EX x", "ERR value is not an integer or out of range"),
            ("SET k v EX 01", "ERR value is not an integer or out of range"),
            ("SET k v EX 0", "ERR invalid expire time in 'set' command"),
            ("SET k v PX -1", "ERR invalid expire time in 'set' command"),
            ("SET k v EX 9223372036854775807", "ERR invalid expire time in 'set' command"),
            ("SETEX k 0 v", "ERR invalid expire time in 'setex' command"),
            ("PSETEX k x v", "ERR value is not an integer or out of range"),
            ("SET k v NX", "ERR SET with NX is not supported: "),
            ("SET k v xx EX 1", "ERR SET with XX is not supported: "),
            ("SET k v GET", "ERR SET with GET is not supported: "),
            ("SET k v IFEQ old", "ERR SET with IFEQ is not supported: "),
            ("SET k v IFEQ", "ERR syntax error"),
            ("SET k v KEEPTTL", "ERR SET with KEEPTTL is not supported: "),
        ])
    func refusals(line: String, error: String) throws {
        let client = try TestClient()
        let reply = client.say(line)
        #expect(reply.hasPrefix("-\(error)"), "\(reply)")
        if !error.hasSuffix(": ") { #expect(reply == "-\(error)\r\n") }
        #expect(client.say("GET k") == "$-1\r\n")
    }

    @Test("A value above the limit is refused by its code, and MSET says how many keys failed")
    func failures() throws {
        let client = try TestClient()
        let large = String(repeating: "x", count: 1_001)
        #expect(
            client.say("SET k \(large)")
                == "-TOOLARGE the value is larger than the limit of 1000 bytes\r\n")
        #expect(
            client.say("MSET a 1 b \(large) c \(large)")
                == "-TOOLARGE 2 of 3 keys failed, the first because: the value is larger than "
                + "the limit of 1000 bytes\r\n")
        #expect(client.say("GET a") == "$1\r\n1\r\n")
    }

    @Test("A node in no cluster says so to every command that needs one, and serves the others")
    func noCluster() throws {
        let client = TestClient(try TestNode(created: false))
        for line in ["GET k", "SET k v", "MGET a b", "CLUSTER SLOTS", "CLUSTER SHARDS", "DEL a"] {
            #expect(client.say(line).hasPrefix("-CLUSTERDOWN "), "\(line)")
        }
        #expect(client.say("MARTLET.GET k").hasPrefix("-CLUSTERDOWN "))
        #expect(client.say("MARTLET.KEY k").hasPrefix("-CLUSTERDOWN "))
        #expect(client.say("PING") == "+PONG\r\n")
        #expect(client.say("CLUSTER INFO").contains("cluster_state:fail\r\n"))
        #expect(client.say("CLUSTER NODES").contains("myself,master"))
        #expect(client.say("DBSIZE") == ":0\r\n")
    }

    @Test("DBSIZE counts objects, not the node's own entries")
    func databaseSize() throws {
        let client = try TestClient()
        #expect(
            client.say("DBSIZE", "SET a 1", "SET b 1", "DBSIZE") == ":0\r\n+OK\r\n+OK\r\n:2\r\n")
    }
}
