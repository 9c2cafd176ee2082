// The way down a tree: from a root that differs to the leaves that do, and there once more, since
// what is merely under way arrives meanwhile.
internal import MartletBase
internal import MartletStorage
internal import MartletVersions
internal import MartletWire

/// One difference being followed with one other home.
struct Descent {
    var partition: UInt16
    var node: NodeID
    /// The leaves that differ, once they are known, and their depth.
    var leaves: [UInt16] = []
    var depth: UInt8 = 0
    /// When the leaves are looked at again, or, before and after that, when it is given up.
    var next: Instant
    var isConfirming = false
}

extension AntiEntropy {
    /// Differences followed at a time; more wait for a later round.
    static let descentLimit = 32
    /// How many levels one message goes down.
    private static let step: UInt8 = 4
    /// How long an answer is waited for.
    private static let patience = Duration.seconds(5)
    /// Leaves looked at again in one message; more are found by the next round.
    private static let leafLimit = 256

    mutating func beginDescent(
        _ partition: UInt16, with node: NodeID, at now: Moment,
        into effects: inout [AntiEntropyEffect]
    ) {
        guard descents.count < Self.descentLimit, position(partition, node) == nil,
            let tree = engine.tree(of: partition)
        else { return }
        descents.append(
            Descent(partition: partition, node: node, next: now.instant + Self.patience))
        let depth = min(Self.step, UInt8(tree.depth))
        let nodes = tree.nodes(depth: Int(depth)).enumerated().map {
            TreeNode(index: UInt16($0), hash: $1)
        }
        send(
            .nodes(
                TreeNodes(partition: partition, depth: depth, isConfirmed: false, nodes: nodes)),
            to: node, into: &effects)
    }

    private func position(_ partition: UInt16, _ node: NodeID) -> Int? {
        descents.firstIndex { $0.partition == partition && $0.node == node }
    }

    // MARK: At the other home

    mutating func compare(
        _ theirs: TreeNodes, of sender: NodeID, at now: Moment,
        into effects: inout [AntiEntropyEffect]
    ) {
        guard otherHomes(of: theirs.partition)?.contains(sender) == true,
            let tree = engine.tree(of: theirs.partition), Int(theirs.depth) <= tree.depth
        else { return }
        let differing = Self.differing(theirs.nodes, in: tree, depth: theirs.depth)
        if theirs.isConfirmed {
            for (node, hash) in differing {
                queue(
                    LeafWork(
                        partition: theirs.partition, depth: theirs.depth, leaf: node.index,
                        node: sender, aim: .name(theirs: hash, isAnswer: true)))
            }
            readLeaves(at: now, into: &effects)
            return
        }
        let reply = TreeNodesReply(
            partition: theirs.partition, depth: theirs.depth, treeDepth: UInt8(tree.depth),
            isConfirmed: false, differing: differing.map(\.ours))
        send(.nodesReply(reply), to: sender, into: &effects)
    }

    /// The nodes of `tree` that are not as `theirs` say, with what they say.
    private static func differing(
        _ theirs: [TreeNode], in tree: MerkleTree, depth: UInt8
    ) -> [(ours: TreeNode, theirs: UInt64)] {
        theirs.compactMap { node in
            guard Int(node.index) < 1 << Int(depth) else { return nil }
            let hash = tree.node(depth: Int(depth), Int(node.index))
            if hash == node.hash { return nil }
            return (TreeNode(index: node.index, hash: hash), node.hash)
        }
    }

    // MARK: The reply

    mutating func descend(
        _ reply: TreeNodesReply, of sender: NodeID, at now: Moment,
        into effects: inout [AntiEntropyEffect]
    ) {
        guard let position = position(reply.partition, sender),
            let tree = engine.tree(of: reply.partition), Int(reply.depth) <= tree.depth,
            reply.depth <= reply.treeDepth
        else { return }
        if reply.isConfirmed {
            resolve(reply, of: sender, at: now, into: &effects)
            return
        }
        let found = reply.differing.filter { Int($0.index) < 1 << Int(reply.depth) }
        if found.isEmpty {
            descents.remove(at: position)
            return
        }
        let deepest = min(UInt8(tree.depth), reply.treeDepth)
        if reply.depth == deepest {
            descents[position].leaves = found.prefix(Self.leafLimit).map(\.index)
            descents[position].depth = deepest
            let pause = options.confirmation
            descents[position].next =
                now.instant + random.duration(in: pause...pause * 3 / 2)
            descents[position].isConfirming = true
            return
        }
        let depth = min(reply.depth + Self.step, deepest)
        let fan = 1 << Int(depth - reply.depth)
        let children = found.flatMap { node in
            (0..<fan).map { child in
                let index = Int(node.index) * fan + child
                return TreeNode(
                    index: UInt16(index), hash: tree.node(depth: Int(depth), index))
            }
        }
        descents[position].next = now.instant + Self.patience
        send(
            .nodes(
                TreeNodes(
                    partition: reply.partition, depth: depth, isConfirmed: false, nodes: children)),
            to: sender, into: &effects)
    }

    /// Looks at leaves again whose time has come, and gives up what was not answered.
    mutating func confirmDescents(at now: Moment, into effects: inout [AntiEntropyEffect]) {
        while let position = descents.firstIndex(where: { $0.next <= now.instant }) {
            let descent = descents.remove(at: position)
            guard descent.isConfirming, let tree = engine.tree(of: descent.partition),
                Int(descent.depth) <= tree.depth
            else { continue }
            var again = descent
            again.isConfirming = false
            again.next = now.instant + Self.patience
            descents.append(again)
            let nodes = descent.leaves.map { leaf in
                TreeNode(index: leaf, hash: tree.node(depth: Int(descent.depth), Int(leaf)))
            }
            send(
                .nodes(
                    TreeNodes(
                        partition: descent.partition, depth: descent.depth, isConfirmed: true,
                        nodes: nodes)),
                to: descent.node, into: &effects)
        }
    }

    /// Leaves whose difference the other home could not name alone.
    private mutating func resolve(
        _ reply: TreeNodesReply, of sender: NodeID, at now: Moment,
        into effects: inout [AntiEntropyEffect]
    ) {
        for node in reply.differing {
            queue(
                LeafWork(
                    partition: reply.partition, depth: reply.depth, leaf: node.index,
                    node: sender, aim: .name(theirs: node.hash, isAnswer: false)))
        }
        readLeaves(at: now, into: &effects)
    }
}
