// What every node holds, followed change by change through its log: so each version is met where
// it is issued, and a hint where it goes. It is the eye of the checkers inside the nodes.
internal import MartletBase
internal import MartletStorage
internal import MartletVersions

/// The entries of all nodes as their logs have made them.
struct ReplicaMirror {
    /// One entry of a node's storage. Most are the same at several nodes, and then they are one.
    final class Entry {
        let bytes: Bytes
        /// What it holds; for a hint by reference, what its node held when it was made.
        let object: Object

        init(bytes: Bytes, object: Object) {
            self.bytes = bytes
            self.object = object
        }

        /// Compared by words, which `==` of arrays is not.
        func holds(_ other: Bytes) -> Bool {
            let own = bytes
            return own.raw.order(against: other.raw) == 0
        }
    }

    /// What stands where in the lists that go by keys.
    private var places: [StorageKey: Int] = [:]
    private var keys: [StorageKey] = []
    /// The entries of each node, by the places of their keys, as far as one was put there.
    private var entries: [[Entry?]]
    /// Of each key, the object that was last put anywhere: mostly the next node puts the same.
    private var latest: [Entry?] = []
    /// A version that came under an entry, and where in the node's log it did.
    private struct Arrival {
        var dot: Dot
        var key: StorageKey
        var position: LogPosition
    }

    /// For each node, what came to it and is not synced yet, in the order of its log.
    private var unsynced: [[Arrival]]
    /// For each node, up to where its log counts as synced in its sync mode.
    private var durable: [LogPosition]
    /// For each node, what the objects covered that a disk at fault has lost or set back since.
    private var forgotten: [[StorageKey: Context]]
    /// For each node, up to where its log is on disk.
    private var onDisk: [LogPosition]
    /// For each node, in which partitions it keeps hints, and how many.
    private var hinted: [[UInt16: Int]]
    /// Hints that came to be.
    private(set) var hintsKept = 0
    /// Hints that their nodes have let go.
    private(set) var hintsReleased = 0
    /// Hints that a crash took before they were synced.
    private(set) var hintsLost = 0
    /// Hints that a crash brought back, since their release was not synced.
    private(set) var hintsReturned = 0

    init(shardCount: Int) {
        entries = [[Entry?]](repeating: [], count: shardCount)
        unsynced = [[Arrival]](repeating: [], count: shardCount)
        durable = [LogPosition](repeating: .start, count: shardCount)
        forgotten = [[StorageKey: Context]](repeating: [:], count: shardCount)
        onDisk = durable
        hinted = [[UInt16: Int]](repeating: [:], count: shardCount)
    }

    /// What is stored under `key` at a node.
    func entry(_ key: StorageKey, at node: Int) -> Entry? {
        places[key].flatMap { entry($0, at: node) }
    }

    /// What is stored under `key` at each of `nodes`.
    func entries(_ key: StorageKey, at nodes: [Int]) -> [Entry?] {
        guard let place = places[key] else { return nodes.map { _ in nil } }
        return nodes.map { entry(place, at: $0) }
    }

    private func entry(_ place: Int, at node: Int) -> Entry? {
        place < entries[node].count ? entries[node][place] : nil
    }

    private mutating func set(_ place: Int, at node: Int, to entry: Entry) {
        while entries[node].count <= place { entries[node].append(nil) }
        entries[node][place] = entry
    }

    /// The place of `key`, which it gets here when it is new.
    private mutating func place(of key: StorageKey) -> Int {
        if let place = places[key] { return place }
        places[key] = keys.count
        keys.append(key)
        latest.append(nil)
        return keys.count - 1
    }

    /// The keys of the entries of a node.
    private func keys(at node: Int) -> some Sequence<StorageKey> {
        entries[node].indices.lazy.filter { entries[node][$0] != nil }.map { keys[$0] }
    }

    /// What a node carries in the hint under `key`; nil for a mark, which carries nothing.
    func carried(by key: StorageKey, at node: Int) -> Object? {
        guard let entry = entry(key, at: node), !Self.isMark(key, entry.bytes) else { return nil }
        return entry.object
    }

