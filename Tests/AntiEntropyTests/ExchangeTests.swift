// Differences between replicas: found, seen twice, mended both ways, at little cost.
import MartletBase
import MartletStorage
import MartletVersions
import MartletWire
import Testing

@testable import MartletAntiEntropy
@testable import MartletNode

@Suite("Exchanges between replicas")
struct ExchangeTests {
    /// A cluster whose homes of partition 0 hold `count` keys, all the same.
    private func filled(_ count: Int) throws -> (cluster: Cluster, keys: [String]) {
        var cluster = try Cluster()
        let keys = cluster.keys(count, of: 0)
        for (number, key) in keys.enumerated() {
            for home in cluster.homes(of: 0) {
                cluster.give(.one("v\(number)", by: 9), key, to: home)
            }
        }
        cluster.pass(.milliseconds(100))
        return (cluster, keys)
    }

    @Test("Equal replicas compare one root for each pair of homes and period, and nothing more")
    func equal() throws {
        var (cluster, _) = try filled(100)
        cluster.pass(.seconds(120))
        let mark = cluster.sent.count
        cluster.pass(.seconds(600))
        var roots: [UInt16: Int] = [:]
        for message in cluster.sent(since: mark, \.exchange) {
            switch message {
            case .roots(let message):
                for entry in message.entries { roots[entry.partition, default: 0] += 1 }
            case .rootsReply(let reply): #expect(reply.differing.isEmpty && reply.unknown.isEmpty)
            case .promise, .settled: continue
            default: Issue.record("\(message)")
            }
        }
        // Three pairs of homes; ten periods, give or take the jitter.
        for partition in 0..<4 as Range<UInt16> {
            #expect((24...36).contains(roots[partition] ?? 0), "\(roots)")
        }
        #expect(cluster.sent(since: mark, \.pushed).isEmpty)
        #expect(cluster.nodes.indices.allSatisfy { cluster.counters(at: $0).leavesRead == 0 })
    }

