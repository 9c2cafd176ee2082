// A running node and bytes that it must refuse, on all its ports: it says why, serves on, and its
// process stays the same.
import Glibc
import MartletBase
import MartletClient
import MartletServer
import MartletViews
import MartletWire
import Testing

/// Bytes for the client port, and what must come back.
struct BadCommand: Sendable, CustomTestStringConvertible {
    let name: String
    let bytes: Bytes
    let answer: String
    /// Whether the node must hang up: after this nobody knows where the next command begins.
    var hangsUp = true

    var testDescription: String { name }

    private static func command(_ words: Bytes...) -> Bytes {
        var bytes = Bytes(text: "*\(words.count)\r\n")
        for word in words {
            bytes += Bytes(text: "$\(word.count)\r\n") + word + Bytes(text: "\r\n")
        }
        return bytes
    }

    private static func malformed(_ name: String, _ text: String, _ answer: String) -> Self {
        BadCommand(name: name, bytes: Bytes(text: text), answer: "-ERR Protocol error: \(answer)")
    }

    private static func refused(_ name: String, _ words: String..., answer: String) -> Self {
        var bytes = Bytes(text: "*\(words.count)\r\n")
        for word in words { bytes += Bytes(text: "$\(word.utf8.count)\r\n\(word)\r\n") }
        return BadCommand(name: name, bytes: bytes, answer: answer, hangsUp: false)
    }

    static let all = [
        malformed("a count that is none", "*x\r\n", "invalid multibulk length"),
        malformed("a count without end", "*99999999999\r\n", "invalid multibulk length"),
        malformed("no bulk string", "*1\r\n+PING\r\n", "expected '$', got '+'"),
        malformed("a negative length", "*1\r\n$-1\r\n", "invalid bulk length"),
        malformed("a huge length", "*1\r\n$9999999999\r\n", "invalid bulk length"),
        malformed("a bulk string without end", "*1\r\n$4\r\nPINGPING", "expected CR LF"),
        malformed("an open quote", "GET \"k\r\n", "unbalanced quotes"),
        malformed(
            "a line without end", String(repeating: "x", count: 70_000), "too big inline request"),
        BadCommand(
            name: "TLS", bytes: [0x16, 3, 1, 2, 0, 1, 0, 13, 10], answer: "-ERR unknown command",
            hangsUp: false),
        refused("an unknown command", "FLY", "k", answer: "-ERR unknown command 'FLY'"),
        refused("too few words", "GET", answer: "-ERR wrong number of arguments"),
        refused("too many words", "GET", "k", "k", answer: "-ERR wrong number of arguments"),
        refused("an unknown option", "MARTLET.GET", "k", "X", "1", answer: "-ERR syntax error"),
        refused("a quorum that is none", "MARTLET.GET", "k", "R", "most", answer: "-INVALID"),
        refused(
            "a wrong context", "MARTLET.PUT", "k", "v", "CONTEXT", "?!",
            answer: "-INVALID invalid context"),
        refused("a conditional write", "SET", "k", "v", "NX", answer: "-ERR"),
        BadCommand(
            name: "a value above the limit",
            bytes: command(
                Bytes(text: "SET"), Bytes(text: "k"), Bytes(repeating: 1, count: (1 << 20) + 1)),
            answer: "-TOOLARGE", hangsUp: false),
    ]
}

/// Bytes for the peer port of the node with an id, and what the refusal must say.
struct BadPeer: Sendable, CustomTestStringConvertible {
    let name: String
    let refusal: String
    let bytes: @Sendable (NodeID) -> Bytes

    var testDescription: String { name }

    private static let stranger = NodeID(rawValue: 77)

    private static func hello(
        to node: NodeID, cluster: String = "martlet-tests", from: NodeID = stranger
    ) -> Bytes {
        var writer = ByteWriter()
        Frame.hello(Hello(clusterName: cluster, node: from, name: "stranger", sought: node))
            .encode(into: &writer)
        return writer.bytes
    }

    /// A hello with one byte of its payload changed and its checksum right.
    private static func hello(to node: NodeID, byte: Int, _ value: UInt8) -> Bytes {
        var payload = Bytes(hello(to: node).dropFirst(Frame.headerSize))
        payload[byte] = value
        return frame(payload)
    }