    /// The dots that a node holds of the key of `entry`, which changes from `before`: as a stand-in
    /// those of its object and of all its hints for `homes`.
    func standInDots(
        _ entry: StorageKey, before: Entry?, at node: Int, homes: [NodeID]
    ) -> [Dot] {
        let own = before?.object.dots ?? []
        let (partition, key) = (entry.partition, entry.key)
        let others = homes.map { StorageKey.hint(partition: partition, key: key, home: $0) }
        return ([.object(partition: partition, key: key)] + others).reduce(into: own) {
            if $1 != entry { $0 += self.entry($1, at: node)?.object.dots ?? [] }
        }
    }

    /// How many hints a node keeps, up or down.
    func hintCount(at node: Int) -> Int { hintCount(at: node, without: []) }

    /// How many of them are for others than `absent`.
    func hintCount(at node: Int, without absent: [NodeID]) -> Int {
        keys(at: node).count { key in
            key.space == .hints && !absent.contains { $0 == key.home }
        }
    }

    /// Whether what is stored under `key` covers `dot`.
    func covers(_ dot: Dot, under key: StorageKey, at node: Int) -> Bool {
        entry(key, at: node)?.object.covers(dot) ?? false
    }

    /// The objects of `entries`, which a node's storage holds, hints by copy included.
    func objects(
        of entries: [ScanPage.Entry], at node: Int
    ) -> [(key: StorageKey, object: Object)] {
        entries.compactMap { entry in
            if Self.isMark(entry.key, entry.value) { return nil }
            return self.entry(entry.key, at: node).map { (entry.key, $0.object) }
        }
    }

    /// Whether the object under `key` covers `dot`, or did before the node's disk lost that: a
    /// watermark says what was everywhere once, and is true of a home that has lost it since.
    func hasCovered(_ dot: Dot, under key: StorageKey, at node: Int) -> Bool {
        covers(dot, under: key, at: node) || forgotten[node][key]?.covers(dot) ?? false
    }

    /// What came under `key` and is not on disk there yet.
    func unsynced(under key: StorageKey, at node: Int) -> [Dot] {
        unsynced[node].filter { $0.key == key }.map(\.dot)
    }

    /// Whether `dot` came under `key` and does not yet count as synced there.
    func awaitsLog(_ dot: Dot, under key: StorageKey, at node: Int) -> Bool {
        unsynced[node].contains {
            $0.dot == dot && $0.key == key && $0.position > durable[node]
        }
    }

    /// A node's log counts as synced up to `position` in its sync mode.
    mutating func counted(_ node: Int, upTo position: LogPosition) {
        durable[node] = max(durable[node], position)
    }

    /// A node's log is synced up to `position`.
    mutating func synced(_ node: Int, upTo position: LogPosition) {
        counted(node, upTo: position)
        onDisk[node] = max(onDisk[node], position)
        unsynced[node].removeAll { $0.position <= position }
    }

    /// Up to where the log of a node is on disk.
    func synced(_ node: Int) -> LogPosition { onDisk[node] }

    /// The partitions in which a node keeps hints.
    func hintedPartitions(at node: Int) -> some Sequence<UInt16> { hinted[node].keys }

    /// A hint that a node keeps in a partition, of nothing later than `floor`.
    func hint(
        in partition: UInt16, upTo floor: HybridTimestamp, at node: Int
    ) -> StorageKey? {
        keys(at: node).first { key in
            key.space == .hints && key.partition == partition
                && carried(by: key, at: node).map { $0.context.horizon <= floor } ?? false
        }
    }

    private mutating func countHint(_ key: StorageKey, at node: Int, by difference: Int) {
        let count = hinted[node][key.partition, default: 0] + difference
        hinted[node][key.partition] = count > 0 ? count : nil
    }

    /// Takes in a put; the entry before it and after it, or nil when nothing changes, as when a
    /// live entry is logged again.
    mutating func put(
        _ key: StorageKey, _ bytes: Bytes, at node: Int, position: LogPosition
    ) throws(FormatError) -> (before: Entry?, after: Entry)? {
        let place = place(of: key)
        let before = entry(place, at: node)
        if let before, before.holds(bytes) { return nil }
        let after = try entry(of: key, place, bytes, at: node)
        set(place, at: node, to: after)
        for dot in after.object.dots where before?.object.covers(dot) != true {
            unsynced[node].append(Arrival(dot: dot, key: key, position: position))
        }
        if key.space == .hints, before == nil {
            hintsKept += 1
            countHint(key, at: node, by: 1)
        }
        return (before, after)
    }

