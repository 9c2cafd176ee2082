// The way down a tree: from a root that differs to the leaves that do, and there once more, since
// what is merely under way arrives meanwhile.
//
//     roots differ ─► nodes ─► reply ─► … ─► leaves ─► a second later ─► their hashes again
//                                                       the node with fewer objects tells its own,
//                                                       the one with more names what differs
//
// No more of a hash is told than shows a difference. A difference that the bytes told do not show
// is found by a later exchange, which shows others; nothing is concluded from what looks the same.
internal import MartletBase
internal import MartletStorage
internal import MartletVersions
internal import MartletWire

/// One difference being followed with one other home.
struct Descent {
    var partition: UInt16
    var node: NodeID
    /// The leaves that differ, once they are known.
    var leaves = NodeSet(depth: 0, [])
    /// When the leaves are looked at again, or, before and after that, when it is given up.
    var next: Instant
    var isConfirming = false
    /// Whether this node holds more objects: then the other tells its hashes.
    var isRicher = false
}

extension AntiEntropy {
    /// Differences followed at a time; more wait for a later round.
    static let descentLimit = 256
    /// How many levels one message goes down.
    private static let step: UInt8 = 4
    /// How long an answer is waited for.
    private static let patience = Duration.seconds(5)
    /// Leaves of a tree looked at again in one message; more are found by the next round.
    private static let leafLimit = 256
    /// Bytes told of a hash on the way down: they miss one difference in 65,536.
    private static let descentBytes = 2
    /// Bytes told where objects are named by hashes: of all sets of four in a leaf of 64 objects,
    /// one in 6,000 leaves has another that looks the same; what is pushed in vain does no harm.
    static let namingBytes = 4

    /// `byteCount` bytes of hashes, others each time.
    mutating func window(_ byteCount: Int) -> HashWindow {
        HashWindow(start: random.below(8), byteCount: byteCount)
    }

    /// Follows what differs from `node` in `partitions`, which ascend: but for those in which
    /// another home is followed, since what that one brings the others need not. What is left then
    /// is found by a later round.
    mutating func beginDescents(
        _ partitions: [UInt16], with node: NodeID, at now: Moment,
        into effects: inout [AntiEntropyEffect]
    ) {
        let window = window(Self.descentBytes)
        var parts: [TreeNodes.Part] = []
        for partition in partitions {
            guard descents.count < Self.descentLimit,
                !descents.contains(where: { $0.partition == partition }),
                let tree = engine.tree(of: partition)
            else {
                counters.marks.occurred(.descentPassedOver)
                continue
            }
            descents.append(
                Descent(partition: partition, node: node, next: now.instant + Self.patience))
            let depth = min(Self.step, UInt8(tree.depth))
            let nodes = NodeSet(depth: depth, 0..<UInt16(1) << UInt16(depth))
            parts.append(Self.part(of: tree, partition, nodes, window))
        }
        tell(parts, .descent, window, to: node, into: &effects)
    }

    private func position(_ partition: UInt16, _ node: NodeID) -> Int? {
        descents.firstIndex { $0.partition == partition && $0.node == node }
    }

    /// What is told of `nodes` of `tree`, which has them.
    private static func part(
        of tree: MerkleTree, _ partition: UInt16, _ nodes: NodeSet, _ window: HashWindow
    ) -> TreeNodes.Part {
        TreeNodes.Part(
            partition: partition, nodes: nodes,
            hashes: nodes.indexes.map { window(tree.node(depth: Int(nodes.depth), Int($0))) })
    }

    mutating func tell(
        _ parts: [TreeNodes.Part], _ stage: TreeNodes.Stage, _ window: HashWindow,
        to node: NodeID, into effects: inout [AntiEntropyEffect]
    ) {
        if parts.isEmpty { return }
        send(
            .nodes(TreeNodes(stage: stage, window: window, parts: parts)), to: node,
            into: &effects)
    }

    /// The tree of a partition of which `sender` is a home too, if it has nodes of `depth`.
    private func tree(of partition: UInt16, depth: UInt8, with sender: NodeID) -> MerkleTree? {
        guard otherHomes(of: partition)?.contains(sender) == true,
            let tree = engine.tree(of: partition), Int(depth) <= tree.depth
        else { return nil }
        return tree
    }

    // MARK: At the other home