    private static func frame(_ payload: Bytes) -> Bytes {
        var writer = ByteWriter()
        writer.write(UInt32(payload.count))
        writer.write(Checksum.crc32c(payload))
        writer.write(Checksum.crc32c(writer.bytes))
        writer.writeRaw(payload)
        return writer.bytes
    }

    private static func message(_ message: PeerMessage) -> Bytes {
        var writer = ByteWriter()
        Frame.message(message).encode(into: &writer)
        return writer.bytes
    }

    private static var begin: Bytes {
        var writer = ByteWriter()
        Frame.begin.encode(into: &writer)
        return writer.bytes
    }

    private static let exchange = PushPull(members: [], wantsReply: true, epoch: 0)

    static let all = [
        BadPeer(name: "another protocol", refusal: "frame") { _ in Bytes(text: "GET / HTTP/1.1\r\n")
        },
        BadPeer(name: "another magic", refusal: "not a Martlet peer") {
            hello(to: $0, byte: 1, 0x58)
        },
        BadPeer(name: "another version", refusal: "version 9") { hello(to: $0, byte: 5, 9) },
        BadPeer(name: "another cluster", refusal: "not of cluster other") {
            hello(to: $0, cluster: "other")
        },
        BadPeer(name: "another node sought", refusal: "this node is not") { _ in
            hello(to: stranger)
        },
        BadPeer(name: "the node itself", refusal: "the same identity") { hello(to: $0, from: $0) },
        BadPeer(name: "a message before a hello", refusal: "must begin with a hello") { _ in
            message(.pushPull(exchange))
        },
        BadPeer(name: "a second hello", refusal: "messages after its hello") {
            hello(to: $0) + hello(to: $0)
        },
        BadPeer(name: "a message before it begins", refusal: "messages after its hello") {
            hello(to: $0) + message(.pushPull(exchange))
        },
        BadPeer(name: "a wrong checksum", refusal: "checksum") {
            var bytes = hello(to: $0)
            bytes[4] ^= 1
            return bytes
        },
        BadPeer(name: "a length that is not what was sent", refusal: "checksum") {
            var bytes = hello(to: $0)
            bytes[1] ^= 1
            return bytes
        },
        BadPeer(name: "a large frame before a hello", refusal: "too large") { _ in
            frame(Bytes(repeating: 0, count: FrameDecoder.firstPayloadLimit + 1))
        },
        BadPeer(name: "a frame above every limit", refusal: "too large") {
            hello(to: $0) + begin + [0xFF, 0xFF, 0xFF, 0xFF] + Bytes(repeating: 0, count: 8)
        },
        BadPeer(name: "an empty frame", refusal: "truncated") { _ in frame([]) },
        BadPeer(name: "an unknown message", refusal: "invalid") {
            hello(to: $0) + begin + frame([0xEE, 1])
        },
        BadPeer(name: "a cut message", refusal: "truncated") {
            let payload = message(.pushPull(exchange)).dropFirst(Frame.headerSize)
            return hello(to: $0) + begin + frame(Bytes(payload.dropLast()))
        },
    ]
}

