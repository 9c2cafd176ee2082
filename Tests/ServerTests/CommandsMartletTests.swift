// MARTLET.GET, PUT and DELETE: contexts, siblings, quorums and evidence, in both protocols; and the
// context's text form.
import MartletBase
import MartletNode
import MartletRESP
import MartletServer
import Testing

@Suite("Causal commands")
struct CommandsMartletTests {
    @Test("A write with the context of a read replaces it; one without leaves a sibling")
    func siblings() throws {
        for version in [RESPVersion.resp2, .resp3] {
            let client = try TestClient(version)
            let first = try #require(try client.ask("MARTLET.PUT k one"))
            #expect(first["siblings"] == .integer(1))
            let context = try #require(first["context"]?.text)
            let blind = try #require(try client.ask("MARTLET.PUT k two"))
            #expect(blind["siblings"] == .integer(2))
            #expect(blind["context"] == .null, "its client has not seen the sibling")

            let both = try #require(try client.ask("MARTLET.GET k"))
            let values = both["siblings"]?.elements?.map { $0["value"]?.text }
            #expect(values == ["one", "two"])
            #expect(client.say("GET k") == "$3\r\ntwo\r\n")

            let stale = try #require(try client.ask("MARTLET.PUT k three CONTEXT \(context)"))
            #expect(stale["siblings"] == .integer(2), "only the first was covered")
            let seen = try #require(try client.ask("MARTLET.GET k")?["context"]?.text)
            let merged = try #require(try client.ask("MARTLET.PUT k all CONTEXT \(seen)"))
            #expect(merged["siblings"] == .integer(1))
            #expect(client.say("GET k") == "$3\r\nall\r\n")
        }
    }

    @Test("A delete removes exactly what its context covers")
    func delete() throws {
        let client = try TestClient()
        let context = try #require(try client.ask("MARTLET.PUT k one")?["context"]?.text)
        _ = client.say("MARTLET.PUT k two")
        let reply = try #require(try client.ask("MARTLET.DELETE k CONTEXT \(context)"))
        #expect(reply["siblings"] == .integer(2))
        let object = try #require(try client.ask("MARTLET.GET k"))
        let siblings = try #require(object["siblings"]?.elements)
        #expect(siblings.map { $0["value"] } == [.bulk(Bytes(text: "two")), .null])
        #expect(siblings.map { $0["deleted"] } == [.integer(0), .integer(1)])
        let all = try #require(object["context"]?.text)
        _ = client.say("MARTLET.DELETE k CONTEXT \(all)")
        #expect(client.say("GET k") == "$-1\r\n")
    }

    @Test("Answers name the coordinator and what every replica did")
    func evidence() throws {
        let client = try TestClient(.resp3)
        let written = try #require(try client.ask("MARTLET.PUT k v DW 1 W ALL PW ONE N 1"))
        let evidence = try #require(written["evidence"])
        #expect(evidence["coordinator"]?.text == "n1")
        let replica = try #require(evidence["replicas"]?.elements?.first)
        #expect(replica["node"]?.text == "n1" && replica["act"]?.text == "synced")
        #expect(replica["stands_in_for"] == .null)
        let dot = try #require(written["dot"]?.text)
        #expect(dot.hasPrefix("\(client.node.core.identity.id)/") && dot.hasSuffix(":1"))

        let read = try #require(try client.ask("MARTLET.GET k R QUORUM PR 1 N 1 TIMEOUT 50"))
        #expect(read["evidence"]?["replicas"]?.elements?.first?["act"]?.text == "agreed")
        let sibling = try #require(read["siblings"]?.elements?.first)
        #expect(sibling["dot"]?.text == dot && sibling["deleted"] == .boolean(false))
        #expect(sibling["timestamp_ms"] == .integer(Int64(TestNode.wall.milliseconds)))
        #expect(sibling["expires_ms"] == .null)
    }

    @Test("A version may expire, and says when")
    func expiry() throws {
        let client = try TestClient()
        _ = client.say("MARTLET.PUT k v PX 1500")
        #expect(client.say("PTTL k") == ":1500\r\n")
        let at = Int64(TestNode.wall.milliseconds) + 1_500
        let sibling = { try client.ask("MARTLET.GET k")?["siblings"]?.elements?.first }
        #expect(try sibling()?["expires_ms"] == .integer(at))
        client.node.now.wall.milliseconds += 2_000
        #expect(try sibling()?["value"] == .null)
        #expect(try sibling()?["deleted"] == .integer(0))
    }

