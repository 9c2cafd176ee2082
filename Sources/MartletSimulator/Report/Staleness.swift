// How far reads are behind: which acknowledged writes a read did not cover that had been
// acknowledged before it began. It is measured always and asserted nowhere; what the store promises
// of reads is a checker's business.
internal import HeapModule
internal import MartletBase
internal import MartletVersions

/// Measures every read of a client against the writes acknowledged until it began. Writes go by
/// their places in their key's lineage.
struct StalenessMeter {
    /// For each key, the acknowledged writes that no other acknowledged write covers.
    private var frontiers: [[Int]]
    /// For each key, when its writes were acknowledged, by place; nil for those that were not.
    private var acknowledgedAt: [[Instant?]]
    /// For each read under way, what it has to cover.
    private var owed: [Int: [Int]] = [:]
    /// Reads that covered everything.
    private(set) var freshReads = 0
    /// The others: how many writes each missed, and how long before it began the newest of them
    /// had been acknowledged.
    private(set) var staleReads: [(missed: Int, age: Duration)] = []

    init(keyCount: Int) {
        frontiers = Array(repeating: [], count: keyCount)
        acknowledgedAt = Array(repeating: [], count: keyCount)
    }

    /// The write at `place` was acknowledged to its client.
    mutating func acknowledged(_ place: Int, key: Int, at now: Instant, _ history: History) {
        let unknown = place + 1 - acknowledgedAt[key].count
        if unknown > 0 { acknowledgedAt[key] += repeatElement(nil, count: unknown) }
        acknowledgedAt[key][place] = now
        let frontier = frontiers[key]
        let lineage = history.lineages[key]
        let later = frontier.filter { $0 >= place }
        if later.contains(place) || lineage.ancestry(of: later, since: place).contains(place) {
            return
        }
        let seen = lineage.ancestry(of: [place], since: frontier.min() ?? place)
        frontiers[key] = frontier.filter { !seen.contains($0) } + [place]
    }

    /// Operation `number`, a read, begins.
    mutating func begins(_ number: Int, key: Int) {
        owed[number] = frontiers[key]
    }

    /// It was never answered, or with an error.
    mutating func abandoned(_ number: Int) {
        owed[number] = nil
    }

    /// It was shown the versions of `key` at the places `shown`.
    mutating func shown(
        _ shown: [Int], of key: Int, to number: Int, began: Instant, _ history: History
    ) {
        guard let owed = owed.removeValue(forKey: number) else { return }
        if owed.allSatisfy(shown.contains) {
            freshReads += 1
            return
        }
        let missed = history.lineages[key].places(behind: owed, notBehind: shown)
            .compactMap { acknowledgedAt[key].indices.contains($0) ? acknowledgedAt[key][$0] : nil }
            .filter { $0 <= began }
        if let newest = missed.max() {
            staleReads.append((missed.count, began.since(newest)))
        } else {
            freshReads += 1
        }
    }
}

extension Lineage {
    /// What `wanted` stand for and `shown` do not, newest first. It walks back only as far as the
    /// two differ: a version is met before those that its writer had seen.
    func places(behind wanted: [Int], notBehind shown: [Int]) -> [Int] {
        var isCovered: [Int: Bool] = [:]
        var steps = Heap<Int>()
        var open = 0
        var missed: [Int] = []
        func visit(_ place: Int, covered: Bool) {
            if let known = isCovered[place] {
                guard covered, !known else { return }
                isCovered[place] = true
                open -= 1
                return
            }
            isCovered[place] = covered
            if !covered { open += 1 }
            steps.insert(place)
        }
        for place in shown { visit(place, covered: true) }
        for place in wanted { visit(place, covered: false) }
        while open > 0, let place = steps.popMax() {
            let covered = isCovered[place] ?? false
            if !covered {
                open -= 1
                missed.append(place)
            }
            for parent in parents(of: place) { visit(parent, covered: covered) }
        }
        return missed
    }
}