/// Datagrams that must change nothing.
private func badDatagrams(for node: NodeID, at peer: Endpoint) -> [Bytes] {
    let ours = Datagram.clusterHash(of: "martlet-tests")
    func member(
        _ id: NodeID, _ port: UInt16, incarnation: UInt64 = .max
    ) -> Member {
        Member(
            id: id, name: "spoof", zone: "", weight: 1,
            peerEndpoint: Endpoint(host: "127.0.0.1", port: port),
            clientEndpoint: Endpoint(host: "127.0.0.1", port: port), incarnation: incarnation,
            state: .unreachable)
    }
    func ping(_ sender: NodeID, _ kind: Datagram.Kind, _ members: [Member] = []) -> Datagram {
        Datagram(sender: sender, sequence: 1, epoch: .max, kind: kind, members: members)
    }
    let stranger = NodeID(rawValue: 78)
    let whole = ping(stranger, .ping(target: node)).encoded(cluster: ours)
    var damaged = whole
    damaged[20] ^= 0x40
    let spoofed = [
        // Word of the node's own death, with the highest incarnation there is.
        ping(stranger, .ping(target: node), [member(node, peer.port)]),
        // In the node's own name.
        ping(node, .ping(target: node), [member(node, 9)]),
        ping(stranger, .pingRequest(target: node)), ping(stranger, .ack),
        // The highest that is read: nothing that the node could say would outdo it.
        ping(
            stranger, .ping(target: node),
            [member(node, peer.port, incarnation: Member.incarnationLimit)]),
    ]
    // Members that nobody has ever linked to.
    let madeUp = (1_000..<1_300).map { number in
        let id = NodeID(rawValue: UInt64(number))
        return ping(id, .ping(target: node), [member(id, 9, incarnation: 1)])
    }
    return [[], [0], Bytes(repeating: 0xFF, count: 1_400), Bytes(repeating: 0, count: 9_000)]
        + whole.indices.map { Bytes(whole[..<$0]) }
        + [damaged, ping(stranger, .ack).encoded(cluster: ours &+ 1)]
        + (spoofed + madeUp).map { $0.encoded(cluster: ours) }
}

extension Clusters.Processes {
    @Test("Bad input on every port is refused with its reason, and the node serves on")
    func badInput() async throws {
        try await ProcessCluster.run(1) { cluster in
            let plan = cluster.plan
            let place = plan.places[0]
            let before = try await plan.status(0)
            let id = try #require(NodeID(before.id))
            _ = try await plan.withClient(0) { try await $0.put("k", "k") }
            for bad in BadCommand.all {
                let received = try await blocking { try Self.answer(to: bad, port: place.client) }
                #expect(received.contains(bad.answer), "\(bad.name): \(received)")
                try await plan.expectAll(["k"], at: 0)
            }
            for bad in BadPeer.all {
                let received = try await blocking {
                    let connection = try ProcessSocket(port: place.peer)
                    connection.send(bad.bytes(id))
                    return try connection.receive(until: bad.refusal)
                }
                #expect(received.contains(bad.refusal), "\(bad.name): \(received)")
                if bad.name == "another cluster" {
                    #expect(!received.contains(plan.clusterName), "\(received)")
                }
            }
            let peer = Endpoint(host: "127.0.0.1", port: place.peer)
            for datagram in badDatagrams(for: id, at: peer) {
                try ProcessSocket.sendDatagram(datagram, to: place.peer)
            }
            try await plan.expectAll(["k"], at: 0)
            _ = try await plan.withClient(0) { try await $0.put("k2", "k2") }
            let after = try await plan.status(0)
            #expect(after.actors == before.actors)
            #expect(after.epoch == before.epoch)
            #expect(after.ready)
            #expect(after.members == before.members)
            #expect(await cluster.isRunning(0))
        }
    }

    private static func answer(to bad: BadCommand, port: UInt16) throws -> String {
        let connection = try ProcessSocket(port: port)
        connection.send(bad.bytes)
        let answer = try connection.receive(until: bad.answer)
        if bad.hangsUp {
            #expect(try connection.awaitClose(), "\(bad.name): the connection stays open")
        } else {
            connection.send(Bytes(text: "PING\r\n"))
            #expect(try connection.receive(until: "+PONG").contains("+PONG"), "\(bad.name)")
        }
        return answer
    }

    @Test("A client that leaves in the middle of a command takes nothing with it")
    func clientsLeave() async throws {
        try await ProcessCluster.run(1) { cluster in
            let plan = cluster.plan
            for text in ["*3\r\n$3\r\nSET\r\n$1\r\n", "*1\r\n$4\r\nPI", "SET k v\r\nGET k\r\n"] {
                try await blocking {
                    for _ in 0..<20 {
                        try ProcessSocket(port: plan.places[0].client).send(Bytes(text: text))
                        try ProcessSocket(port: plan.places[0].peer).send(Bytes(text: text))
                    }
                }
            }
            _ = try await plan.withClient(0) { try await $0.put("k2", "k2") }
            try await plan.expectAll(["k2"], at: 0)
            #expect(await cluster.isRunning(0))
        }
    }
}
