// Leaves by themselves: what another home tells of one, and what it is sent.
import MartletBase
import MartletRing
import MartletStorage
import MartletVersions
import MartletWire
import Testing

@testable import MartletAntiEntropy

@Suite("Leaves, one node's part")
struct LeafReadingTests {
    private let window = HashWindow(start: 0, byteCount: 4)
    private let partition = Partition(index: 0)

    /// A node that holds `key`, and what it tells of its leaf.
    private func held() throws -> (stand: PartStand, leaf: UInt16, digest: UInt64) {
        let stand = try PartStand()
        let digest = try stand.hold(.one("v", by: 9), "key")
        return (stand, stand.leaf(of: "key"), digest)
    }

    /// The second home says that its leaf has that hash.
    private func tell(
        _ hash: UInt64, of leaf: UInt16, _ stage: TreeNodes.Stage, _ leaves: inout LeafReading,
        _ stand: inout PartStand
    ) {
        let part = TreeNodes.Part(
            partition: 0, nodes: NodeSet(depth: 4, [leaf]), hashes: [window(hash)])
        leaves.nodesReceived(
            TreeNodes(stage: stage, window: window, parts: [part]), from: PartStand.second,
            stand.here, using: &stand.random, into: &stand.effects)
        leaves.checkInvariants()
    }

    @Test("An object that the other home lacks is named by the two hashes alone")
    func named() throws {
        var (stand, leaf, _) = try held()
        var leaves = LeafReading()
        tell(0, of: leaf, .confirmation, &leaves, &stand)
        #expect(stand.take() == [.push(Bytes(text: "key"), partition, to: PartStand.second.node)])
        #expect(leaves.counters.leavesRead == 1 && leaves.count == 0)
    }

    @Test("What no hash names is tried by the other, then told by digests, sent and asked for")
    func unnamed() throws {
        var (stand, leaf, digest) = try held()
        var leaves = LeafReading()
        tell(digest ^ 77, of: leaf, .confirmation, &leaves, &stand)
        guard case .nodes(let answer) = try stand.takeMessage().message else {
            throw PartStand.Unexpected(effects: [])
        }
        #expect(answer.stage == .answer)
        #expect(answer.parts[0].hashes == [answer.window(digest)])

        tell(digest ^ 77, of: leaf, .answer, &leaves, &stand)
        guard case .leaf(let told) = try stand.takeMessage().message else {
            throw PartStand.Unexpected(effects: [])
        }
        #expect(told.digests == [told.window(digest)])

        let theirs = LeafDigests(
            partition: 0, depth: 4, leaf: leaf, window: window, digests: [77])
        leaves.leafReceived(
            theirs, from: PartStand.second, stand.here, using: &stand.random,
            into: &stand.effects)
        #expect(
            stand.take() == [
                .push(Bytes(text: "key"), partition, to: PartStand.second.node),
                .send(.wants(theirs), to: PartStand.second),
            ])

        var wants = theirs
        wants.digests = [window(digest)]
        leaves.wantsReceived(
            wants, from: PartStand.third, stand.here, using: &stand.random, into: &stand.effects)
        #expect(stand.take() == [.push(Bytes(text: "key"), partition, to: PartStand.third.node)])
    }

    @Test("2,048 leaves may wait, and are read a few at a time")
    func limit() throws {
        var (stand, leaf, _) = try held()
        var leaves = LeafReading()
        leaves.start(at: stand.now)
        let part = TreeNodes.Part(
            partition: 0, nodes: NodeSet(depth: 4, [leaf]), hashes: [0])
        let parts = Array(repeating: part, count: LeafReading.workLimit + 5)
        leaves.nodesReceived(
            TreeNodes(stage: .confirmation, window: window, parts: parts), from: PartStand.second,
            stand.here, using: &stand.random, into: &stand.effects)
        leaves.checkInvariants()
        #expect(leaves.counters.overflows == 5)
        #expect(leaves.counters.marks.contains(.leavesOverflowed))
        while leaves.nextWakeup != .never {
            let before = leaves.count
            stand.pass(leaves.nextWakeup.since(stand.now.instant))
            leaves.tick(stand.here, at: stand.now, using: &stand.random, into: &stand.effects)
            #expect(leaves.count == before - 8)
        }
        #expect(stand.take().count == LeafReading.workLimit)
    }
}
