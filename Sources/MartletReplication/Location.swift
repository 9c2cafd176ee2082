// The place of a key among all keys, and the names of what is stored for it.
internal import MartletBase
internal import MartletRing
internal import MartletStorage

/// Where a key lies.
struct Location: Hashable {
    var partition: Partition
    var key: Bytes

    init(partition: Partition, key: Bytes) {
        self.partition = partition
        self.key = key
    }

    /// Where the key lies whose object or hint is stored under `storageKey`.
    init(of storageKey: StorageKey) {
        self.init(
            partition: Partition(index: storageKey.partition), key: storageKey.key)
    }

    var objectKey: StorageKey { .object(partition: partition.index, key: key) }

    var removableKey: StorageKey { .removable(partition: partition.index, key: key) }

    func hintKey(for home: NodeID) -> StorageKey {
        .hint(partition: partition.index, key: key, home: home)
    }
}
