// The trees of all partitions of one engine, as they are now: what is known, what changed since the
// memtable was last sealed, and what is unknown since data was lost. It reads no file.

//   tables  ── load ──► trees ── write ──► memtable as it is sealed ── flush ──► tables
//   changes ── fold ──►   │
//   losses  ── lose ──► unknown ── TreeBuild ──► known
//
// A sealed memtable holds the trees as they are at its end, so that those in the tables and the
// changes in the log that no table holds yet make up the present: after a crash nothing is scanned.
internal import MartletBase

/// Confined to the loop of its engine. A partition that was never written has the empty tree, and
/// costs nothing.
final class TreeSet {
    private struct Slot {
        /// Nil where it is unknown, or that of a partition never written.
        var tree: MerkleTree?
        var isUnknown = false
        /// Whether it differs from what the sealed memtables and the tables say.
        var isChanged = false

        /// Takes in a change where the tree is known; whether it is the first since a sealing.
        @inline(__always)
        mutating func fold(_ fold: Fold, at hash: UInt64) -> Bool {
            if isUnknown { return false }
            if tree == nil { tree = MerkleTree() }
            tree?.fold(fold, at: hash)
            defer { isChanged = true }
            return !isChanged
        }
    }

    /// A change that is not in its tree yet.
    private struct Pending {
        var fold: Fold
        var hash: UInt64
        var partition: UInt16
    }

    /// Changes wait until there are as many, or somebody looks. Alone, each would wait for its tree
    /// to come from memory; together, they wait at one time.
    static let pendingLimit = 64
    private var pending: [Pending] = []
    /// By partition, as far as one was written.
    private var slots: [Slot] = []
    /// Those of which the tree changed since the last sealing, in the order of the first change.
    private var changed: [UInt16] = []
    /// What this node has lost: the manifest's list.
    private var losses: [DamagedRange]
    private weak var build: TreeBuild?
    /// The partition of the build under way; -1 where there is none.
    private var buildPartition = -1

    /// What an entry is to a tree; nil where none are kept.
    let digest: EntryDigest.Function?

    /// The empty trees of a node that has lost `losses`.
    init(_ digest: EntryDigest?, losing losses: [DamagedRange]) {
        self.digest = digest?.function
        self.losses = losses
        if digest != nil { pending.reserveCapacity(Self.pendingLimit) }
    }

    // MARK: Looking

    /// The tree of a partition; nil where it is unknown. O(1).
    func tree(of partition: UInt16) -> MerkleTree? {
        foldPending()
        guard Int(partition) < slots.count else { return MerkleTree() }
        let slot = slots[Int(partition)]
        return slot.isUnknown ? nil : slot.tree ?? MerkleTree()
    }

    /// The partitions of which the tree is unknown or outgrown, ascending. O(partitions).
    var due: [UInt16] {
        foldPending()
        return slots.indices
            .filter { slots[$0].isUnknown || slots[$0].tree?.isOutgrown == true }
            .map { UInt16($0) }
    }

    /// What all known trees stand for. O(partitions).
    var counts: ObjectCounts {
        foldPending()
        return slots.reduce(into: ObjectCounts()) { counts, slot in
            if let tree = slot.tree { counts.add(tree) }
        }
    }

    /// What the trees take in memory, in bytes. O(partitions).
    var byteCount: Int {
        foldPending()
        return slots.reduce(slots.count * MemoryLayout<Slot>.stride) {
            $0 + ($1.tree?.byteCount ?? 0)
        }
    }

    // MARK: Changes

    /// Takes in a change that says what it replaces, of an object whose key has the hash `hash`.
    /// O(value).
    func fold(_ change: LoggedChange, in bytes: RawSpan, at hash: UInt64) {
        guard let digest, let replaced = change.replaced else { return }
        let fold = Fold(change.record, replacing: replaced, in: bytes, at: hash, digest)
        pending.append(Pending(fold: fold, hash: hash, partition: change.record.partition))
        if pending.count == Self.pendingLimit { foldPending() }
    }

