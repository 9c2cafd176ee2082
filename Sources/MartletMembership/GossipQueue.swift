// What is still to be told, and how often it has been: SWIM's infection-style dissemination
// (section 4.1). It holds ids; what is said of them is looked up when it is said.
internal import MartletBase

/// News, least told first. Holds each member at most once, so the member limit bounds it.
struct GossipQueue: Sendable {
    /// One member of whom there is news.
    struct Entry: Hashable, Sendable {
        /// How often it has been sent.
        var transmissions: Int
        /// Counts up with every piece of news: among equals the oldest goes first.
        var ordinal: UInt64
        /// The member.
        var id: NodeID

        fileprivate func precedes(_ other: Entry) -> Bool {
            (transmissions, ordinal) < (other.transmissions, other.ordinal)
        }
    }

    /// In the order of sending.
    private(set) var entries: [Entry] = []
    private var nextOrdinal: UInt64 = 0

    /// There is news of `id`: it starts from no transmissions again. O(n).
    mutating func add(_ id: NodeID) {
        entries.removeAll { $0.id == id }
        insert(Entry(transmissions: 0, ordinal: nextOrdinal, id: id))
        nextOrdinal += 1
    }

    /// There is nothing more to be told of `id`. O(n).
    mutating func remove(_ id: NodeID) {
        entries.removeAll { $0.id == id }
    }

    /// Takes what fits into `budget` bytes for one datagram, skipping `excluded`, and counts it as
    /// sent; what has been sent `limit` times is dropped. O(n).
    mutating func take(
        budget: Int, limit: Int, excluding excluded: [NodeID], size: (NodeID) -> Int
    ) -> [NodeID] {
        var left = budget
        var taken: [Entry] = []
        var kept: [Entry] = []
        for (index, entry) in entries.enumerated() {
            guard left > 0 else {
                kept.append(contentsOf: entries[index...])
                break
            }
            let cost = excluded.contains(entry.id) ? Int.max : size(entry.id)
            if cost <= left {
                left -= cost
                taken.append(entry)
            } else {
                kept.append(entry)
            }
        }
        guard !taken.isEmpty else { return [] }
        entries = kept
        for var entry in taken {
            entry.transmissions += 1
            if entry.transmissions < limit { insert(entry) }
        }
        return taken.map(\.id)
    }

    private mutating func insert(_ entry: Entry) {
        entries.insert(entry, at: entries.partitionIndex { $0.precedes(entry) })
    }

    func checkInvariants() {
        for (left, right) in zip(entries, entries.dropFirst()) {
            invariant(left.precedes(right), "gossip order at \(right.id)")
        }
        let ids = entries.map(\.id).sorted()
        for (left, right) in zip(ids, ids.dropFirst()) {
            invariant(left != right, "\(left) gossiped twice")
        }
    }
}
