// The reads that wait for blocks: who waits for which, what has gone out, what has completed.
internal import MartletBase

struct PendingReads {
    /// A read that waits for one block.
    enum Reader {
        case lookup(Lookup, ReadTicket)
        case scan(Scan, ReadTicket)
    }

    /// A load that is not released.
    struct Load {
        var keys: [StorageKey]
        /// Lookups that have not ended.
        var remaining: Int
    }

    /// What loads have brought for a key, and how many hold it: two may want the same key, and the
    /// first to be released must not take it from the other.
    private struct Brought {
        /// Nil while no lookup has ended.
        var outcome: ReadOutcome?
        /// Whether the outcome is newer than what a lookup brings that began before.
        var isNewer = false
        var holders = 0
    }

    private(set) var loads: [ReadTicket: Load] = [:]
    private var brought: [StorageKey: Brought] = [:]
    private var waiting: [BlockRead.BlockID: [Reader]] = [:]
    private var outgoing: [BlockRead] = []
    private var completed: [CompletedRead] = []
    private var lastTicket: UInt64 = 0
    /// Scans that have not ended.
    private var scanCount = 0

    /// Loads and scans that have not ended.
    var count: Int { loads.count + scanCount }

    mutating func newTicket(for owner: ReadOwner) -> ReadTicket {
        lastTicket += 1
        return ReadTicket(rawValue: lastTicket, owner: owner)
    }

    // MARK: Waiting

    /// Notes that `reader` waits for a block, which goes out unless it is on its way already.
    mutating func wait(_ reader: Reader, for block: Int, of table: Table) {
        let id = BlockRead.BlockID(table: table.summary.number, index: block)
        if waiting[id] == nil { outgoing.append(BlockRead(id: id, map: table.map)) }
        waiting[id, default: []].append(reader)
    }

    mutating func takeOutgoing() -> [BlockRead] {
        if outgoing.isEmpty { return [] }
        defer { outgoing.removeAll() }
        return outgoing
    }

    /// Those that waited for a block, in the order in which they came.
    mutating func takeWaiting(for id: BlockRead.BlockID) -> [Reader] {
        waiting.removeValue(forKey: id) ?? []
    }

    var hasCompleted: Bool { !completed.isEmpty }

    mutating func takeCompleted() -> [CompletedRead] {
        if completed.isEmpty { return [] }
        defer { completed.removeAll() }
        return completed
    }

    // MARK: Loads

    mutating func begin(_ ticket: ReadTicket, _ keys: [StorageKey]) {
        loads[ticket] = Load(keys: keys, remaining: keys.count)
        for key in keys { brought[key, default: Brought()].holders += 1 }
    }

    /// A lookup of the load has ended.
    mutating func end(_ ticket: ReadTicket, _ key: StorageKey, _ outcome: ReadOutcome) {
        guard var load = loads[ticket] else { return }
        load.remaining -= 1
        loads[ticket] = load
        if brought[key]?.isNewer == false { brought[key]?.outcome = outcome }
        if load.remaining == 0 {
            completed.append(CompletedRead(ticket: ticket, result: .loaded))
        }
    }

    mutating func release(_ ticket: ReadTicket) {
        guard let load = loads.removeValue(forKey: ticket) else { return }
        invariant(load.remaining == 0, "a load released with \(load.remaining) lookups to come")
        for key in load.keys {
            guard var entry = brought[key] else { continue }
            entry.holders -= 1
            brought[key] = entry.holders == 0 ? nil : entry
        }
    }

    /// Memtables have gone into tables that the loads do not look into: what `find` says that they
    /// held of a key stands over what a load brings. O(keys held).
    mutating func supersede(_ find: (StorageKey) -> ReadOutcome?) {
        for key in brought.keys {
            guard let outcome = find(key) else { continue }
            brought[key]?.outcome = outcome
            brought[key]?.isNewer = true
        }
    }

    /// What a load holds of `key`; nil when none does.
    func outcome(of key: StorageKey) -> ReadOutcome? {
        brought.isEmpty ? nil : brought[key]?.outcome
    }

    // MARK: Scans

    mutating func beginScan() { scanCount += 1 }

    mutating func end(_ ticket: ReadTicket, _ result: CompletedRead.Result) {
        scanCount -= 1
        completed.append(CompletedRead(ticket: ticket, result: result))
    }
}
