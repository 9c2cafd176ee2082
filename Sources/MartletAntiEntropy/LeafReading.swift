// Leaves that differ, twice: what is below them is read, a leaf at a time, and the keys that the
// other home lacks are named.
//
//     its hash was told      ─► read ─► named from both hashes ─► objects pushed
//                                  └ not ─► its hash is told in turn, or, where both failed, all
//                                           digests below it
//     its digests were told  ─► read ─► what it lacks pushed, what is lacking here asked for
//     digests were asked for ─► read ─► these pushed
internal import DequeModule
internal import MartletBase
internal import MartletRing
internal import MartletStorage
internal import MartletVersions
internal import MartletWire

/// The leaves that one node reads for other homes.
struct LeafReading {
    /// Why a leaf is to be read.
    private enum Aim {
        /// Name what the other home lacks from what it tells of the hash of its leaf; where that
        /// cannot be, let it try with the hash of this leaf, or, where it has, with all digests.
        case name(theirs: UInt64, HashWindow, isLast: Bool)
        /// Find out both ways from all the digests of its leaf.
        case compare([UInt64], HashWindow)
        /// Send it the objects of these digests.
        case serve([UInt64], HashWindow)
    }

    /// A leaf that is to be read.
    private struct LeafWork {
        var partition: UInt16
        var depth: UInt8
        var leaf: UInt16
        var peer: Peer
        var aim: Aim
    }

    /// A leaf being read, page by page.
    private struct OpenLeaf {
        var work: LeafWork
        var ticket: ReadTicket?
        var cursor: StorageKey?
        /// What was found so far.
        var keys: [Bytes] = []
        var digests: [UInt64] = []
    }

    /// A leaf that was read and could not be named here: the other home is to try.
    private struct UnnamedLeaf {
        var work: LeafWork
        var hash: UInt64
    }

    private var waiting = Deque<LeafWork>()
    private var current: OpenLeaf?
    /// Leaves that were read, to be told to other homes; none between events.
    private var unnamed: [UnnamedLeaf] = []
    private var next = Instant.never
    private(set) var counters = AntiEntropyCounters()

    /// Leaves that may wait to be read.
    static let workLimit = 2_048
    /// Bytes of objects read at a time.
    private static let pageBytes = 256 << 10
    /// Pages read in one go where all is in memory: others have their turn then.
    private static let readLimit = 8
    /// How long leaves that wait rest then.
    private static let pause = Duration.milliseconds(20)

    /// When `tick` is next due.
    var nextWakeup: Instant { waiting.isEmpty ? .never : next }
    /// Leaves that wait, and the one that is being read.
    var count: Int { waiting.count + (current == nil ? 0 : 1) }

    // MARK: Events

    mutating func start(at now: Moment) { next = now.instant + Self.pause }

    /// Another home tells the hashes of leaves that differed before.
    mutating func nodesReceived(
        _ theirs: TreeNodes, from sender: Peer, _ here: Standpoint,
        using random: inout SeededRandom, into effects: inout [AntiEntropyEffect]
    ) {
        for part in theirs.parts {
            let depth = part.nodes.depth
            guard let tree = here.tree(of: part.partition, depth: depth, with: sender.node) else {
                continue
            }
            for (leaf, hash) in tree.differing(from: part, theirs.window) {
                queue(
                    LeafWork(
                        partition: part.partition, depth: depth, leaf: leaf, peer: sender,
                        aim: .name(theirs: hash, theirs.window, isLast: theirs.stage == .answer)))
            }
        }
        read(here, using: &random, into: &effects)
    }

    /// Another home tells the digests of all that it holds below a leaf.
    mutating func leafReceived(
        _ leaf: LeafDigests, from sender: Peer, _ here: Standpoint,
        using random: inout SeededRandom, into effects: inout [AntiEntropyEffect]
    ) {
        let aim = Aim.compare(leaf.digests, leaf.window)
        queue(leaf, from: sender, aim, here, using: &random, into: &effects)
    }

