// MARTLET.CLUSTER as an operator uses it, against a node of the smallest ring, and what the CLI
// makes of its answers.
import Foundation
import MartletBase
import MartletMembership
import MartletNode
import MartletRESP
import MartletRing
import MartletServer
import MartletViews
import MartletWire
import Testing

@testable import martlet

@Suite("Changes of the ring")
struct CommandsRingTests {
    /// A client of a cluster of one, which knows a node n2 that is of no ring.
    private static func client() throws -> TestClient {
        let node = try TestNode()
        let stranger = TestNode.member(2)
        node.handle(.linkOpened(Peer(stranger.id)))
        let exchange = PushPull(members: [stranger], wantsReply: false, epoch: 1)
        node.handle(.messageReceived(.pushPull(exchange), from: Peer(stranger.id)))
        return TestClient(node)
    }

    private static func view<View: Decodable>(_ client: TestClient, _ line: String) throws -> View {
        let json = try #require(try client.ask(line)?.bytes)
        return try JSONDecoder().decode(View.self, from: Data(json))
    }

    @Test("Changes are staged in words, told each time, and forgotten at once")
    func staging() throws {
        let client = try Self.client()
        #expect(client.say("MARTLET.CLUSTER JOIN n2") == "*1\r\n$8\r\nn2 joins\r\n")
        let all = try client.ask("MARTLET.CLUSTER WEIGHT n1 2")?.elements?.map(\.text)
        #expect(all == ["n2 joins", "n1 gets weight 2"])
        _ = client.say("MARTLET.CLUSTER ZONE n1 b", "MARTLET.CLUSTER REPLICAS 2")
        #expect(try client.ask("MARTLET.CLUSTER LEAVE n1")?.elements?.last?.text == "n1 leaves")
        #expect(client.say("MARTLET.CLUSTER CLEAR") == "*0\r\n")
        #expect(client.say("MARTLET.CLUSTER PLAN") == "-ERR nothing is staged\r\n")
        let replaced = try client.ask("MARTLET.CLUSTER REPLACE n1 n2")?.elements?.first?.text
        #expect(replaced == "n2 takes the place of n1, which leaves")
    }

    @Test(
        "What cannot be done is refused with what to do",
        arguments: [
            ("JOIN n9", "no node n9 asks to join: start it with seeds of this cluster"),
            ("LEAVE n9", "the ring has no member n9 that stays: see 'martlet ring'"),
            ("LEAVE n1", "no members: a ring needs at least one"),
            ("COMMIT", "nothing is staged"), ("CANCEL", "nothing moves"),
        ])
    func refusals(words: String, reason: String) throws {
        let reply = try Self.client().say("MARTLET.CLUSTER \(words)")
        #expect(reply.hasPrefix("-ERR \(reason)"), "\(reply)")
    }

    @Test("A node of no cluster says so")
    func noCluster() throws {
        let client = TestClient(try TestNode(created: false))
        #expect(client.say("MARTLET.CLUSTER PLAN").hasPrefix("-CLUSTERDOWN "))
    }

