// MARTLET.REPAIR and EXPLAIN, and what RING, STATUS and INFO say of watermarks: one node alone, and
// one of which the other homes are away.
import Foundation
import MartletBase
import MartletRESP
import MartletServer
import MartletViews
import Testing

@Suite("Repair and explanation")
struct CommandsAntiEntropyTests {
    private static func view<View: Decodable>(_ client: TestClient, _ line: String) throws -> View {
        let json = try #require(try client.ask(line)?.bytes)
        return try JSONDecoder().decode(View.self, from: Data(json))
    }

    private static func trio() throws -> TestClient {
        TestClient(try TestNode(others: [TestNode.member(2), TestNode.member(3)]))
    }

    @Test("A held value is explained with its dot, its context and why it stays")
    func value() throws {
        let client = try TestClient()
        let written = try #require(try client.ask("MARTLET.PUT k value EX 10"))
        let view: ExplanationView = try Self.view(client, "MARTLET.EXPLAIN k")
        let object = try #require(view.object)
        let sibling = try #require(object.siblings.first)
        #expect(view.node == "n1" && view.isHome && view.hints.isEmpty && !view.isDamaged)
        #expect(view.at == TestNode.wall.milliseconds)
        #expect(sibling.dot == written["dot"]?.text && object.siblings.count == 1)
        #expect(sibling.content == "value" && sibling.bytes == 5)
        #expect(sibling.writtenAt == TestNode.wall.milliseconds)
        #expect(sibling.expiresAt == TestNode.wall.milliseconds + 10_000)
        #expect(object.horizon == sibling.writtenAt)
        #expect(object.context.map { "\($0.actor):\($0.counter)" } == [sibling.dot])
        #expect(view.settling?.tree?.count == 1)
        #expect(
            view.keptBy == [
                "a value in it expires and is kept until 2025-06-15T15:07:50.000Z",
                "a version of 2025-06-15T15:06:40.000Z that it covers is later than the watermark",
            ])
        _ = client.say("SET forever v")
        let forever: ExplanationView = try Self.view(client, "MARTLET.EXPLAIN forever")
        #expect(forever.keptBy == ["it holds a value"])
    }

    @Test("A key that was never written is explained as nothing")
    func nothing() throws {
        let view: ExplanationView = try Self.view(try TestClient(), "MARTLET.EXPLAIN k")
        #expect(view.object == nil && view.keptBy == nil && view.settling != nil)
    }

    @Test("A tombstone stays until the watermark has passed it, and is gone then")
    func tombstone() throws {
        let client = try TestClient()
        let token = try #require(try client.ask("MARTLET.PUT k v")?["context"]?.text)
        _ = client.say("MARTLET.DELETE k CONTEXT \(token)")
        let before: ExplanationView = try Self.view(client, "MARTLET.EXPLAIN k")
        #expect(before.object?.siblings.map(\.content) == ["tombstone"])
        #expect(before.keptBy?.count == 1 && before.settling?.watermark == nil)
        #expect(before.settling?.heldBackBy == ["n1 has promised nothing yet"])
        let fresh: RingView = try Self.view(client, "MARTLET.RING FULL")
        #expect(fresh.settled?.unproven == 64 && fresh.settled?.mostAge == nil)
        #expect(fresh.homes?.allSatisfy { $0.settledAge == nil } == true)

        client.node.pass(seconds: 180)
        let after: ExplanationView = try Self.view(client, "MARTLET.EXPLAIN k")
        #expect(after.object == nil && after.keptBy == nil)
        #expect(after.settling?.heldBackBy == [])
        let watermark = try #require(after.settling?.watermark)
        #expect(watermark > TestNode.wall.milliseconds && watermark < after.at)
        let ring: RingView = try Self.view(client, "MARTLET.RING FULL")
        let settled = try #require(ring.settled)
        let (least, most) = (try #require(settled.leastAge), try #require(settled.mostAge))
        #expect(settled.partitions == 64 && settled.unproven == 0 && settled.doubted == 0)
        // No later than the lag of the promises, no earlier than that and a period and a half.
        #expect(least >= 30_000 && most <= 30_000 + 15_000 + 90_000)
        #expect(ring.homes?.allSatisfy { ($0.settledAge ?? 0) >= least } == true)
        let status: StatusView = try Self.view(client, "MARTLET.STATUS")
        #expect(status.settled == settled && status.antiEntropy.removals == 1)
    }

    @Test("Hints are explained by the home that they wait for, obstacles by the node in the way")
    func hints() throws {
        let client = try Self.trio()
        _ = client.say("MARTLET.PUT k v W 1 DW 1")
        let view: ExplanationView = try Self.view(client, "MARTLET.EXPLAIN k")
        #expect(view.object?.siblings.count == 1)
        #expect(view.hints.map(\.home).sorted() == ["n2", "n3"])
        #expect(view.hints.allSatisfy { $0.object == nil }, "the object is beside them")
        let obstacles = try #require(view.settling?.heldBackBy)
        #expect(obstacles.contains("n2 has promised nothing yet"))
        #expect(obstacles.contains("n3, a home, cannot be reached"))
        #expect(obstacles.contains("not compared with another home since the node started"))
        #expect(view.settling?.provable == nil && view.settling?.comparedAgo == nil)
    }

    @Test("A repair is begun for all partitions, for one, or for that of a key")
    func repair() throws {
        let client = try Self.trio()
        let all: RepairView = try Self.view(client, "MARTLET.REPAIR")
        #expect(all.node == "n1" && all.begun == 64 && all.away == ["n2", "n3"])
        let one: RepairView = try Self.view(client, "MARTLET.REPAIR PARTITION 63")
        #expect(one.begun == 1)
        let ofKey: RepairView = try Self.view(client, "MARTLET.REPAIR KEY k")
        #expect(ofKey.begun == 1)
        let status: RepairView = try Self.view(client, "MARTLET.REPAIR STATUS")
        #expect(status.begun == 0 && status.waiting == 0 && status.comparisons == 0)
    }

    @Test(
        "Bad repairs are refused",
        arguments: [
            ("MARTLET.REPAIR PARTITION 64", "INVALID PARTITION is 64, must be 0 to 63"),
            ("MARTLET.REPAIR PARTITION x", "ERR value is not an integer or out of range"),
            ("MARTLET.REPAIR PARTITION", "ERR syntax error"),
            ("MARTLET.REPAIR KEY", "ERR syntax error"),
            ("MARTLET.REPAIR STATUS now", "ERR syntax error"),
            ("MARTLET.REPAIR k", "ERR syntax error"),
        ])
    func badRepairs(line: String, error: String) throws {
        #expect(try TestClient().say(line) == "-\(error)\r\n")
    }

    @Test("Before there is a ring there is nothing to repair or explain")
    func noCluster() throws {
        let client = TestClient(try TestNode(created: false))
        #expect(client.say("MARTLET.REPAIR").hasPrefix("-CLUSTERDOWN "))
        #expect(client.say("MARTLET.EXPLAIN k").hasPrefix("-CLUSTERDOWN "))
        let ring: RingView = try Self.view(client, "MARTLET.RING")
        #expect(ring.settled == nil)
    }

    @Test("INFO tells watermark ages once there are any, and what exchanges cost")
    func info() throws {
        let client = try TestClient()
        let fresh = try #require(try client.ask("INFO antientropy")?.text)
        #expect(fresh.hasPrefix("# AntiEntropy\r\npartitions_as_home:64\r\n"))
        #expect(fresh.contains("\r\npartitions_unproven:64\r\n"))
        #expect(!fresh.contains("watermark_age"))
        client.node.pass(seconds: 180)
        let later = try #require(try client.ask("INFO antientropy")?.text)
        for name in [
            "watermark_age_min_ms", "watermark_age_median_ms", "watermark_age_max_ms",
            "exchange_comparisons", "exchange_bytes_sent", "pushes", "removals",
            "watermark_advances", "trees_built", "trees_mended", "tree_bytes",
        ] {
            #expect(later.contains("\r\n\(name):"), "\(name)")
        }
    }
}
