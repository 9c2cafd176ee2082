// One tree built anew from what the engine holds, a page at a time, while writes go on: the scan of
// a snapshot, and every change since. XOR lets the two come in any order.
internal import MartletBase

/// A build under way, confined to its engine's loop and driven by whoever holds it. Letting go of
/// it frees all that it has come to.
public final class TreeBuild {
    /// What a step came to.
    public enum Step: Hashable, Sendable {
        /// Blocks must be read: the completed read of this ticket is for `supply`.
        case pending(ReadTicket)
        /// A page was taken in: call `step` again, at once or later.
        case page
        /// As many reads wait as may: call `step` again later.
        case refused
        /// The engine's tree is the one built. `isEqual` is false where it was known before and
        /// said something else.
        case done(isEqual: Bool)
        /// Nothing came of it: the partition was dropped meanwhile, which makes its tree known, or
        /// some of it does not read back.
        case abandoned
    }

    /// Whose tree it is.
    public let partition: UInt16
    private let engine: StorageEngine
    private let digest: EntryDigest
    /// What the scan goes by; nil when the build is over.
    private var snapshot: StorageSnapshot?
    /// As fine as any, and folded at the end: how many entries there are is known only then.
    private var tree = MerkleTree(depth: MerkleTree.depthLimit)
    private var cursor: StorageKey?
    private var isWaiting = false

    /// Bytes of entries that one step takes in.
    public static let pageBytes = 64 << 10

    fileprivate init(
        _ partition: UInt16, _ engine: StorageEngine, _ digest: EntryDigest,
        _ snapshot: StorageSnapshot
    ) {
        self.partition = partition
        self.engine = engine
        self.digest = digest
        self.snapshot = snapshot
        engine.trees.begin(self)
    }

    deinit {
        if snapshot != nil { engine.trees.endBuild() }
    }

    /// Goes on with the next page; `abandoned` once the build is over. Not while a ticket is
    /// pending. O(page).
    public func step() -> Step {
        invariant(!isWaiting, "a step of the tree of \(partition) while a read is pending")
        guard let snapshot else { return .abandoned }
        let outcome = engine.scan(
            .objects, partitions: partition...partition, after: cursor, limitBytes: Self.pageBytes,
            in: snapshot, for: .trees)
        switch outcome {
        case .page(let page): return take(page)
        case .pending(let ticket):
            isWaiting = true
            return .pending(ticket)
        case .refused: return .refused
        }
    }

    /// Takes in what the pending read has brought; what a step would have come to. O(page).
    public func supply(_ result: CompletedRead.Result) -> Step {
        invariant(isWaiting, "a page for the tree of \(partition), which waits for none")
        isWaiting = false
        guard snapshot != nil else { return .abandoned }
        guard case .page(let page) = result else {
            engine.trees.endBuild()
            return .abandoned
        }
        return take(page)
    }

    private func take(_ page: ScanPage) -> Step {
        for entry in page.entries {
            let value = entry.value
            tree.insert(digest(entry.key.hash, value.raw), at: entry.key.hash)
        }
        cursor = page.next
        if cursor != nil { return .page }
        engine.trees.endBuild()
        return .done(isEqual: engine.install(tree, as: partition))
    }

    /// Takes in a change that came after the snapshot.
    func fold(_ fold: Fold, at hash: UInt64) { tree.fold(fold, at: hash) }

    /// There is nothing more to be told.
    func end() { snapshot = nil }
}

extension StorageEngine {
    /// The Merkle tree of the objects of `partition`, as they are now; nil where that is unknown
    /// until it is built, since data was lost, and where no trees are kept. O(1).
    public func tree(of partition: UInt16) -> MerkleTree? {
        options.digest == nil ? nil : trees.tree(of: partition)
    }

    /// The partitions of which the tree is unknown, or too coarse for how many objects there are,
    /// ascending: `buildTree` mends both. O(partitions).
    public var treesDue: [UInt16] { trees.due }

    /// How many objects there are, but for partitions of which the tree is unknown. O(partitions).
    public var objectCounts: ObjectCounts { trees.counts }

    /// What the trees take in memory, in bytes. O(partitions).
    public var treeBytes: Int { trees.byteCount }

    /// Begins to build the tree of `partition` from its objects, whether it is due or only to be
    /// verified; nil where a build is under way, or as many snapshots are open as may, or no trees
    /// are kept.
    public func buildTree(of partition: UInt16) -> TreeBuild? {
        guard let digest = options.digest, !trees.isBuilding, let snapshot = snapshot() else {
            return nil
        }
        return TreeBuild(partition, self, digest, snapshot)
    }

    /// Whether the tree that was built is the one that was known, or none was.
    fileprivate func install(_ tree: MerkleTree, as partition: UInt16) -> Bool {
        let isEqual = trees.install(tree, as: partition)
        counts.treeBuilds += 1
        if !isEqual { counts.mendedTrees += 1 }
        return isEqual
    }
}
