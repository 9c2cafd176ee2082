// The versions of one key, by who issued them: which of them a context newly covers is found
// without walking over all.
internal import MartletBase
internal import MartletVersions

/// Every version of one key.
struct Lineage {
    /// In the order of issue.
    private(set) var dots: [Dot] = []
    /// The deletes among them.
    private(set) var tombstones: [Dot] = []
    /// Counters by actor, ascending.
    private var counters: [Actor: [UInt64]] = [:]

    mutating func add(_ sibling: Sibling) {
        let dot = sibling.dot
        dots.append(dot)
        if sibling.content == .tombstone { tombstones.append(dot) }
        let issued = counters[dot.actor] ?? []
        let index = issued.partitionIndex { $0 < dot.counter }
        counters[dot.actor, default: []].insert(dot.counter, at: index)
    }

    /// The versions that `after` covers and `before` does not: O(actors + versions found).
    func versions(coveredBy after: Context, beyond before: Context) -> [Dot] {
        var found: [Dot] = []
        for entry in after.entries {
            let known = before.counter(of: entry.actor)
            guard known < entry.counter, let issued = counters[entry.actor] else { continue }
            let first = issued.partitionIndex { $0 <= known }
            for counter in issued[first...].prefix(while: { $0 <= entry.counter }) {
                found.append(Dot(actor: entry.actor, counter: counter))
            }
        }
        return found
    }
}
