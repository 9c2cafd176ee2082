// The way down a tree: from a root that differs to the leaves that do, and there once more, since
// what is merely under way arrives meanwhile.
//
//     roots differ ─► nodes ─► reply ─► … ─► leaves ─► a second later ─► their hashes again
//                                                       the node with fewer objects tells its own,
//                                                       the one with more names what differs
//
// What becomes of leaves whose hashes were told is `LeafReading`'s.
internal import MartletBase
internal import MartletRing
internal import MartletStorage
internal import MartletWire

/// The differences that one node follows.
struct Descents {
    /// One difference being followed with one other home.
    private struct Descent {
        var partition: UInt16
        var peer: Peer
        /// The leaves that differ, once they are known.
        var leaves = NodeSet(depth: 0, [])
        /// When the leaves are looked at again, or, before and after that, when it is given up.
        var next: Instant
        var isConfirming = false
        /// Whether this node holds more objects: then the other tells its hashes.
        var isRicher = false
    }

    private var descents: [Descent] = []
    private(set) var counters = AntiEntropyCounters()

    /// Differences followed at a time; more wait for a later round.
    static let descentLimit = 256
    /// How many levels one message goes down.
    private static let step: UInt8 = 4
    /// How long an answer is waited for.
    private static let patience = Duration.seconds(5)
    /// Leaves of a tree looked at again in one message; more are found by the next round.
    private static let leafLimit = 256

    /// When `tick` is next due.
    var next: Instant { descents.lazy.map(\.next).min() ?? .never }
    /// Differences that are followed.
    var count: Int { descents.count }

    /// The other homes with which a difference in `partition` is followed.
    func nodes(following partition: UInt16) -> [NodeID] {
        descents.filter { $0.partition == partition }.map(\.peer.node)
    }

    // MARK: Events

    /// Some homes are others now.
    mutating func topologyChanged(_ here: Standpoint) {
        descents.removeAll { !here.shares($0.partition, with: $0.peer.node) }
    }

    /// Follows what differs from `peer` in `partitions`, which ascend: but for those in which
    /// another home is followed, since what that one brings the others need not. What is left then
    /// is found by a later round.
    mutating func begin(
        _ partitions: [UInt16], with peer: Peer, _ here: Standpoint, at now: Moment,
        using random: inout SeededRandom, into effects: inout [AntiEntropyEffect]
    ) {
        let window = HashWindow.drawn(HashWindow.descentBytes, using: &random)
        var parts: [TreeNodes.Part] = []
        for partition in partitions {
            guard descents.count < Self.descentLimit,
                !descents.contains(where: { $0.partition == partition }),
                let tree = here.engine.tree(of: partition)
            else {
                counters.marks.occurred(.descentPassedOver)
                continue
            }
            descents.append(
                Descent(partition: partition, peer: peer, next: now.instant + Self.patience))
            let depth = min(Self.step, UInt8(tree.depth))
            let nodes = NodeSet(depth: depth, 0..<UInt16(1) << UInt16(depth))
            parts.append(TreeNodes.Part(of: tree, partition, nodes, window))
        }
        tell(parts, .descent, window, to: peer, into: &effects)
    }

    private mutating func tell(
        _ parts: [TreeNodes.Part], _ stage: TreeNodes.Stage, _ window: HashWindow,
        to peer: Peer, into effects: inout [AntiEntropyEffect]
    ) {
        if parts.isEmpty { return }
        effects.send(
            .nodes(TreeNodes(stage: stage, window: window, parts: parts)), to: peer,
            counting: &counters)
    }

    // MARK: At the other home

    /// Another home is on its way down: it is told which of its nodes are others here.
    mutating func nodesReceived(
        _ theirs: TreeNodes, from sender: Peer, _ here: Standpoint,
        into effects: inout [AntiEntropyEffect]
    ) {
        var reply = TreeNodesReply(parts: [])
        for part in theirs.parts {
            let depth = part.nodes.depth
            guard let tree = here.tree(of: part.partition, depth: depth, with: sender.node) else {
                continue
            }
            let differing = tree.differing(from: part, theirs.window).map(\.index)
            reply.parts.append(
                TreeNodesReply.Part(
                    partition: part.partition, treeDepth: UInt8(tree.depth),
                    objectCount: UInt64(max(0, tree.count)),
                    differing: NodeSet(depth: depth, differing)))
        }
        if reply.parts.isEmpty { return }
        effects.send(.nodesReply(reply), to: sender, counting: &counters)
    }

