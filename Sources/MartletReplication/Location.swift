// The place of a key among all keys, and the names of what is stored for it.
internal import MartletBase
internal import MartletRing
internal import MartletStorage

/// Where a key lies. The key is hashed once, as the place is made.
struct Location: Hashable {
    /// What is stored of the key as a home.
    let objectKey: StorageKey

    init(partition: Partition, key: Bytes) {
        objectKey = .object(partition: partition.index, key: key)
    }

    /// Where the key lies whose object or hint is stored under `storageKey`.
    init(of storageKey: StorageKey) {
        objectKey = storageKey.object
    }

    var partition: Partition { Partition(index: objectKey.partition) }

    var key: Bytes { objectKey.key }

    var removableKey: StorageKey { objectKey.removable }

    func hintKey(for home: NodeID) -> StorageKey { objectKey.hint(for: home) }
}
