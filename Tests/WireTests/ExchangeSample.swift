// Random messages of anti-entropy, each a function of its seed.
import MartletBase
import MartletVersions
import MartletWire

extension Sample {
    mutating func exchange() -> ExchangeMessage { exchange(kind: random.below(9)) }

    mutating func exchange(kind: Int) -> ExchangeMessage {
        switch kind {
        case 0: .promise(Promise(floor: timestamp(), hinted: partitions()))
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
        case 3:
            .nodes(
                TreeNodes(
                    partition: index(), depth: depth(), isConfirmed: flag(), nodes: nodes()))
        case 4:
            .nodesReply(
                TreeNodesReply(
                    partition: index(), depth: depth(), treeDepth: depth(), isConfirmed: flag(),
                    differing: nodes()))
        case 5:
            .leaf(
                LeafDigests(partition: index(), depth: depth(), leaf: index(), digests: words()))
        case 6:
            .wants(LeafDigests(partition: index(), depth: depth(), leaf: index(), digests: words()))
        case 7:
            .settled(
                Settled(
                    epoch: random.next(),
                    entries: partitions().map {
                        Settled.Entry(partition: $0, watermark: timestamp())
                    }))
        default:
            .removed(RemovedVersions(key: bytes(40), known: context(), watermark: timestamp()))
        }
    }

    private mutating func index() -> UInt16 { UInt16(truncatingIfNeeded: random.next()) }
    private mutating func depth() -> UInt8 { UInt8(random.below(17)) }
    private mutating func words() -> [UInt64] { (0..<random.below(9)).map { _ in random.next() } }

    private mutating func partitions() -> [UInt16] {
        Set((0..<random.below(9)).map { _ in index() }).sorted()
    }

    private mutating func nodes() -> [TreeNode] {
        words().map { TreeNode(index: UInt16(truncatingIfNeeded: $0 >> 9), hash: $0) }
    }
}
