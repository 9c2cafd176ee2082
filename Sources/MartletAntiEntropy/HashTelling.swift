// How much of a hash is told below the roots: some of its bytes, others each time. A difference
// that the bytes told do not show is found by a later exchange; nothing is concluded from what
// looks the same.
internal import MartletBase
internal import MartletStorage
internal import MartletWire

extension HashWindow {
    /// Bytes told of a hash on the way down: they miss one difference in 65,536.
    static let descentBytes = 2
    /// Bytes told where objects are named by hashes: of all sets of four in a leaf of 64 objects,
    /// one in 6,000 leaves has another that looks the same; what is pushed in vain does no harm.
    static let namingBytes = 4

    /// `byteCount` bytes of hashes, drawn anew.
    static func drawn(_ byteCount: Int, using random: inout SeededRandom) -> HashWindow {
        HashWindow(start: random.below(8), byteCount: byteCount)
    }
}

extension TreeNodes.Part {
    /// What is told of `nodes` of `tree`, which has them.
    init(of tree: MerkleTree, _ partition: UInt16, _ nodes: NodeSet, _ window: HashWindow) {
        self.init(
            partition: partition, nodes: nodes,
            hashes: nodes.indexes.map { window(tree.node(depth: Int(nodes.depth), Int($0))) })
    }
}

extension MerkleTree {
    /// The nodes of `part`, which the tree has, that are not as they were told, and what was told.
    func differing(
        from part: TreeNodes.Part, _ window: HashWindow
    ) -> [(index: UInt16, hash: UInt64)] {
        let depth = Int(part.nodes.depth)
        return zip(part.nodes.indexes, part.hashes).filter { index, hash in
            window(node(depth: depth, Int(index))) != hash
        }.map { (index: $0, hash: $1) }
    }
}
