// What the event queue is ordered by: a heap of small plain entries, four children to each, so that
// sinking one touches few cache lines and moves no event.
internal import MartletBase

/// When something is due, and in which slot it waits. Two of one instant come in the order in which
/// they were added.
struct Agenda {
    struct Entry {
        var at: UInt64
        var sequence: UInt64
        var slot: Int

        @inline(__always)
        fileprivate func precedes(_ other: Entry) -> Bool {
            at == other.at ? sequence < other.sequence : at < other.at
        }
    }

    /// The entry at `i` precedes those from `4i + 1` to `4i + 4`.
    private var entries: [Entry] = []
    private var nextSequence: UInt64 = 0

    private static let width = 4

    /// What is due next.
    var first: Entry? { entries.first }

    /// O(log n).
    mutating func add(_ slot: Int, at time: Instant) {
        let entry = Entry(at: time.nanoseconds, sequence: nextSequence, slot: slot)
        nextSequence += 1
        entries.append(entry)
        var entries = entries.mutableSpan
        var hole = entries.count - 1
        while hole > 0 {
            let parent = (hole - 1) / Self.width
            guard entry.precedes(entries[parent]) else { break }
            entries[hole] = entries[parent]
            hole = parent
        }
        entries[hole] = entry
    }

    /// Takes the first out. O(log n).
    mutating func removeFirst() {
        let entry = entries.removeLast()
        if entries.isEmpty { return }
        var entries = entries.mutableSpan
        var hole = 0
        while true {
            let child = hole * Self.width + 1
            guard child < entries.count else { break }
            var least = child
            var first = entries[child]
            for other in child + 1..<max(child + 1, min(child + Self.width, entries.count)) {
                let candidate = entries[other]
                if candidate.precedes(first) { (least, first) = (other, candidate) }
            }
            guard first.precedes(entry) else { break }
            entries[hole] = first
            hole = least
        }
        entries[hole] = entry
    }
}