    @Test("A plan tells who gains what, from whom, and what is survived meanwhile")
    func plan() throws {
        let client = try Self.client()
        _ = client.say("MARTLET.CLUSTER JOIN n2")
        let plan: PlanView = try Self.view(client, "MARTLET.CLUSTER PLAN")
        #expect(
            ClusterText.lines(plan) == [
                "staged:", "  n2 joins", "",
                "epoch 1 to 2: 64 of 64 partitions move, in 64 copies, as few as can be; "
                    + "2 home replicas in place of 1",
                "",
                "node  state  home of  then  gains  loses  share then",
                "n1    alive       64    64      -      -       50.0%",
                "n2    alive        0    64     64      -       50.0%  joins", "",
                "n2 gains 64; n1 can fill it", "",
                "homes of a key that may be down while writes find a majority of them: 0 now, "
                    + "0 while partitions move, 0 then", "",
                "warning: 2 members for 3 replicas: each partition has 2 homes", "",
                "'martlet cluster commit --epoch 2' begins it; 'martlet cluster clear' forgets it",
            ])
    }

    @Test("A commit of a stale plan is refused; then the ring shows what moves, from where")
    func commit() throws {
        let client = try Self.client()
        _ = client.say("MARTLET.CLUSTER JOIN n2")
        #expect(
            client.say("MARTLET.CLUSTER COMMIT 3")
                == "-ERR the plan was made for epoch 3, and the ring is of epoch 1 by now: look at "
                + "the plan again\r\n")
        #expect(client.say("MARTLET.CLUSTER COMMIT 2") == "+OK 2\r\n")
        #expect(client.say("MARTLET.CLUSTER COMMIT") == "-ERR nothing is staged\r\n")
        let ring: RingView = try Self.view(client, "MARTLET.RING FULL")
        #expect(ring.epoch == 2 && ring.moving == 64)
        #expect(ring.members.map(\.coming) == [0, 64] && ring.members.map(\.going) == [0, 0])
        let home = try #require(ring.homes?.first)
        #expect(home.from == ["n1"] && home.since == 2 && Set(home.homes) == ["n1", "n2"])
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let encoded = try encoder.encode(ring)
        #expect(try client.ask("MARTLET.RING FULL")?.bytes == Bytes(encoded), "byte for byte")
        let key: KeyView = try Self.view(client, "MARTLET.KEY k")
        #expect(key.former.isEmpty && key.homes.allSatisfy { $0.filling == ($0.name == "n2") })
        for (node, role) in RingText.roles(key) {
            #expect(role.hasSuffix(", is filled") == (node.name == "n2"), "\(role)")
        }
        let slots = try client.ask("CLUSTER SLOTS")?.elements
        #expect(slots?.count == 1, "clients are sent to n1, which holds all")
        let transfers: TransfersView = try Self.view(client, "MARTLET.CLUSTER TRANSFERS")
        #expect(transfers.moving == 64 && transfers.groups.isEmpty, "n1 is not filled")
    }

    @Test("A plan made while partitions move counts no copy to who holds all of one already")
    func planOverMoves() throws {
        let client = try Self.client()
        _ = client.say("MARTLET.CLUSTER REPLACE n1 n2", "MARTLET.CLUSTER COMMIT")
        let ring: RingView = try Self.view(client, "MARTLET.RING")
        #expect(ring.members.map(\.leaving) == [true, false])
        #expect(ring.members.map(\.going) == [64, 0] && ring.members.map(\.coming) == [0, 64])
        _ = client.say("MARTLET.CLUSTER REPLICAS 1")
        let plan: PlanView = try Self.view(client, "MARTLET.CLUSTER PLAN")
        #expect(plan.moving == 64 && plan.transfers == 0 && plan.gains.isEmpty)
        #expect(plan.nodes.map(\.leaves) == [true, false])
        #expect(plan.nextReplicas == 1 && plan.nextEpoch == 3)
    }

    @Test("Where too few members answer the operator is told so, and the node serves on")
    func minority() throws {
        let client = try Self.client()
        _ = client.say("MARTLET.CLUSTER JOIN n2", "MARTLET.CLUSTER COMMIT")
        #expect(client.say("MARTLET.CLUSTER CANCEL") == "", "n2 says nothing")
        client.node.pass(seconds: 11)
        #expect(
            client.output() == "-ERR 2 members must agree and 1 answered (n1): a minority serves "
                + "reads and writes, and cannot change the ring\r\n")
        #expect(client.say("PING") == "+PONG\r\n")
    }

    @Test("Progress is a bar for each node and purpose")
    func transfers() throws {
        let json = """
            {"node": "n4", "epoch": 2, "moving": 48, "groups": [
               {"purpose": "fill", "partitions": 48, "complete": 12, "leaves": 24576,
                "leafCount": 49152, "bytes": 4096, "objects": 17}],
             "fetches": [
               {"partition": 3, "purpose": "fill", "source": "n1", "target": "n4", "leaves": 1,
                "leafCount": 1024, "sourcesDone": 0, "sources": 2, "bytes": 1, "objects": 1}]}
            """
        let view = try JSONDecoder().decode(TransfersView.self, from: Data(json.utf8))
        let report = TransfersReport(
            epoch: 2, partitions: 64, moving: 48, nodes: [view], missing: ["n2"])
        #expect(!report.isAtRest)
        #expect(
            TransfersText.lines(report) == [
                "epoch 2: 48 of 64 partitions move", "",
                "node             partitions  done  progress                              "
                    + "now from  objects    bytes",
                "n4    is filled          48    12  [###############---------------] 50%  "
                    + "n1             17  4.0 KiB", "",
                "warning: n2 does not answer",
            ])
    }
}
