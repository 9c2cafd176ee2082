// The entries in memory: one table per space and partition, so that none grows large enough to
// stall on a rehash, and the keys of a partition are sorted only when a scan asks for them.
internal import MartletBase

struct Memtable {
    private struct Shelf {
        var table: [StorageKey: Bytes] = [:]
        /// The keys ascending; nil when a key came or went since they were last sorted.
        var order: [StorageKey]?

        mutating func sorted() -> [StorageKey] {
            if let order { return order }
            let keys = table.keys.sorted()
            order = keys
            return keys
        }
    }

    /// Indexed by space, then by partition as far as one was written.
    private var shelves: [[Shelf]]
    /// What the entries take, in bytes, with an allowance for each entry's own memory.
    private(set) var byteCount = 0
    private(set) var count = 0
    /// What the keys and values alone take, in bytes.
    var dataBytes: Int { byteCount - count * Self.overheadBytes }

    /// The memory of an entry beside its key and value: table slot, two array headers.
    private static let overheadBytes = 128

    /// What an entry counts for in memory.
    static func entryBytes(_ key: StorageKey, _ value: Bytes) -> Int {
        key.key.count + value.count + overheadBytes
    }

    init() {
        shelves = StorageKey.Space.allCases.map { _ in [] }
    }

    func get(_ key: StorageKey) -> Bytes? {
        let space = Int(key.space.rawValue)
        let partition = Int(key.partition)
        guard partition < shelves[space].count else { return nil }
        return shelves[space][partition].table[key]
    }

    mutating func apply(_ batch: WriteBatch) {
        for change in batch.changes {
            switch change {
            case .put(let key, let value): put(key, value)
            case .delete(let key): delete(key)
            case .drop: break
            }
        }
    }

    private mutating func put(_ key: StorageKey, _ value: Bytes) {
        let space = Int(key.space.rawValue)
        let partition = Int(key.partition)
        while shelves[space].count <= partition { shelves[space].append(Shelf()) }
        byteCount += Self.entryBytes(key, value)
        if let old = shelves[space][partition].table.updateValue(value, forKey: key) {
            byteCount -= Self.entryBytes(key, old)
        } else {
            shelves[space][partition].order = nil
            count += 1
        }
    }

    private mutating func delete(_ key: StorageKey) {
        let space = Int(key.space.rawValue)
        let partition = Int(key.partition)
        guard partition < shelves[space].count,
            let old = shelves[space][partition].table.removeValue(forKey: key)
        else { return }
        shelves[space][partition].order = nil
        byteCount -= Self.entryBytes(key, old)
        count -= 1
    }

    /// See `StorageEngine.scan`.
    mutating func scan(
        _ space: StorageKey.Space, _ partitions: ClosedRange<UInt16>, after cursor: StorageKey?,
        limitBytes: Int
    ) -> ScanPage {
        var page = ScanPage()
        var bytes = 0
        let index = Int(space.rawValue)
        var lowest = Int(partitions.lowerBound)
        if let cursor {
            guard cursor.space <= space else { return page }
            if cursor.space == space { lowest = max(lowest, Int(cursor.partition)) }
        }
        let end = min(Int(partitions.upperBound) + 1, shelves[index].count)
        for partition in lowest..<max(lowest, end) {
            let keys = shelves[index][partition].sorted()
            for key in keys[Self.start(in: keys, after: cursor)...] {
                guard let value = shelves[index][partition].table[key] else { continue }
                if bytes >= limitBytes, let last = page.entries.last {
                    page.next = last.key
                    return page
                }
                bytes += Self.entryBytes(key, value)
                page.entries.append(ScanPage.Entry(key: key, value: value))
            }
        }
        return page
    }

    /// The index of the first key after `cursor`, by binary search.
    private static func start(in keys: [StorageKey], after cursor: StorageKey?) -> Int {
        guard let cursor else { return 0 }
        return keys.partitionIndex { $0 <= cursor }
    }

    /// Recounts what the counters claim; O(n), for tests.
    func checkInvariants() {
        var entries = 0
        var bytes = 0
        for shelf in shelves.joined() {
            entries += shelf.table.count
            for (key, value) in shelf.table {
                bytes += Self.entryBytes(key, value)
            }
            if let order = shelf.order {
                invariant(order == shelf.table.keys.sorted(), "stale order of \(order.count) keys")
            }
        }
        invariant(entries == count, "\(entries) entries, counted \(count)")
        invariant(bytes == byteCount, "\(bytes) bytes, counted \(byteCount)")
    }
}
