// Random messages of anti-entropy, each a function of its seed.
import MartletBase
import MartletVersions
import MartletWire

extension Sample {
    /// How many kinds of messages of anti-entropy there are.
    static let exchangeKindCount = 9

    mutating func exchange() -> ExchangeMessage {
        exchange(kind: random.below(Self.exchangeKindCount))
    }

    mutating func exchange(kind: Int) -> ExchangeMessage {
        switch kind {
        case 0: .promise(Promise(floor: timestamp(), hinted: partitions(), epoch: 300))
        case 1:
            .roots(
                TreeRoots(
                    round: random.next(), epoch: random.next(),
                    entries: partitions().map {
                        TreeRoots.Entry(
                            partition: $0, root: random.next(), watermark: timestamp())
                    }))
        case 2:
            .rootsReply(
                TreeRootsReply(
                    round: random.next(), differing: partitions(), unknown: partitions()))
        case 3: .nodes(nodes())
        case 4:
            .nodesReply(
                TreeNodesReply(
                    parts: partitions().map {
                        TreeNodesReply.Part(
                            partition: $0, treeDepth: depth(), objectCount: random.next(),
                            differing: nodeSet())
                    }))
        case 5: .leaf(digests())
        case 6: .wants(digests())
        case 7:
            .settled(
                Settled(
                    epoch: random.next(),
                    entries: partitions().map {
                        Settled.Entry(partition: $0, watermark: timestamp())
                    }))
        default:
            .question(
                LeafQuestion(
                    parts: partitions().map {
                        LeafQuestion.Part(partition: $0, leaves: nodeSet())
                    }))
        }
    }

    private mutating func index() -> UInt16 { UInt16(truncatingIfNeeded: random.next()) }
    private mutating func depth() -> UInt8 { UInt8(random.below(17)) }
    private mutating func partitions() -> [UInt16] {
        Set((0..<random.below(9)).map { _ in index() }).sorted()
    }

    private mutating func window() -> HashWindow {
        HashWindow(start: random.below(8), byteCount: 1 + random.below(8))
    }

    private mutating func nodeSet() -> NodeSet {
        NodeSet(depth: depth(), (0..<random.below(20)).map { _ in index() >> random.below(16) })
    }

    private mutating func nodes() -> TreeNodes {
        let window = window()
        let parts = partitions().map { partition in
            let nodes = nodeSet()
            return TreeNodes.Part(
                partition: partition, nodes: nodes,
                hashes: nodes.indexes.map { _ in window(random.next()) })
        }
        let stages = TreeNodes.Stage.allCases
        return TreeNodes(
            stage: stages[random.below(stages.count)], window: window, parts: parts)
    }

    private mutating func digests() -> LeafDigests {
        let window = window()
        return LeafDigests(
            partition: index(), depth: depth(), leaf: index(), window: window,
            digests: (0..<random.below(9)).map { _ in window(random.next()) })
    }
}
