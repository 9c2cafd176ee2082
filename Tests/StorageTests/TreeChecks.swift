// What trees are held against: a scan of what the engine holds. And the words that tests of trees
// use.
import MartletBase
import MartletStorage
import Testing

extension StorageKey.Space {
    /// Those that others than the engine write.
    static let written = allCases.filter { $0 != .trees }
}

extension EntryDigest {
    /// As `bytes`, where the length of a value says what the entry is.
    static let kinds = EntryDigest("kinds") { keyHash, value in
        EntryKind.allCases[value.byteCount % 3].marking(bytes(keyHash, value))
    }
}

extension WriteBatch {
    /// The same changes of `state`, where objects name what they replace.
    func naming(_ state: StorageState) -> WriteBatch {
        var state = state
        var batch = WriteBatch()
        for change in changes {
            switch change {
            case .put(let key, let value) where key.space == .objects:
                batch.put(key, value, replacing: state[key])
            case .delete(let key) where key.space == .objects:
                batch.delete(key, replacing: state[key])
            case .put(let key, let value): batch.put(key, value)
            case .delete(let key): batch.delete(key)
            case .drop(let space, let partition): batch.drop(space, partition: partition)
            }
            var alone = WriteBatch()
            alone.put(change)
            state = state.after(alone)
        }
        return batch
    }

    private mutating func put(_ change: Change) {
        switch change {
        case .put(let key, let value): put(key, value)
        case .delete(let key): delete(key)
        case .drop(let space, let partition): drop(space, partition: partition)
        }
    }
}

extension Sample {
    /// The partitions that tests write to.
    static let partitions: Range<UInt16> = 0..<9

    /// The tree of a partition, by a scan.
    func scannedTree(_ partition: UInt16, depth: Int) throws -> MerkleTree {
        var tree = MerkleTree(depth: depth)
        var cursor: StorageKey?
        repeat {
            let page = try engine.scanNow(
                .objects, partitions: partition...partition, after: cursor)
            for entry in page.entries {
                let value = entry.value
                tree.insert(EntryDigest.kinds(entry.key.hash, value.raw), at: entry.key.hash)
            }
            cursor = page.next
        } while cursor != nil
        return tree
    }

    /// Fails unless every tree is known, and is what a scan says.
    func checkTrees(_ note: @autoclosure () -> String) throws {
        for partition in Self.partitions {
            guard let tree = engine.tree(of: partition) else {
                Issue.record("\(note()): the tree of \(partition) is unknown")
                continue
            }
            let scanned = try scannedTree(partition, depth: tree.depth)
            #expect(tree == scanned, "\(note()): the tree of \(partition)")
        }
    }

    /// Fails unless every tree that is known is what a scan says, if there can be one.
    func checkKnownTrees(_ note: @autoclosure () -> String) {
        if engine.hasBackgroundWork { return }
        for partition in Self.partitions {
            guard let tree = engine.tree(of: partition),
                let scanned = try? scannedTree(partition, depth: tree.depth)
            else { continue }
            #expect(tree == scanned, "\(note()): the tree of \(partition)")
        }
    }

    /// Builds the trees of the partitions that tests write to, where they are due.
    func buildDueTrees() {
        for partition in engine.treesDue where Self.partitions.contains(partition) {
            if let build = engine.buildTree(of: partition) { finish(build) }
        }
    }

    /// Takes a build to its end, with the reads that takes.
    @discardableResult
    func finish(_ build: TreeBuild) -> TreeBuild.Step {
        while true {
            let step = self.step(build)
            if step != .page { return step }
        }
    }

    /// A step of a build, with the read that it takes.
    func step(_ build: TreeBuild) -> TreeBuild.Step {
        let step = build.step()
        guard case .pending(let ticket) = step else { return step }
        guard let completed = read().first(where: { $0.ticket == ticket }) else { return step }
        return build.supply(completed.result)
    }
}
