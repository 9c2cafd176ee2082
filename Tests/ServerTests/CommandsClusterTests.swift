// What cluster clients and operators are told of the ring: one node alone, three of them, and three
// of which one is away.
import Foundation
import MartletBase
import MartletNode
import MartletRESP
import MartletRing
import MartletServer
import MartletVersions
import MartletViews
import MartletWire
import Testing

@Suite("CLUSTER and the views")
struct CommandsClusterTests {
    private static func trio() throws -> TestClient {
        TestClient(try TestNode(others: [TestNode.member(2), TestNode.member(3)]))
    }

    /// Tells the node that member 3 is unreachable.
    private static func lose3(_ client: TestClient) {
        var lost = TestNode.member(3, state: .unreachable)
        lost.incarnation = 2
        let node2 = TestNode.member(2)
        let news = Datagram(
            sender: node2.id, sequence: 1, epoch: 1, kind: .ping(target: nil),
            members: [node2, lost])
        client.node.handle(.datagramReceived(news, from: node2.peerEndpoint))
    }

    @Test("A single node has every slot, in one run")
    func alone() throws {
        let client = try TestClient()
        let id = client.node.core.identity.id.description + String(repeating: "0", count: 24)
        #expect(client.say("CLUSTER MYID") == "$40\r\n\(id)\r\n")
        let node = "*4\r\n$8\r\n10.0.0.1\r\n:7400\r\n$40\r\n\(id)\r\n*0\r\n"
        #expect(client.say("CLUSTER SLOTS") == "*1\r\n*3\r\n:0\r\n:16383\r\n\(node)")
        #expect(
            try client.ask("CLUSTER NODES")?.text
                == "\(id) 10.0.0.1:7400@7401 myself,master - 0 0 1 connected 0-16383\n")
        #expect(
            try client.ask("CLUSTER INFO")?.text
                == "cluster_state:ok\r\ncluster_slots_assigned:16384\r\ncluster_slots_ok:16384\r\n"
                + "cluster_slots_pfail:0\r\ncluster_slots_fail:0\r\ncluster_known_nodes:1\r\n"
                + "cluster_size:1\r\ncluster_current_epoch:1\r\ncluster_my_epoch:1\r\n")
    }

    @Test(
        "Slots of keys are those of Redis Cluster",
        arguments: [("foo", 12182), ("{user1000}.following", 3443), ("123456789", 12739)])
    func keySlots(key: String, slot: Int) throws {
        #expect(try TestClient().say("CLUSTER KEYSLOT \(key)") == ":\(slot)\r\n")
    }

    @Test("SLOTS, SHARDS and NODES cover every slot once and agree on who comes first")
    func agreement() throws {
        let client = try Self.trio()
        for loses in [false, true] {
            if loses { Self.lose3(client) }
            let bySlots = try Self.primariesBySlots(client)
            #expect(Set(bySlots.map { $0 ?? "none" }).count == (loses ? 2 : 3))
            #expect(try Self.primariesByShards(client) == bySlots)
            #expect(try Self.primariesByNodes(client) == bySlots)
        }
    }

    private static func primariesBySlots(_ client: TestClient) throws -> [String?] {
        var primaries = [String?](repeating: nil, count: Slot.count)
        for run in try #require(try client.ask("CLUSTER SLOTS")?.elements) {
            let fields = try #require(run.elements)
            guard case .integer(let low) = fields[0], case .integer(let high) = fields[1] else {
                continue
            }
            for slot in Int(low)...Int(high) {
                #expect(primaries[slot] == nil)
                primaries[slot] = fields[2].elements?[2].text
            }
        }
        return primaries
    }

    private static func primariesByShards(_ client: TestClient) throws -> [String?] {
        var primaries = [String?](repeating: nil, count: Slot.count)
        for shard in try #require(try client.ask("CLUSTER SHARDS")?.elements) {
            let id = shard["nodes"]?.elements?.first?["id"]?.text
            let bounds = (shard["slots"]?.elements ?? []).compactMap { value -> Int? in
                if case .integer(let number) = value { Int(number) } else { nil }
            }
            for index in stride(from: 0, to: bounds.count, by: 2) {
                for slot in bounds[index]...bounds[index + 1] { primaries[slot] = id }
            }
        }
        return primaries
    }

    private static func primariesByNodes(_ client: TestClient) throws -> [String?] {
        var primaries = [String?](repeating: nil, count: Slot.count)
        let text = try #require(try client.ask("CLUSTER NODES")?.text)
        for line in text.split(separator: "\n") {
            let fields = line.split(separator: " ")
            for range in fields.dropFirst(8) {
                let bounds = range.split(separator: "-").compactMap { Int($0) }
                let low = try #require(bounds.first)
                for slot in low...(bounds.last ?? low) { primaries[slot] = String(fields[0]) }
            }
        }
        return primaries
    }

    @Test("A member that is suspected is passed over before it is given up")
    func suspected() throws {
        let client = try Self.trio()
        let suspect = TestNode.member(3, state: .suspect)
        let exchange = PushPull(
            members: [TestNode.member(2), suspect], wantsReply: false, epoch: 1)
        client.node.handle(.messageReceived(.pushPull(exchange), from: Peer(NodeID(rawValue: 2))))
        #expect(Set(try Self.primariesBySlots(client)).count == 2)
        let nodes = try #require(try client.ask("CLUSTER NODES")?.text)
        #expect(nodes.contains("10.0.0.3:7400@7401 master,fail? - 0 0 1 connected\n"))
    }

    @Test("A member that is away is flagged, and its slots go to the next home")
    func away() throws {
        let client = try Self.trio()
        Self.lose3(client)
        let nodes = try #require(try client.ask("CLUSTER NODES")?.text)
        #expect(nodes.contains("10.0.0.3:7400@7401 master,fail - 0 0 1 disconnected\n"))
        #expect(try client.ask("CLUSTER INFO")?.text?.contains("cluster_state:ok") == true)
        let ring: RingView = try Self.view(client, "MARTLET.RING")
        #expect(ring.warnings == ["n3 is unreachable"])
        #expect(ring.members.map(\.name) == ["n1", "n2", "n3"])
        #expect(ring.members.map(\.state) == ["alive", "alive", "unreachable"])
    }

    @Test("FORGET leaves a member that is away out of what clients are shown, until it is back")
    func forget() throws {
        let node = try TestNode(others: [TestNode.member(2), TestNode.member(3)])
        let client = TestClient(node, registry: ClientRegistry())
        func shown() throws -> [Int] {
            let nodes = try #require(try client.ask("CLUSTER NODES")?.text)
            let shards = try #require(try client.ask("CLUSTER SHARDS")?.elements)
            let info = try #require(try client.ask("CLUSTER INFO")?.text)
            let count = nodes.split(separator: "\n").count
            #expect(info.contains("cluster_known_nodes:\(count)\r\n"))
            return [count, shards.count]
        }
        let id = TestNode.member(3).id.description + String(repeating: "0", count: 24)
        #expect(
            client.say("CLUSTER FORGET \(id)")
                == "-ERR n3 is alive: only a member that is away can be left out\r\n")
        #expect(
            client.say(
                "CLUSTER FORGET \(node.core.identity.id)\(String(repeating: "0", count: 24))")
                == "-ERR I tried hard but I can't forget myself...\r\n")
        #expect(client.say("CLUSTER FORGET foo") == "-ERR Unknown node foo\r\n")
        Self.lose3(client)
        #expect(try shown() == [3, 3])
        #expect(client.say("CLUSTER FORGET \(id)") == "+OK\r\n")
        #expect(try shown() == [2, 2])
        let bySlots = try Self.primariesBySlots(client)
        #expect(try Self.primariesByNodes(client) == bySlots)
        var back = TestNode.member(3)
        back.incarnation = 3
        let exchange = PushPull(
            members: [TestNode.member(2), back], wantsReply: false, epoch: 1)
        node.handle(.messageReceived(.pushPull(exchange), from: Peer(NodeID(rawValue: 2))))
        #expect(try shown() == [3, 3])
        back.incarnation = 4
        back.state = .unreachable
        let news = PushPull(members: [TestNode.member(2), back], wantsReply: false, epoch: 1)
        node.handle(.messageReceived(.pushPull(news), from: Peer(NodeID(rawValue: 2))))
        #expect(try shown() == [3, 3], "it was forgotten once, and has been back")
    }

    private static func view<View: Decodable>(_ client: TestClient, _ line: String) throws -> View {
        let json = try #require(try client.ask(line)?.bytes)
        return try JSONDecoder().decode(View.self, from: Data(json))
    }

    @Test("MARTLET.RING shows who owns what, and with FULL where everything is")
    func ring() throws {
        let client = try Self.trio()
        let ring: RingView = try Self.view(client, "MARTLET.RING")
        #expect(ring.cluster == "test" && ring.epoch == 1 && ring.n == 3 && ring.partitions == 64)
        #expect(ring.warnings.isEmpty && ring.homes == nil)
        #expect(ring.members.map(\.partitionsAsHome) == [64, 64, 64])
        #expect(ring.members.reduce(0) { $0 + $1.partitionsAsPrimary } == 64)
        let full: RingView = try Self.view(client, "MARTLET.RING FULL")
        let homes = try #require(full.homes)
        #expect(homes.count == 64 && homes.allSatisfy { Set($0.homes).count == 3 })
        #expect(homes.first?.firstSlot == 0 && homes.last?.lastSlot == 16_383)
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let encoded = try encoder.encode(full)
        #expect(try client.ask("MARTLET.RING FULL")?.bytes == Bytes(encoded), "byte for byte")
        #expect(client.say("MARTLET.RING TABLE") == "-ERR syntax error\r\n")
    }

    @Test("MARTLET.STATUS shows the node's condition, MARTLET.KEY where a key lives")
    func statusAndKey() throws {
        let alone = try TestClient()
        _ = alone.say("SET k v")
        let status: StatusView = try Self.view(alone, "MARTLET.STATUS")
        #expect(status.ready && status.node == "n1" && status.storage.refusal == nil)
        #expect(status.counters.requests == 1 && status.storage.appended == status.storage.durable)
        let uptime = status.process.first { $0.name == "uptime_in_seconds" }
        #expect(uptime?.value == "1" && status.process.first?.name == "process_id")

        let trio = try Self.trio()
        let apart: StatusView = try Self.view(trio, "MARTLET.STATUS")
        #expect(!apart.ready, "no link is open")
        let key: KeyView = try Self.view(trio, "MARTLET.KEY foo")
        #expect(key.slot == 12_182 && key.partition == 12_182 / 256 && key.fallbacks.isEmpty)
        #expect(key.homes.map(\.name).sorted() == ["n1", "n2", "n3"])
        #expect(
            key.homes.allSatisfy { $0.state == "alive" && $0.client?.hasSuffix(":7400") == true })
    }

    @Test("MARTLET.CREATE makes the ring once, and says why it does not")
    func create() throws {
        let client = TestClient(try TestNode(created: false))
        let ring: RingView = try Self.view(client, "MARTLET.RING")
        #expect(ring.epoch == 0 && ring.warnings == ["the cluster is not created yet"])
        #expect(client.say("MARTLET.CREATE 3").hasPrefix("-ERR 3 members are expected and this"))
        #expect(client.say("MARTLET.CREATE 0") == "-INVALID members is 0, must be 1 to 1024\r\n")
        #expect(
            client.say("MARTLET.CREATE x") == "-ERR value is not an integer or out of range\r\n")
        #expect(
            client.say("MARTLET.CREATE 1 PARTITIONS 3")
                == "-ERR PARTITIONS must be a power of two from 1 to 16384\r\n")
        #expect(client.say("MARTLET.CREATE 1 FOO 3") == "-ERR syntax error\r\n")
        let created = try client.ask("MARTLET.CREATE 1 N 2 PARTITIONS 64")
        #expect(created?["epoch"] == .integer(1))
        #expect(
            created?["warnings"]?.elements?.first?.text
                == "1 members for 2 replicas: each partition has 1 homes")
        #expect(client.say("MARTLET.CREATE 1").hasPrefix("-ERR the cluster exists already"))
        #expect(client.say("SET k v") == "+OK\r\n")
    }

    @Test("Too few replicas is NOQUORUM or TIMEOUT, with who did what")
    func noQuorum() throws {
        let client = try Self.trio()
        let reply = client.say("MARTLET.PUT k v W ALL")
        #expect(
            reply == "-NOQUORUM 3 replicas are needed and 1 can be reached (coordinator n1; n1 "
                + "reachable): bring nodes back, or ask for fewer\r\n")
        #expect(
            client.say("MARTLET.PUT k v W 4").hasPrefix("-INVALID w is 4, must be 1 to 3"))
    }

    @Test("A read that timed out is not told about writes, and a write that did is")
    func timedOut() throws {
        let client = try Self.trio()
        let witnesses = [
            Witness(node: client.node.core.identity.id, act: .agreed),
            Witness(node: NodeID(rawValue: 2), act: .silent),
        ]
        let evidence = Evidence(
            coordinator: client.node.core.identity.id, witnesses: witnesses)
        client.node.answer = .failed(.timedOut(needed: 2, answered: 1, evidence: evidence))
        let what =
            "2 replicas are needed and 1 had answered in time (coordinator n1; n1 agreed, n2 "
            + "silent): "
        for line in ["GET k", "STRLEN k", "MARTLET.GET k", "MGET k", "EXISTS k"] {
            #expect(
                client.say(line) == "-TIMEOUT \(what)allow more time, or ask for fewer\r\n",
                "\(line)")
        }
        for line in ["SET k v", "SETEX k 9 v", "MARTLET.PUT k v", "DEL k", "MSET k v"] {
            #expect(
                client.say(line)
                    == "-TIMEOUT \(what)the write may still take effect; read before writing "
                    + "again, or allow more time\r\n", "\(line)")
        }
    }

    @Test("A replica that a successful request did not wait for is pending, and not silent")
    func pending() throws {
        let client = try Self.trio()
        let node = client.node.core.identity.id
        let evidence = Evidence(
            coordinator: node,
            witnesses: [
                Witness(node: node, act: .agreed),
                Witness(node: NodeID(rawValue: 2), act: .silent),
            ])
        client.node.answer = .read(ReadAnswer(object: Object(), evidence: evidence))
        let replicas = try client.ask("MARTLET.GET k")?["evidence"]?["replicas"]?.elements
        #expect(replicas?.map { $0["act"]?.text } == ["agreed", "pending"])
    }
}