    mutating func compare(
        _ theirs: TreeNodes, of sender: NodeID, at now: Moment,
        into effects: inout [AntiEntropyEffect]
    ) {
        var reply = TreeNodesReply(parts: [])
        for part in theirs.parts {
            let depth = part.nodes.depth
            guard let tree = tree(of: part.partition, depth: depth, with: sender) else { continue }
            let differing = zip(part.nodes.indexes, part.hashes).filter { index, hash in
                theirs.window(tree.node(depth: Int(depth), Int(index))) != hash
            }
            if theirs.stage == .descent {
                reply.parts.append(
                    TreeNodesReply.Part(
                        partition: part.partition, treeDepth: UInt8(tree.depth),
                        objectCount: UInt64(max(0, tree.count)),
                        differing: NodeSet(depth: depth, differing.map(\.0))))
                continue
            }
            for (leaf, hash) in differing {
                queue(
                    LeafWork(
                        partition: part.partition, depth: depth, leaf: leaf, node: sender,
                        aim: .name(theirs: hash, theirs.window, isLast: theirs.stage == .answer)))
            }
        }
        if !reply.parts.isEmpty { send(.nodesReply(reply), to: sender, into: &effects) }
        if theirs.stage != .descent { readLeaves(at: now, into: &effects) }
    }

    /// Another home holds more objects: it is to find out what differs.
    mutating func answer(
        _ question: LeafQuestion, of sender: NodeID, into effects: inout [AntiEntropyEffect]
    ) {
        let window = window(Self.namingBytes)
        let parts = question.parts.compactMap { part in
            tree(of: part.partition, depth: part.leaves.depth, with: sender)
                .map { Self.part(of: $0, part.partition, part.leaves, window) }
        }
        tell(parts, .confirmation, window, to: sender, into: &effects)
    }

    // MARK: The reply

    mutating func descend(
        _ reply: TreeNodesReply, of sender: NodeID, at now: Moment,
        into effects: inout [AntiEntropyEffect]
    ) {
        let window = window(Self.descentBytes)
        // One for all of them, so that they go together again.
        let confirmation = options.confirmation
        let pause = random.duration(in: confirmation...confirmation * 3 / 2)
        var parts: [TreeNodes.Part] = []
        for part in reply.parts {
            let depth = part.differing.depth
            guard let position = position(part.partition, sender),
                let tree = engine.tree(of: part.partition), Int(depth) <= tree.depth,
                depth <= part.treeDepth
            else { continue }
            if part.differing.indexes.isEmpty {
                counters.marks.occurred(.differenceGone)
                descents.remove(at: position)
                continue
            }
            let deepest = min(UInt8(tree.depth), part.treeDepth)
            counters.marks.occurred(.depthsDiffered, if: tree.depth != Int(part.treeDepth))
            if depth == deepest {
                confirm(part, at: position, tree, after: pause, at: now)
                continue
            }
            let next = min(depth + Self.step, deepest)
            counters.marks.occurred(.descentDeeper)
            let fan = UInt16(1) << UInt16(next - depth)
            let children = part.differing.indexes.flatMap { node in
                (0..<fan).map { node * fan + $0 }
            }
            descents[position].next = now.instant + Self.patience
            parts.append(
                Self.part(
                    of: tree, part.partition, NodeSet(depth: next, children), window))
        }
        tell(parts, .descent, window, to: sender, into: &effects)
    }

    /// The leaves are known. They are looked at again after a while.
    private mutating func confirm(
        _ part: TreeNodesReply.Part, at position: Int, _ tree: MerkleTree,
        after pause: Duration, at now: Moment
    ) {
        let leaves = part.differing.indexes.prefix(Self.leafLimit)
        counters.marks.occurred(.leavesCut, if: leaves.count < part.differing.indexes.count)
        descents[position].leaves = NodeSet(depth: part.differing.depth, leaves)
        descents[position].isRicher = UInt64(max(0, tree.count)) > part.objectCount
        descents[position].isConfirming = true
        descents[position].next = now.instant + pause
    }

    /// Looks at leaves again whose time has come, and gives up what was not answered.
    mutating func confirmDescents(at now: Moment, into effects: inout [AntiEntropyEffect]) {
        let due = descents.filter { $0.next <= now.instant }
        if due.isEmpty { return }
        descents.removeAll { $0.next <= now.instant }
        counters.marks.occurred(.descentOverdue, if: due.contains { !$0.isConfirming })
        let window = window(Self.namingBytes)
        var told: [NodeID: [TreeNodes.Part]] = [:]
        var asked: [NodeID: [LeafQuestion.Part]] = [:]
        for var descent in due.sorted(by: { $0.partition < $1.partition })
        where descent.isConfirming {
            guard let tree = engine.tree(of: descent.partition),
                Int(descent.leaves.depth) <= tree.depth
            else { continue }
            descent.isConfirming = false
            descent.next = now.instant + Self.patience
            descents.append(descent)
            if descent.isRicher {
                asked[descent.node, default: []].append(
                    LeafQuestion.Part(partition: descent.partition, leaves: descent.leaves))
            } else {
                told[descent.node, default: []].append(
                    Self.part(of: tree, descent.partition, descent.leaves, window))
            }
        }
        for node in Set(told.keys).union(asked.keys).sorted() {
            tell(told[node] ?? [], .confirmation, window, to: node, into: &effects)
            if let parts = asked[node] {
                send(.question(LeafQuestion(parts: parts)), to: node, into: &effects)
            }
        }
    }
}
