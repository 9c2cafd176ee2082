// The versions of one key: who issued them, and which their writers had seen. A version's place is
// its number in the order of issue, so that what its writer had seen always lies before it.
internal import MartletBase
internal import MartletVersions

/// Every version of one key.
struct Lineage {
    /// In the order of issue.
    private(set) var dots: [Dot] = []
    /// When each was issued, as its writer had it.
    private(set) var timestamps: [HybridTimestamp] = []
    /// The places of the deletes among them.
    private(set) var tombstones: [Int] = []
    /// Places by actor, with their counters, ascending.
    private var issued: [Actor: [(counter: UInt64, place: Int)]] = [:]
    /// What the writer of each version had seen, in the order of places, and where each one's end.
    private var parents: [Int] = []
    private var parentEnds: [Int] = []

    /// Adds a version whose writer had seen `seen`; its place.
    mutating func add(_ sibling: Sibling, seen: [Int]) -> Int {
        let (dot, place) = (sibling.dot, dots.count)
        dots.append(dot)
        timestamps.append(sibling.timestamp)
        parents += seen
        parentEnds.append(parents.count)
        if sibling.content == .tombstone { tombstones.append(place) }
        issued[dot.actor, default: []].insert(dot.counter, at: place)
        return place
    }

    /// The places that the writer of the version at `place` had seen.
    func parents(of place: Int) -> ArraySlice<Int> {
        parents[(place == 0 ? 0 : parentEnds[place - 1])..<parentEnds[place]]
    }

    /// The places that `after` covers and `before` does not: O(actors + versions found).
    func places(coveredBy after: Context, beyond before: Context) -> [Int] {
        var found: [Int] = []
        for entry in after.entries {
            let known = before.counter(of: entry.actor)
            guard known < entry.counter, let issued = issued[entry.actor] else { continue }
            let first = issued.partitionIndex { $0.counter <= known }
            for version in issued[first...].prefix(while: { $0.counter <= entry.counter }) {
                found.append(version.place)
            }
        }
        return found
    }

    /// What the writers of `later` had seen, at any remove, as far back as `oldest`: O(what is
    /// found and its parents).
    func ancestry(of later: [Int], since oldest: Int) -> Ancestry {
        var ancestry = Ancestry(since: oldest, before: later.max() ?? oldest)
        for place in later where place > oldest { ancestry.insert(parents(of: place)) }
        ancestry.sweep { ancestry, place in ancestry.insert(parents(of: place)) }
        return ancestry
    }
}

extension [(counter: UInt64, place: Int)] {
    fileprivate mutating func insert(_ counter: UInt64, at place: Int) {
        insert((counter, place), at: partitionIndex { $0.counter < counter })
    }
}

/// A set of places of one key, from the oldest that anybody asks for on.
struct Ancestry {
    private let oldest: Int
    /// One bit for each place.
    private var words: [UInt64]

    fileprivate init(since oldest: Int, before end: Int) {
        self.oldest = oldest
        words = [UInt64](repeating: 0, count: max(0, end - oldest + 63) / 64)
    }

    /// Whether `place` is in it.
    func contains(_ place: Int) -> Bool {
        let offset = place - oldest
        guard offset >= 0, offset / 64 < words.count else { return false }
        return words[offset / 64] & 1 << (offset % 64) != 0
    }

    fileprivate mutating func insert(_ places: ArraySlice<Int>) {
        for place in places where place >= oldest {
            words[(place - oldest) / 64] |= 1 << ((place - oldest) % 64)
        }
    }

    /// Visits every place from the youngest back; `visit` may insert older ones.
    fileprivate mutating func sweep(_ visit: (inout Ancestry, Int) -> Void) {
        for index in words.indices.reversed() {
            var open = words[index]
            while open != 0 {
                let bit = 63 - open.leadingZeroBitCount
                visit(&self, oldest + index * 64 + bit)
                open = words[index] & (1 << bit - 1)
            }
        }
    }
}