    /// Takes in a delete; the entry that is gone.
    mutating func delete(_ key: StorageKey, at node: Int) -> Entry? {
        guard let place = places[key], let entry = entry(place, at: node) else { return nil }
        entries[node][place] = nil
        if key.space == .hints {
            hintsReleased += 1
            countHint(key, at: node, by: -1)
        }
        return entry
    }

    /// Takes in that a node holds nothing of a partition any more.
    mutating func drop(_ space: StorageKey.Space, _ partition: UInt16, at node: Int) {
        let gone = keys(at: node).filter { $0.space == space && $0.partition == partition }
        for key in gone { _ = delete(key, at: node) }
    }

    /// A hint by reference begins with a byte that no object begins with.
    private static func isMark(_ key: StorageKey, _ bytes: Bytes) -> Bool {
        key.space == .hints && bytes.first == 0
    }

    private mutating func entry(
        of key: StorageKey, _ place: Int, _ bytes: Bytes, at node: Int
    ) throws(FormatError) -> Entry {
        if Self.isMark(key, bytes) {
            let held = StorageKey.object(partition: key.partition, key: key.key)
            return Entry(bytes: bytes, object: entry(held, at: node)?.object ?? Object())
        }
        if let latest = latest[place], latest.holds(bytes) { return latest }
        var reader = ByteReader(bytes)
        let entry = Entry(bytes: bytes, object: try Object(from: &reader))
        try reader.expectEnd()
        latest[place] = entry
        return entry
    }

    /// Begins anew with what a node's storage came back with after a crash, or holds after a loss.
    /// What a disk at fault had taken in is not forgotten.
    mutating func reload(_ node: SimulatedShard) throws(FormatError) {
        let held = held(by: node, in: .objects) + held(by: node, in: .hints)
        let isDamaged = node.isDamaged
        let node = node.index
        if isDamaged { remember(node) }
        let before = hintKeys(at: node)
        let kept = hintsKept
        entries[node] = []
        hinted[node] = [:]
        for entry in held {
            _ = try put(entry.key, entry.value, at: node, position: .start)
        }
        unsynced[node] = []
        durable[node] = .start
        onDisk[node] = .start
        hintsKept = kept
        let after = hintKeys(at: node)
        hintsLost += before.subtracting(after).count
        hintsReturned += after.subtracting(before).count
    }

    private mutating func remember(_ node: Int) {
        for place in entries[node].indices where keys[place].space == .objects {
            guard let entry = entries[node][place] else { continue }
            forget(entry.object.context, under: keys[place], at: node)
        }
    }

    /// A node that has lost data, or may have, covers the object under `key` no more as it did.
    mutating func forget(_ context: Context, under key: StorageKey, at node: Int) {
        forgotten[node][key, default: Context()].join(context)
    }

    private func hintKeys(at node: Int) -> Set<StorageKey> {
        Set(keys(at: node).lazy.filter { $0.space == .hints })
    }

    /// What a node's storage holds in a space. Where it meets a loss that the node has yet to find,
    /// that is looked up key by key, and what is lost stays as it was: no dot is issued on it.
    private func held(
        by node: SimulatedShard, in space: StorageKey.Space
    ) -> [(key: StorageKey, value: Bytes)] {
        if let all = node.readableEntries(in: space) { return all.map { ($0.key, $0.value) } }
        let known = keys.indices.filter { place in
            keys[place].space == space && entries.indices.contains { entry(place, at: $0) != nil }
        }
        return known.map { keys[$0] }.sorted().compactMap { key in
            switch node.look(for: key) {
            case .found(let bytes): (key, bytes)
            case .absent: nil
            case .notLoaded, .damaged: entry(key, at: node.index).map { (key, $0.bytes) }
            }
        }
    }
}

extension StorageEngine {
    /// Every entry of a space, ascending.
    func scanAll(_ space: StorageKey.Space) throws(StorageError) -> [ScanPage.Entry] {
        var entries: [ScanPage.Entry] = []
        var cursor: StorageKey?
        repeat {
            let page = try scanNow(space, after: cursor)
            entries += page.entries
            cursor = page.next
        } while cursor != nil
        return entries
    }
}