    /// Nothing is pending afterwards; what looks at the trees, or changes them otherwise, begins
    /// with this. O(pending).
    private func foldPending() {
        if pending.isEmpty { return }
        for change in pending {
            let index = Int(change.partition)
            if index == buildPartition { build?.fold(change.fold, at: change.hash) }
            if index >= slots.count { addSlots(upTo: index) }
            if slots[index].fold(change.fold, at: change.hash) { changed.append(change.partition) }
        }
        pending.removeAll(keepingCapacity: true)
    }

    private func addSlots(upTo index: Int) {
        let missing = index + 1 - slots.count
        slots.append(contentsOf: repeatElement(Slot(), count: missing))
    }

    private func noteChange(of index: Int) {
        slots[index].isChanged = true
        changed.append(UInt16(index))
    }

    /// The partition was dropped: it is known to hold nothing.
    func empty(_ partition: UInt16) {
        foldPending()
        let index = Int(partition)
        if index == buildPartition { endBuild() }
        guard index < slots.count, slots[index].tree != nil || slots[index].isUnknown else {
            return
        }
        slots[index].tree = MerkleTree()
        slots[index].isUnknown = false
        if !slots[index].isChanged { noteChange(of: index) }
    }

    /// Data was lost: the trees that `new` touches are unknown. `all` is what was ever lost.
    /// O(partitions).
    func lose(_ new: [DamagedRange], of all: [DamagedRange]) {
        foldPending()
        losses = all
        // A partition without a slot has held nothing.
        for loss in new {
            for index in slots.indices where loss.touches(UInt16(index)) { forget(index) }
        }
        noteUnknown()
    }

    /// The trees of `partitions` do not read back.
    func forget(_ partitions: ClosedRange<UInt16>) {
        foldPending()
        if Int(partitions.upperBound) >= slots.count { addSlots(upTo: Int(partitions.upperBound)) }
        for partition in partitions { forget(Int(partition)) }
    }

    private func forget(_ index: Int) {
        slots[index].tree = nil
        slots[index].isUnknown = true
        if index == buildPartition { endBuild() }
    }

    /// All trees that the tables hold are here: those that are not, and that something lost may
    /// have been of, are unknown. O(partitions × losses).
    func forgetLost() {
        // Objects were never flushed without their tree, so that of a partition above these
        // nothing was.
        let highest = losses.compactMap { $0.partitions(of: .trees)?.upperBound }.max()
        if let highest, highest >= slots.count { addSlots(upTo: Int(highest)) }
        for loss in losses {
            for index in slots.indices
            where slots[index].tree == nil && loss.touches(UInt16(index)) { forget(index) }
        }
        noteUnknown()
    }

    /// Has the tables say of every unknown tree that it is: an older one that they hold may read
    /// back yet, and falls behind with the next flush. O(partitions).
    private func noteUnknown() {
        for index in slots.indices where slots[index].isUnknown && !slots[index].isChanged {
            noteChange(of: index)
        }
    }

    // MARK: Builds

    /// Whether a tree is being built.
    var isBuilding: Bool { buildPartition >= 0 }

    /// Has every change from now on told to `build`.
    func begin(_ build: TreeBuild) {
        invariant(!isBuilding, "a second build, of \(build.partition)")
        foldPending()
        self.build = build
        buildPartition = Int(build.partition)
    }

    /// The build under way is over, whatever it has come to.
    func endBuild() {
        foldPending()
        build?.end()
        build = nil
        buildPartition = -1
    }

    /// Whether `built` is what was known of the partition, or nothing was known; it is now.
    func install(_ built: MerkleTree, as partition: UInt16) -> Bool {
        let index = Int(partition)
        // Which leaves nothing pending.
        let known = tree(of: partition)
        let isEqual = known.map { $0.isSame(as: built) } ?? true
        let tree = built.folded(to: MerkleTree.depth(for: built.count))
        if index >= slots.count { addSlots(upTo: index) }
        slots[index].tree = tree
        slots[index].isUnknown = false
        if known != tree, !slots[index].isChanged { noteChange(of: index) }
        return isEqual
    }

