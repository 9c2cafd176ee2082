// Merkle trees are what they are said to be: the digests of all that the storage holds.
internal import MartletBase
internal import MartletStorage
internal import MartletVersions

/// Compares the trees of a node with what a scan shows.
struct TreeCheck {
    let node: Int
    let engine: StorageEngine
    /// The objects that a scan shows.
    let held: [ScanPage.Entry]
    let partitionCount: Int

    /// A tree that is not known yet says nothing wrong. O(entries).
    func run() -> Finding? {
        var roots: [UInt16: UInt64] = [:]
        for entry in held {
            let value = entry.value
            roots[entry.key.partition, default: 0] ^=
                Object.digest(keyHash: entry.key.hash, value.raw)
        }
        for partition in (0..<partitionCount).map({ UInt16($0) }) {
            guard let tree = engine.tree(of: partition) else { continue }
            if tree.root == roots[partition, default: 0] { continue }
            return Finding(
                .treesTrue,
                "node \(node + 1): the tree of partition \(partition) is not what it holds")
        }
        return nil
    }
}