    @Test(
        "What a replica lost, has beyond others or holds otherwise is mended, both ways",
        arguments: 0..<12 as Range<UInt64>)
    func mended(seed: UInt64) throws {
        var random = SeededRandom(seed: seed)
        var (cluster, keys) = try filled(50 + random.below(400))
        let homes = cluster.homes(of: 0)
        for _ in 0...random.below(30) {
            try cluster.lose(keys[random.below(keys.count)], at: homes[random.below(3)])
        }
        for number in 0..<random.below(10) {
            let key = cluster.keys(1, of: 0, "only-\(number)")[0]
            keys.append(key)
            cluster.give(.one("only", by: 8), key, to: homes[random.below(3)])
        }
        for _ in 0..<random.below(10) {
            let key = keys[random.below(keys.count)]
            let at = homes[random.below(3)]
            let known = cluster.stored(key, at: at)?.context ?? Context()
            let seen = random.chance(0.5) ? known : Context()
            cluster.give(
                .one("newer", by: 7, 1 + random.next() >> 40, seen: seen, at: 5), key, to: at)
        }
        var expected: [String: Object] = [:]
        for key in keys {
            for home in homes {
                if let object = cluster.stored(key, at: home) {
                    expected[key, default: Object()].merge(object)
                }
            }
        }
        cluster.pass(.seconds(200))
        #expect(cluster.isEven)
        for key in keys {
            for home in homes { #expect(cluster.stored(key, at: home) == expected[key]) }
        }
    }

    @Test("A difference that heals before it is looked at again moves nothing")
    func seenTwice() throws {
        var (cluster, keys) = try filled(200)
        let first = cluster.homes(of: 0)[0]
        try cluster.lose(keys[7], at: first)
        // Until the difference is found on the way down, and no longer.
        let mark = cluster.sent.count
        while !cluster.sent(since: mark, \.exchange).contains(where: {
            if case .nodesReply = $0 { true } else { false }
        }) { cluster.pass(.milliseconds(10)) }
        cluster.give(.one("v7", by: 9), keys[7], to: first)
        cluster.pass(.seconds(10))
        #expect(cluster.isEven)
        #expect(cluster.nodes.indices.allSatisfy { cluster.counters(at: $0).leavesRead == 0 })
        #expect(cluster.sent(since: mark, \.pushed).isEmpty)
    }

    @Test("A few objects that one home lacks cost one leaf each, and are named by the hashes alone")
    func leavesInvolved() throws {
        var (cluster, keys) = try filled(500)
        let victim = cluster.homes(of: 0)[1]
        for key in keys.prefix(3) { try cluster.lose(key, at: victim) }
        let mark = cluster.sent.count
        cluster.pass(.seconds(150))
        #expect(cluster.isEven)
        let pushed = cluster.sent(since: mark) { message in
            message.pushed.map { (to: message.to, count: $0.count) }
        }
        #expect(pushed.allSatisfy { $0.to == victim })
        #expect((3...6).contains(pushed.reduce(0) { $0 + $1.count }), "\(pushed)")
        let read = cluster.nodes.indices.map { cluster.counters(at: $0).leavesRead }
        // Two homes may find the same difference.
        #expect(read[victim] == 0 && read.reduce(0, +) <= 6, "\(read)")
        let named = cluster.sent(since: mark, \.exchange).contains {
            if case .leaf = $0 { true } else { false }
        }
        #expect(!named, "no digests were needed")
    }

    @Test("An operator's comparison does not wait for its turn, and tells when it is through")
    func repair() throws {
        var (cluster, keys) = try filled(100)
        cluster.pass(.seconds(300))
        let first = cluster.homes(of: 0)[0]
        try cluster.lose(keys[0], at: first)
        let now = cluster.moment(first)
        #expect(cluster.nodes[first].core.shard.antiEntropy.repair([0, 3_000], at: now) == 1)
        #expect(cluster.nodes[first].core.shard.antiEntropy.activity.waiting == 1)
        cluster.pass(.seconds(4))
        #expect(cluster.isEven)
        #expect(cluster.stored(keys[0], at: first) != nil)
        #expect(cluster.nodes[first].core.shard.antiEntropy.activity.waiting == 0)
    }

    @Test("A reply to a comparison of a node's former life is none to one of this life")
    func formerLife() throws {
        var (cluster, _) = try filled(1)
        let home = cluster.homes(of: 0)[0]
        cluster.pass(.seconds(4))
        let former = cluster.nodes[home].core.shard.antiEntropy.comparison.round
        cluster.crash(home)
        try cluster.start(home)
        let round = cluster.nodes[home].core.shard.antiEntropy.comparison.round
        #expect(max(round, former) - min(round, former) > 1_000_000, "\(former), \(round)")
    }

    @Test("Hostile messages change nothing and trap nowhere", arguments: 0..<30 as Range<UInt64>)
    func hostile(seed: UInt64) throws {
        var random = SeededRandom(seed: seed)
        var (cluster, keys) = try filled(40)
        let homes = cluster.homes(of: 0)
        try cluster.lose(keys[1], at: homes[1])
        for _ in 0..<100 {
            let from = random.below(cluster.nodes.count)
            let to = random.below(cluster.nodes.count)
            let round = cluster.nodes[to].core.shard.antiEntropy.comparison.round
            cluster.exchange(Self.hostile(&random, about: round), from: from, to: to)
            if random.chance(0.2) { cluster.pass(.milliseconds(random.below(2_000))) }
        }
        cluster.pass(.seconds(150))
        #expect(cluster.isEven)
        for key in keys { #expect(cluster.stored(key, at: homes[1]) != nil) }
    }

    /// Anything that the wire format lets through, and some that it would not; replies are about
    /// the last comparisons.
    private static func hostile(
        _ random: inout SeededRandom, about round: UInt64
    ) -> ExchangeMessage {
        let partition = random.chance(0.7) ? 0 : UInt16(random.below(1 << 16))
        let depth = UInt8(random.below(17))
        let index = random.chance(0.5) ? UInt16(random.below(20)) : UInt16(random.below(1 << 16))
        let words = (0..<random.below(40)).map { _ in random.next() }
        let window = HashWindow(start: random.below(8), byteCount: 1 + random.below(8))
        let nodes = NodeSet(
            depth: depth, words.map { UInt16(truncatingIfNeeded: $0 >> 50) } + [index])
        let digests = LeafDigests(
            partition: partition, depth: depth, leaf: index, window: window, digests: words)
        switch random.below(9) {
        case 0:
            let entries = words.map {
                TreeRoots.Entry(
                    partition: UInt16(truncatingIfNeeded: $0), root: $0,
                    watermark: HybridTimestamp(bits: 0))
            }
            return .roots(TreeRoots(round: 1, epoch: 1, entries: entries + entries))
        case 1:
            return .rootsReply(
                TreeRootsReply(
                    round: round &- UInt64(random.below(9)), differing: [9, 0, 0, partition],
                    unknown: [partition, 1]))
        case 2:
            let part = TreeNodes.Part(
                partition: partition, nodes: nodes, hashes: nodes.indexes.map { UInt64($0) })
            let stages = TreeNodes.Stage.allCases
            return .nodes(
                TreeNodes(
                    stage: stages[random.below(stages.count)], window: window,
                    parts: [part, part]))
        case 3:
            let part = TreeNodesReply.Part(
                partition: partition, treeDepth: UInt8(random.below(17)),
                objectCount: words.first ?? 0, differing: nodes)
            return .nodesReply(TreeNodesReply(parts: [part, part]))
        case 7:
            let part = LeafQuestion.Part(partition: partition, leaves: nodes)
            return .question(LeafQuestion(parts: [part, part]))
        case 6:
            return .promise(
                Promise(
                    floor: HybridTimestamp(bits: words.first ?? 0), hinted: [9, 3, partition],
                    epoch: .max))
        case 5:
            let entry = Settled.Entry(partition: partition, watermark: HybridTimestamp(bits: 0))
            return .settled(Settled(epoch: 1, entries: [entry, entry]))
        case 4: return .leaf(digests)
        default: return .wants(digests)
        }
    }
}