    // MARK: Memtables and tables

    /// Puts the trees that changed into a memtable that takes nothing else any more.
    /// O(trees changed).
    func write(into memtable: Memtable) {
        foldPending()
        if changed.isEmpty { return }
        var writer = ByteWriter()
        for partition in changed {
            slots[Int(partition)].isChanged = false
            let stored = StoredTree(slots[Int(partition)].tree, losses: mark(of: partition))
            writer.removeAll()
            WriteBatch.encode(.put(.tree(of: partition), stored.encoded()), into: &writer)
            let bytes = writer.bytes
            memtable.insert(Memtable.parsed(bytes.raw), in: bytes.raw)
        }
        changed.removeAll(keepingCapacity: true)
    }

    /// Takes in what a table says of a partition: nothing where it does not read back, or where
    /// data was lost since.
    func restore(_ entry: Bytes, of partition: UInt16) {
        let index = Int(partition)
        if index >= slots.count { addSlots(upTo: index) }
        let stored = try? StoredTree(decoding: entry)
        let tree = stored?.losses == mark(of: partition) ? stored?.tree : nil
        slots[index].tree = tree
        slots[index].isUnknown = tree == nil
    }

    /// All that was lost of a partition and its tree, in a word; 0 where that is nothing.
    private func mark(of partition: UInt16) -> UInt64 {
        losses.reduce(0) { mark, loss in
            loss.touches(partition) ? mark ^ loss.mark : mark
        }
    }

    /// Checks the parts against each other; O(partitions), for tests.
    func checkInvariants() {
        invariant(pending.count < Self.pendingLimit, "\(pending.count) changes wait")
        foldPending()
        let noted = Set(changed)
        invariant(noted.count == changed.count, "\(changed.count) changes of \(noted.count) trees")
        for index in slots.indices {
            invariant(
                slots[index].isChanged == noted.contains(UInt16(index)), "change of \(index)")
            invariant(!(slots[index].isUnknown && slots[index].tree != nil), "unknown \(index)")
            guard let tree = slots[index].tree else { continue }
            invariant(tree.root == tree.node(depth: 0, 0), "root of \(index)")
        }
    }
}

/// How many objects trees stand for, by kinds.
public struct ObjectCounts: Hashable, Sendable {
    /// All of them, traces of deleted ones included.
    public private(set) var all = 0
    /// Those that hold something.
    public private(set) var held = 0
    /// Those of them that end by themselves.
    public private(set) var mortal = 0

    fileprivate mutating func add(_ tree: MerkleTree) {
        // Files are not believed: what they say wraps rather than traps.
        all &+= tree.count
        held &+= tree.heldCount
        mortal &+= tree.mortalCount
    }
}

extension DamagedRange {
    /// The partitions of which objects may be lost; nil where there are none.
    public var objectPartitions: ClosedRange<UInt16>? { partitions(of: .objects) }

    /// The partitions of a space of which it may have held something; nil where there are none.
    func partitions(of space: StorageKey.Space) -> ClosedRange<UInt16>? {
        let all =
            Rank.all(of: space, 0).lowerBound...Rank.all(of: space, .max).upperBound
        guard ranks.overlaps(all) else { return nil }
        let common = ranks.clamped(to: all)
        return RankPlace(common.lowerBound).partition...RankPlace(common.upperBound).partition
    }

    /// Whether it may have held objects of the partition, or its tree: a tree that is lost gives
    /// way to an older one, which is wrong.
    fileprivate func touches(_ partition: UInt16) -> Bool {
        ranks.overlaps(Rank.all(of: .objects, partition))
            || ranks.overlaps(Rank.all(of: .trees, partition))
    }

    /// The range in a word.
    fileprivate var mark: UInt64 {
        let ends = StableHash.mix(ranks.lowerBound.rawValue) ^ ranks.upperBound.rawValue
        return StableHash.hash(Bytes(text: file), seed: ends)
    }
}
