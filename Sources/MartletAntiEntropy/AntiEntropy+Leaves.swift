// Leaves that differ, twice: what is below them is read, a leaf at a time, and the keys that the
// other home lacks are named.
internal import DequeModule
internal import MartletBase
internal import MartletRing
internal import MartletStorage
internal import MartletVersions
internal import MartletWire

/// A leaf that is to be read, and why.
struct LeafWork {
    enum Aim {
        /// Name what the other home lacks from what it tells of the hash of its leaf; where that
        /// cannot be, let it try with the hash of this leaf, or, where it has, with all digests.
        case name(theirs: UInt64, HashWindow, isLast: Bool)
        /// Find out both ways from all the digests of its leaf.
        case compare([UInt64], HashWindow)
        /// Send it the objects of these digests.
        case serve([UInt64], HashWindow)
    }

    var partition: UInt16
    var depth: UInt8
    var leaf: UInt16
    var node: NodeID
    var aim: Aim
}

/// A leaf being read, page by page.
struct LeafReading {
    var work: LeafWork
    var ticket: ReadTicket?
    var cursor: StorageKey?
    /// What was found so far.
    var keys: [Bytes] = []
    var digests: [UInt64] = []
}

/// A leaf that was read and could not be named here: the other home is to try.
struct UnnamedLeaf {
    var node: NodeID
    var partition: UInt16
    var depth: UInt8
    var leaf: UInt16
    var hash: UInt64
}

extension AntiEntropy {
    /// Leaves that may wait to be read.
    static let workLimit = 2_048
    /// Bytes of objects read at a time.
    private static let pageBytes = 256 << 10
    /// Leaves read in one go where all is in memory: others have their turn then.
    private static let readLimit = 8

    /// Has a leaf read when its turn comes. One that no tree has is passed over: other nodes name
    /// them.
    mutating func queue(_ work: LeafWork) {
        guard Int(work.depth) <= MerkleTree.depthLimit, Int(work.leaf) < 1 << Int(work.depth) else {
            return
        }
        guard leafWork.count < Self.workLimit else {
            counters.overflows += 1
            counters.marks.occurred(.leavesOverflowed)
            return
        }
        leafWork.append(work)
    }

    /// Another home has a question about a leaf.
    mutating func queue(
        _ leaf: LeafDigests, of sender: NodeID, aim: LeafWork.Aim, at now: Moment,
        into effects: inout [AntiEntropyEffect]
    ) {
        guard otherHomes(of: leaf.partition)?.contains(sender) == true else { return }
        queue(
            LeafWork(
                partition: leaf.partition, depth: leaf.depth, leaf: leaf.leaf, node: sender,
                aim: aim))
        readLeaves(at: now, into: &effects)
    }

    /// Reads leaves until one has to wait for the disk, or it is enough at a time.
    mutating func readLeaves(at now: Moment, into effects: inout [AntiEntropyEffect]) {
        var reads = 0
        while reading?.ticket == nil, reads < Self.readLimit {
            if reading == nil {
                guard let work = leafWork.popFirst() else { break }
                reading = LeafReading(work: work)
            }
            reads += 1
            readPage(at: now, into: &effects)
        }
        tellUnnamed(into: &effects)
        if reading?.ticket == nil { nextSweep = min(nextSweep, now.instant + Self.sweepPause) }
    }

    private mutating func readPage(at now: Moment, into effects: inout [AntiEntropyEffect]) {
        guard let current = reading else { return }
        let work = current.work
        let outcome = engine.scan(
            .objects, partitions: work.partition...work.partition,
            hashes: MerkleTree.hashes(ofNode: Int(work.leaf), depth: Int(work.depth)),
            after: current.cursor, limitBytes: Self.pageBytes, for: .leaves)
        switch outcome {
        case .page(let page): take(page, into: &effects)
        case .pending(let ticket): reading?.ticket = ticket
        case .refused: reading = nil
        }
    }

    mutating func leafRead(
        _ read: CompletedRead, at now: Moment, into effects: inout [AntiEntropyEffect]
    ) {
        guard let ticket = reading?.ticket, ticket == read.ticket else { return }
        reading?.ticket = nil
        if case .page(let page) = read.result {
            take(page, into: &effects)
        } else {
            reading = nil
        }
        readLeaves(at: now, into: &effects)
    }

    private mutating func take(_ page: ScanPage, into effects: inout [AntiEntropyEffect]) {
        guard var current = reading else { return }
        for entry in page.entries {
            current.keys.append(entry.key.key)
            current.digests.append(
                Object.digest(keyHash: entry.key.hash, entry.value.raw))
        }
        current.cursor = page.next
        counters.marks.occurred(.leafOfPages, if: page.next != nil)
        reading = page.next == nil ? nil : current
        guard page.next == nil else { return }
        counters.leavesRead += 1
        finish(current, into: &effects)
    }

    private mutating func finish(
        _ leaf: LeafReading, into effects: inout [AntiEntropyEffect]
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
                let window = self.window(Self.namingBytes)
                let told = digests(leaf.digests.map { window($0) }, window, of: work)
                send(.leaf(told), to: work.node, into: &effects)
            } else {
                counters.marks.occurred(.leafUnnamed)
                unnamed.append(
                    UnnamedLeaf(
                        node: work.node, partition: work.partition, depth: work.depth,
                        leaf: work.leaf, hash: ours))
            }
        case .compare(let theirs, let window):
            let difference = LeafDifference.between(leaf.digests.map { window($0) }, theirs)
            push(difference.surplus, of: leaf, into: &effects)
            if difference.missing.isEmpty { return }
            counters.marks.occurred(.leafWanted)
            send(
                .wants(digests(difference.missing, window, of: work)), to: work.node, into: &effects
            )
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

    /// Has the other homes name what could not be named here.
    private mutating func tellUnnamed(into effects: inout [AntiEntropyEffect]) {
        if unnamed.isEmpty { return }
        let window = window(Self.namingBytes)
        let leaves = unnamed
        unnamed = []
        for node in Set(leaves.map(\.node)).sorted() {
            let trees = Dictionary(grouping: leaves.filter { $0.node == node }) { leaf in
                UInt32(leaf.depth) << 16 | UInt32(leaf.partition)
            }
            for tree in trees.keys.sorted() {
                var hashes: [UInt16: UInt64] = [:]
                for leaf in trees[tree] ?? [] { hashes[leaf.leaf] = leaf.hash }
                let nodes = NodeSet(depth: UInt8(tree >> 16), hashes.keys)
                let part = TreeNodes.Part(
                    partition: UInt16(truncatingIfNeeded: tree), nodes: nodes,
                    hashes: nodes.indexes.map { window(hashes[$0] ?? 0) })
                tell([part], .answer, window, to: node, into: &effects)
            }
        }
    }

    private mutating func push(
        _ positions: [Int], of leaf: LeafReading, into effects: inout [AntiEntropyEffect]
    ) {
        counters.objectsFound += UInt64(positions.count)
        for position in positions {
            effects.append(
                .push(
                    leaf.keys[position], Partition(index: leaf.work.partition),
                    to: leaf.work.node))
        }
    }
}