    /// Another home wants what has these digests.
    mutating func wantsReceived(
        _ wants: LeafDigests, from sender: Peer, _ here: Standpoint,
        using random: inout SeededRandom, into effects: inout [AntiEntropyEffect]
    ) {
        let aim = Aim.serve(wants.digests, wants.window)
        queue(wants, from: sender, aim, here, using: &random, into: &effects)
    }

    /// Goes on with what waits.
    mutating func tick(
        _ here: Standpoint, at now: Moment, using random: inout SeededRandom,
        into effects: inout [AntiEntropyEffect]
    ) {
        guard now.instant >= next else { return }
        next = now.instant + Self.pause
        read(here, using: &random, into: &effects)
    }

    /// The page of a leaf is there.
    mutating func readCompleted(
        _ read: CompletedRead, _ here: Standpoint, using random: inout SeededRandom,
        into effects: inout [AntiEntropyEffect]
    ) {
        guard let ticket = current?.ticket, ticket == read.ticket else { return }
        current?.ticket = nil
        if case .page(let page) = read.result {
            take(page, using: &random, into: &effects)
        } else {
            current = nil
        }
        self.read(here, using: &random, into: &effects)
    }

    // MARK: What waits

    private mutating func queue(
        _ leaf: LeafDigests, from sender: Peer, _ aim: Aim, _ here: Standpoint,
        using random: inout SeededRandom, into effects: inout [AntiEntropyEffect]
    ) {
        guard here.shares(leaf.partition, with: sender.node) else { return }
        queue(
            LeafWork(
                partition: leaf.partition, depth: leaf.depth, leaf: leaf.leaf, peer: sender,
                aim: aim))
        read(here, using: &random, into: &effects)
    }

    /// Has a leaf read when its turn comes. One that no tree has is passed over: other nodes name
    /// them.
    private mutating func queue(_ work: LeafWork) {
        guard Int(work.depth) <= MerkleTree.depthLimit, Int(work.leaf) < 1 << Int(work.depth) else {
            return
        }
        guard waiting.count < Self.workLimit else {
            counters.overflows += 1
            counters.marks.occurred(.leavesOverflowed)
            return
        }
        waiting.append(work)
    }

    // MARK: Reading

    /// Reads leaves until one has to wait for the disk, or it is enough at a time.
    private mutating func read(
        _ here: Standpoint, using random: inout SeededRandom,
        into effects: inout [AntiEntropyEffect]
    ) {
        var reads = 0
        while current?.ticket == nil, reads < Self.readLimit {
            if current == nil {
                guard let work = waiting.popFirst() else { break }
                current = OpenLeaf(work: work)
            }
            reads += 1
            readPage(here, using: &random, into: &effects)
        }
        tellUnnamed(using: &random, into: &effects)
    }

    private mutating func readPage(
        _ here: Standpoint, using random: inout SeededRandom,
        into effects: inout [AntiEntropyEffect]
    ) {
        guard let leaf = current else { return }
        let work = leaf.work
        let outcome = here.engine.scan(
            .objects, partitions: work.partition...work.partition,
            hashes: MerkleTree.hashes(ofNode: Int(work.leaf), depth: Int(work.depth)),
            after: leaf.cursor, limitBytes: Self.pageBytes, for: .leaves)
        switch outcome {
        case .page(let page): take(page, using: &random, into: &effects)
        case .pending(let ticket): current?.ticket = ticket
        case .refused: current = nil
        }
    }

    private mutating func take(
        _ page: ScanPage, using random: inout SeededRandom,
        into effects: inout [AntiEntropyEffect]
    ) {
        guard var leaf = current else { return }
        for entry in page.entries {
            leaf.keys.append(entry.key.key)
            leaf.digests.append(Object.digest(keyHash: entry.key.hash, entry.value.raw))
        }
        leaf.cursor = page.next
        counters.marks.occurred(.leafOfPages, if: page.next != nil)
        current = page.next == nil ? nil : leaf
        guard page.next == nil else { return }
        counters.leavesRead += 1
        finish(leaf, using: &random, into: &effects)
    }

    // MARK: What was read