    /// Another home holds more objects: it is to find out what differs.
    mutating func questionReceived(
        _ question: LeafQuestion, from sender: Peer, _ here: Standpoint,
        using random: inout SeededRandom, into effects: inout [AntiEntropyEffect]
    ) {
        let window = HashWindow.drawn(HashWindow.namingBytes, using: &random)
        let parts = question.parts.compactMap { part in
            here.tree(of: part.partition, depth: part.leaves.depth, with: sender.node)
                .map { TreeNodes.Part(of: $0, part.partition, part.leaves, window) }
        }
        tell(parts, .confirmation, window, to: sender, into: &effects)
    }

    // MARK: The reply

    /// Another home has said which nodes differ: the way goes on below these.
    mutating func replyReceived(
        _ reply: TreeNodesReply, from sender: Peer, _ here: Standpoint, at now: Moment,
        using random: inout SeededRandom, into effects: inout [AntiEntropyEffect]
    ) {
        let window = HashWindow.drawn(HashWindow.descentBytes, using: &random)
        // One for all of them, so that they go together again.
        let confirmation = here.options.confirmation
        let pause = random.duration(in: confirmation...confirmation * 3 / 2)
        var parts: [TreeNodes.Part] = []
        for part in reply.parts {
            let depth = part.differing.depth
            guard let position = position(part.partition, sender),
                let tree = here.engine.tree(of: part.partition), Int(depth) <= tree.depth,
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
            counters.marks.occurred(.descentDeeper)
            descents[position].next = now.instant + Self.patience
            let next = min(depth + Self.step, deepest)
            let children = Self.children(of: part.differing, atDepth: next)
            parts.append(TreeNodes.Part(of: tree, part.partition, children, window))
        }
        tell(parts, .descent, window, to: sender, into: &effects)
    }

    private func position(_ partition: UInt16, _ peer: Peer) -> Int? {
        descents.firstIndex { $0.partition == partition && $0.peer == peer }
    }

    /// The nodes of `depth` below `nodes`.
    private static func children(of nodes: NodeSet, atDepth depth: UInt8) -> NodeSet {
        let fan = UInt16(1) << UInt16(depth - nodes.depth)
        return NodeSet(
            depth: depth, nodes.indexes.flatMap { node in (0..<fan).map { node * fan + $0 } })
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
    mutating func tick(
        _ here: Standpoint, at now: Moment, using random: inout SeededRandom,
        into effects: inout [AntiEntropyEffect]
    ) {
        let due = descents.filter { $0.next <= now.instant }
        if due.isEmpty { return }
        descents.removeAll { $0.next <= now.instant }
        counters.marks.occurred(.descentOverdue, if: due.contains { !$0.isConfirming })
        let window = HashWindow.drawn(HashWindow.namingBytes, using: &random)
        var told: [Peer: [TreeNodes.Part]] = [:]
        var asked: [Peer: [LeafQuestion.Part]] = [:]
        for var descent in due.sorted(by: { $0.partition < $1.partition })
        where descent.isConfirming {
            guard let tree = here.engine.tree(of: descent.partition),
                Int(descent.leaves.depth) <= tree.depth
            else { continue }
            descent.isConfirming = false
            descent.next = now.instant + Self.patience
            descents.append(descent)
            if descent.isRicher {
                asked[descent.peer, default: []].append(
                    LeafQuestion.Part(partition: descent.partition, leaves: descent.leaves))
            } else {
                told[descent.peer, default: []].append(
                    TreeNodes.Part(of: tree, descent.partition, descent.leaves, window))
            }
        }
        for peer in Set(told.keys).union(asked.keys).sorted() {
            tell(told[peer] ?? [], .confirmation, window, to: peer, into: &effects)
            if let parts = asked[peer] {
                effects.send(
                    .question(LeafQuestion(parts: parts)), to: peer, counting: &counters)
            }
        }
    }

    func checkInvariants() {
        invariant(descents.count <= Self.descentLimit, "\(descents.count) descents")
        let partitions = Set(descents.map(\.partition))
        invariant(partitions.count == descents.count, "a partition is followed twice")
        for descent in descents {
            let leaves = descent.leaves.indexes.count
            invariant(
                leaves <= Self.leafLimit && (!descent.isConfirming || leaves > 0),
                "\(leaves) leaves of \(descent.partition) are to be confirmed")
        }
    }
}