    @Test("A key that was never written has an empty context that can be written with")
    func neverWritten() throws {
        let client = try TestClient()
        let nothing = try #require(try client.ask("MARTLET.GET k"))
        #expect(nothing["siblings"] == .array([]))
        let token = try #require(nothing["context"]?.text)
        #expect(try client.ask("MARTLET.PUT k v CONTEXT \(token)")?["siblings"] == .integer(1))
    }

    @Test(
        "Bad options are refused",
        arguments: [
            ("MARTLET.GET k FOO", "ERR syntax error"),
            ("MARTLET.GET k R", "ERR syntax error"),
            ("MARTLET.GET k R x", "INVALID R must be a number of replicas, ONE, QUORUM or ALL"),
            ("MARTLET.GET k R 2", "INVALID r is 2, must be 1 to 1, the n of the request"),
            ("MARTLET.GET k N 0", "INVALID N is 0, must be 1 to 32"),
            ("MARTLET.GET k TIMEOUT 60001", "INVALID TIMEOUT is 60001, must be 1 to 60000"),
            ("MARTLET.GET k W 1", "ERR syntax error"),
            ("MARTLET.PUT k v R 1", "ERR syntax error"),
            ("MARTLET.PUT k v EX 1 PX 1", "ERR syntax error"),
            ("MARTLET.PUT k v EX 0", "ERR invalid expire time in 'martlet.put' command"),
            ("MARTLET.DELETE k EX 1", "ERR syntax error"),
            (
                "MARTLET.PUT k v CONTEXT !!",
                "INVALID invalid context: it is not base64url text; pass the context of a "
                    + "MARTLET.GET of the same key unchanged"
            ),
            (
                "MARTLET.PUT k v CONTEXT AgAAAAAAAAAAANBxnXA",
                "INVALID invalid context: unsupported format version 2 at offset 0; pass the "
                    + "context of a MARTLET.GET of the same key unchanged"
            ),
        ])
    func badOptions(line: String, error: String) throws {
        #expect(try TestClient().say(line) == "-\(error)\r\n")
    }

    @Test("The empty context's token for a key and a secret is this text for ever")
    func goldenToken() throws {
        let token = try TestClient().ask("MARTLET.GET k")?["context"]?.text
        #expect(token == "A5-ora-h5Im_AAAAAAAAAAAAx5fOsr7KvsCvXJOC")
    }

    @Test("A context of another key, of another cluster or made up is refused, and says which")
    func foreignTokens() throws {
        let client = try TestClient()
        func refusal(_ token: String) -> String {
            client.say("MARTLET.PUT k w CONTEXT \(token)")
        }
        _ = client.say("MARTLET.PUT k v")
        let ofA = try #require(try client.ask("MARTLET.PUT a v")?["context"]?.text)
        #expect(refusal(ofA).hasPrefix("-INVALID invalid context: it is of another key; pass"))
        #expect(client.say("MARTLET.PUT k w CONTEXT \(ofA)").contains("of the same key"))

        // The same ids everywhere, and another secret: nothing but it vouches for a context.
        let stranger = TestClient(try TestNode(secretSeed: 2))
        let forged = try #require(try stranger.ask("MARTLET.PUT k v")?["context"]?.text)
        #expect(
            refusal(forged).hasPrefix("-INVALID invalid context: it is damaged or forged; pass"))

        let other = TestClient(try TestNode(clusterSeed: 8))
        let foreign = try #require(try other.ask("MARTLET.PUT k v")?["context"]?.text)
        #expect(
            refusal(foreign).hasPrefix("-INVALID invalid context: it is of another cluster; pass"))
        #expect(client.say("GET k") == "$1\r\nv\r\n", "nothing was written")
    }

    @Test("A token with any one character changed, or cut anywhere, is refused")
    func damagedTokens() throws {
        let client = try TestClient()
        let token = try #require(try client.ask("MARTLET.PUT k v")?["context"]?.bytes)
        for index in token.indices {
            for replacement in Bytes(text: "AZaz09-_=%") where replacement != token[index] {
                var damaged = token
                damaged[index] = replacement
                let reply = client.say("MARTLET.PUT k w CONTEXT \(damaged.text)")
                #expect(reply.hasPrefix("-INVALID invalid context: "), "\(damaged.text)")
            }
            let cut = Bytes(token[..<index]).text
            let reply = client.say("MARTLET.PUT k w CONTEXT '\(cut)'")
            #expect(reply.hasPrefix("-INVALID invalid context: "), "\(cut)")
        }
        #expect(client.say("GET k") == "$1\r\nv\r\n")
        let long = String(repeating: "A", count: 40_000)
        #expect(
            client.say("MARTLET.PUT k w CONTEXT \(long)").hasPrefix("-INVALID invalid context: "))
    }
}