    private mutating func finish(
        _ leaf: OpenLeaf, using random: inout SeededRandom,
        into effects: inout [AntiEntropyEffect]
    ) {
        let work = leaf.work
        switch work.aim {
        case .name(let theirs, let window, let isLast):
            let ours = leaf.digests.reduce(0, ^)
            let difference = window(ours) ^ theirs
            if let surplus = LeafDifference.name(difference, among: leaf.digests.map { window($0) })
            {
                push(surplus, of: leaf, into: &effects)
            } else if isLast {
                counters.marks.occurred(.leafTold)
                let window = HashWindow.drawn(HashWindow.namingBytes, using: &random)
                let told = digests(leaf.digests.map { window($0) }, window, of: work)
                effects.send(.leaf(told), to: work.peer, counting: &counters)
            } else {
                counters.marks.occurred(.leafUnnamed)
                unnamed.append(UnnamedLeaf(work: work, hash: ours))
            }
        case .compare(let theirs, let window):
            let difference = LeafDifference.between(leaf.digests.map { window($0) }, theirs)
            push(difference.surplus, of: leaf, into: &effects)
            if difference.missing.isEmpty { return }
            counters.marks.occurred(.leafWanted)
            effects.send(
                .wants(digests(difference.missing, window, of: work)), to: work.peer,
                counting: &counters)
        case .serve(let digests, let window):
            let wanted = Set(digests)
            push(
                leaf.digests.indices.filter { wanted.contains(window(leaf.digests[$0])) }, of: leaf,
                into: &effects)
        }
    }

    private func digests(
        _ told: [UInt64], _ window: HashWindow, of work: LeafWork
    ) -> LeafDigests {
        LeafDigests(
            partition: work.partition, depth: work.depth, leaf: work.leaf, window: window,
            digests: told.sorted())
    }

    private mutating func push(
        _ positions: [Int], of leaf: OpenLeaf, into effects: inout [AntiEntropyEffect]
    ) {
        counters.objectsFound += UInt64(positions.count)
        for position in positions {
            effects.append(
                .push(
                    leaf.keys[position], Partition(index: leaf.work.partition),
                    to: leaf.work.peer.node))
        }
    }

    /// Has the other homes name what could not be named here.
    private mutating func tellUnnamed(
        using random: inout SeededRandom, into effects: inout [AntiEntropyEffect]
    ) {
        if unnamed.isEmpty { return }
        let window = HashWindow.drawn(HashWindow.namingBytes, using: &random)
        let leaves = unnamed
        unnamed = []
        for peer in Set(leaves.map(\.work.peer)).sorted() {
            let trees = Dictionary(grouping: leaves.filter { $0.work.peer == peer }) { leaf in
                UInt32(leaf.work.depth) << 16 | UInt32(leaf.work.partition)
            }
            for tree in trees.keys.sorted() {
                var hashes: [UInt16: UInt64] = [:]
                for leaf in trees[tree] ?? [] { hashes[leaf.work.leaf] = leaf.hash }
                let nodes = NodeSet(depth: UInt8(tree >> 16), hashes.keys)
                let part = TreeNodes.Part(
                    partition: UInt16(truncatingIfNeeded: tree), nodes: nodes,
                    hashes: nodes.indexes.map { window(hashes[$0] ?? 0) })
                effects.send(
                    .nodes(TreeNodes(stage: .answer, window: window, parts: [part])), to: peer,
                    counting: &counters)
            }
        }
    }

    func checkInvariants() {
        invariant(waiting.count <= Self.workLimit, "\(waiting.count) leaves wait")
        for work in waiting {
            invariant(
                Int(work.depth) <= MerkleTree.depthLimit && Int(work.leaf) < 1 << Int(work.depth),
                "leaf \(work.leaf) at depth \(work.depth) waits")
        }
        invariant(unnamed.isEmpty, "\(unnamed.count) leaves were read and nobody was told")
        if let current {
            let (keys, digests) = (current.keys.count, current.digests.count)
            invariant(keys == digests, "\(keys) keys and \(digests) digests of a leaf")
        }
    }
}
