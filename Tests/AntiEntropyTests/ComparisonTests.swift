// Comparisons by themselves: what a node tells of its roots, what it makes of answers, and when a
// watermark moves.
import MartletBase
import MartletRing
import MartletStorage
import MartletVersions
import MartletWire
import Testing

@testable import MartletAntiEntropy

@Suite("Comparison of roots, one node's part")
struct ComparisonTests {
    /// A node whose turn it is, and that knows what all have promised.
    private struct Stage {
        var stand: PartStand
        var comparison = Comparison(after: 100)
        var promises: Promises
        /// Partitions whose watermark has moved.
        var moved: [UInt16] = []
        static let promised = HybridTimestamp(Cluster.wallStart)

        init() throws {
            stand = try PartStand()
            promises = Promises(from: stand.engine)
            for peer in [Peer(PartStand.local), PartStand.second, PartStand.third] {
                promises.received(
                    Promise(floor: Self.promised, hinted: [2, 3], epoch: .max), from: peer,
                    into: &stand.effects)
            }
            comparison.start(stand.here, at: stand.now, using: &stand.random)
            stand.pass(comparison.next.since(stand.now.instant))
            _ = stand.take()
        }

        /// The roots that go when it is time, by peer.
        mutating func tick() -> [(to: Peer, roots: TreeRoots)] {
            comparison.tick(
                stand.here, stand.times, promises, at: stand.now, using: &stand.random,
                into: &stand.effects)
            comparison.checkInvariants(stand.here)
            return stand.take().compactMap {
                if case .send(.roots(let roots), let peer) = $0 { (peer, roots) } else { nil }
            }
        }

        mutating func reply(_ reply: TreeRootsReply, from peer: Peer) -> [UInt16]? {
            let differing = comparison.replyReceived(
                reply, from: peer, stand.here, &stand.times, at: stand.now, into: &stand.effects)
            moved += comparison.conclude(stand.here, &stand.times, into: &stand.effects)
            comparison.checkInvariants(stand.here)
            return differing
        }

        mutating func logAdvanced() -> [UInt16] {
            comparison.logAdvanced(stand.here, &stand.times, into: &stand.effects)
        }
    }

    @Test("Shards of a node are sent the roots of their own partitions, and prove them apart")
    func dividedNode() throws {
        var stage = try Stage()
        let second = PartStand.second.node
        let halves = (0..<2).map { Peer(second, Shard(index: $0, of: 2)) }
        stage.stand.here.reachabilityChanged(second, of: 2, isReachable: true)
        for peer in halves {
            stage.promises.received(
                Promise(floor: Stage.promised, hinted: [], epoch: .max), from: peer,
                into: &stage.stand.effects)
        }
        _ = stage.stand.take()
        let sent = stage.tick()
        #expect(sent.map(\.to) == halves + [PartStand.third])
        for (to, roots) in sent.prefix(2) {
            let partitions = roots.entries.map(\.partition)
            #expect(!partitions.isEmpty)
            #expect(partitions.allSatisfy { Int($0) / 2 == to.shard.index })
        }
        // The partition of which this node is the first home is the first half's.
        for (to, roots) in sent where to != halves[0] {
            #expect(stage.reply(same(in: roots.round), from: to) == [])
        }
        #expect(stage.stand.take() == [])
        #expect(stage.reply(same(in: sent[0].roots.round), from: halves[1]) == nil)
        #expect(stage.reply(same(in: sent[0].roots.round), from: halves[0]) == [])
        #expect(stage.moved == [0])
        let told = stage.stand.take().compactMap {
            if case .send(.settled, let peer) = $0 { peer } else { nil }
        }
        #expect(told == [halves[0], PartStand.third])
    }

    private func same(in round: UInt64) -> TreeRootsReply {
        TreeRootsReply(round: round, differing: [], unknown: [])
    }

    @Test("A watermark moves when all homes have the same root, and the root is synced here")
    func proof() throws {
        var stage = try Stage()
        try stage.stand.hold(.one("v", by: 9), "key")
        let sent = stage.tick()
        #expect(sent.map(\.to) == [PartStand.second, PartStand.third])
        #expect(sent.map { $0.roots.entries.map(\.partition) } == [[0, 2, 3], [0, 3]])
        #expect(sent.map(\.roots.round) == [101, 102])
        #expect(sent[0].roots.entries[0].root == stage.stand.root(of: 0))
        #expect(stage.reply(same(in: 101), from: PartStand.second) == [])
        #expect(stage.reply(same(in: 102), from: PartStand.third) == [])
        #expect(stage.moved == [] && stage.stand.take() == [], "the root is in nobody's log yet")
        stage.stand.sync()
        #expect(stage.logAdvanced() == [0])
        let settled = Settled(
            epoch: 4, entries: [Settled.Entry(partition: 0, watermark: Stage.promised)])
        #expect(
            stage.stand.take() == [
                .settle(Partition(index: 0), upTo: Stage.promised),
                .send(.settled(settled), to: PartStand.second),
                .send(.settled(settled), to: PartStand.third),
            ])
        #expect(stage.stand.times.watermark(0) == Stage.promised)
        #expect(stage.stand.times.watermark(3).bits == 0, "hints are kept there")
    }

    @Test("What differs is returned to be followed, and an answer counts once, from who was asked")
    func differing() throws {
        var stage = try Stage()
        let rounds = stage.tick().map(\.roots.round)
        let reply = TreeRootsReply(round: rounds[0], differing: [0], unknown: [2])
        #expect(stage.reply(reply, from: PartStand.third) == nil, "it was not asked")
        #expect(stage.reply(reply, from: PartStand.second) == [0])
        #expect(stage.reply(reply, from: PartStand.second) == nil, "it has answered")
        #expect(stage.reply(same(in: rounds[1]), from: PartStand.third) == [])
        #expect(stage.comparison.unansweredCount == 0 && !stage.comparison.awaitsSync)
        #expect(stage.comparison.counters.comparisons == 4)
        #expect(stage.comparison.counters.differences == 1)
        // Data is lost between the root and the answer: that is about what is no longer there.
        stage.stand.pass(.seconds(100))
        let round = stage.tick()[0].roots.round
        stage.comparison.forget([0])
        let late = TreeRootsReply(round: round, differing: [0, 2], unknown: [])
        #expect(stage.reply(late, from: PartStand.second) == [2])
        #expect(stage.moved == [])
    }

    @Test("A reply waits until what it says is synced; when 4,096 wait, no more are given")
    func heldReplies() throws {
        var stage = try Stage()
        let entry = TreeRoots.Entry(
            partition: 1, root: 5, watermark: HybridTimestamp(bits: 0))
        try stage.stand.hold(.one("v", by: 9), "key")
        for round in 0..<UInt64(Comparison.replyLimit + 1) {
            let moved = stage.comparison.rootsReceived(
                TreeRoots(round: round, epoch: 4, entries: [entry]), from: PartStand.third,
                stage.stand.here, &stage.stand.times, at: stage.stand.now,
                into: &stage.stand.effects)
            #expect(moved == [])
        }
        stage.comparison.checkInvariants(stage.stand.here)
        #expect(stage.logAdvanced() == [])
        #expect(stage.stand.take() == [])
        stage.stand.sync()
        #expect(stage.logAdvanced() == [])
        let told = stage.stand.take()
        #expect(told.count == Comparison.replyLimit)
        #expect(
            told.first
                == .send(
                    .rootsReply(TreeRootsReply(round: 0, differing: [1], unknown: [])),
                    to: PartStand.third))
    }
}
