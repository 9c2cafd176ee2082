// The way down by itself: a root that differs, followed to its leaves and looked at twice.
import MartletBase
import MartletRing
import MartletStorage
import MartletVersions
import MartletWire
import Testing

@testable import MartletAntiEntropy

@Suite("Descents, one node's part")
struct DescentsTests {
    private func reply(
        _ leaves: [UInt16], of partition: UInt16 = 0, count: UInt64
    ) -> TreeNodesReply {
        TreeNodesReply(parts: [
            TreeNodesReply.Part(
                partition: partition, treeDepth: 4, objectCount: count,
                differing: NodeSet(depth: 4, leaves))
        ])
    }

    @Test(
        "Leaves that differ are looked at again a second later; who holds fewer objects tells",
        arguments: [0, 3])
    func twice(theirs: Int) throws {
        var stand = try PartStand()
        try stand.hold(.one("v", by: 9), "key")
        let leaf = stand.leaf(of: "key")
        let tree = try #require(stand.engine.tree(of: 0))
        var descents = Descents()
        descents.begin(
            [0], with: PartStand.second, stand.here, at: stand.now, using: &stand.random,
            into: &stand.effects)
        let (first, node) = try stand.takeMessage()
        guard case .nodes(let nodes) = first else { throw PartStand.Unexpected(effects: []) }
        #expect(node == PartStand.second && nodes.stage == .descent && nodes.parts.count == 1)
        #expect(nodes.parts[0].nodes.indexes.count == 16 && nodes.window.byteCount == 2)
        #expect(nodes.parts[0].hashes == tree.nodes(depth: 4).map { nodes.window($0) })

        descents.replyReceived(
            reply([leaf], count: UInt64(theirs)), from: PartStand.second, stand.here,
            at: stand.now, using: &stand.random, into: &stand.effects)
        #expect(stand.take() == [], "it may arrive meanwhile")
        let pause = descents.next.since(stand.now.instant)
        #expect(pause >= .seconds(1) && pause <= .milliseconds(1_500))
        stand.pass(pause)
        descents.tick(stand.here, at: stand.now, using: &stand.random, into: &stand.effects)
        descents.checkInvariants()
        let leaves = NodeSet(depth: 4, [leaf])
        switch try stand.takeMessage().message {
        case .question(let question):
            #expect(theirs == 0)
            #expect(question.parts == [LeafQuestion.Part(partition: 0, leaves: leaves)])
        case .nodes(let nodes):
            #expect(theirs == 3 && nodes.stage == .confirmation && nodes.window.byteCount == 4)
            let hash = nodes.window(tree.node(depth: 4, Int(leaf)))
            #expect(
                nodes.parts == [TreeNodes.Part(partition: 0, nodes: leaves, hashes: [hash])])
        case let other: Issue.record("\(other)")
        }
    }

    @Test("One home is followed in a partition; what heals or is not answered is let go")
    func oneAtATime() throws {
        var stand = try PartStand()
        var descents = Descents()
        descents.begin(
            [0, 1], with: PartStand.second, stand.here, at: stand.now, using: &stand.random,
            into: &stand.effects)
        #expect(try stand.takeMessage().to == PartStand.second)
        descents.begin(
            [0], with: PartStand.third, stand.here, at: stand.now, using: &stand.random,
            into: &stand.effects)
        #expect(stand.take() == [])
        #expect(descents.counters.marks.contains(.descentPassedOver))
        #expect(descents.nodes(following: 0) == [PartStand.second.node])

        descents.replyReceived(
            reply([], of: 1, count: 0), from: PartStand.second, stand.here, at: stand.now,
            using: &stand.random, into: &stand.effects)
        #expect(descents.count == 1 && descents.counters.marks.contains(.differenceGone))
        stand.pass(.seconds(5))
        #expect(descents.next == stand.now.instant)
        descents.tick(stand.here, at: stand.now, using: &stand.random, into: &stand.effects)
        #expect(stand.take() == [] && descents.count == 0 && descents.next == .never)
        #expect(descents.counters.marks.contains(.descentOverdue))
    }

    @Test("256 differences are followed at a time; the others wait for a later round")
    func limit() throws {
        var stand = try PartStand(partitions: 512)
        var descents = Descents()
        descents.begin(
            Array(0..<300), with: PartStand.second, stand.here, at: stand.now,
            using: &stand.random, into: &stand.effects)
        guard case .nodes(let nodes) = try stand.takeMessage().message else {
            throw PartStand.Unexpected(effects: [])
        }
        #expect(nodes.parts.map(\.partition) == Array(0..<256))
        #expect(descents.count == Descents.descentLimit)
        descents.checkInvariants()
    }
}
