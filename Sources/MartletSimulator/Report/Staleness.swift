// How far reads are behind: which acknowledged writes a read did not cover that had been
// acknowledged before it began. It is measured always and asserted nowhere; what the store promises
// of reads is a checker's business.
internal import HeapModule
internal import MartletBase
internal import MartletVersions

/// Measures every read of a client against the writes acknowledged until it began.
struct StalenessMeter {
    /// For each key, the acknowledged writes that no other acknowledged write covers.
    private var frontiers: [Int: [Dot]] = [:]
    private var acknowledgedAt: [Dot: Instant] = [:]
    /// For each read under way, what it has to cover.
    private var owed: [Int: [Dot]] = [:]
    /// Reads that covered everything.
    private(set) var freshReads = 0
    /// The others: how many writes each missed, and how long before it began the newest of them
    /// had been acknowledged.
    private(set) var staleReads: [(missed: Int, age: Duration)] = []

    /// A write was acknowledged to its client.
    mutating func acknowledged(_ dot: Dot, key: Int, at now: Instant, _ history: History) {
        acknowledgedAt[dot] = now
        var frontier = frontiers[key] ?? []
        if frontier.contains(where: { $0 == dot || history.precedes(dot, $0) }) { return }
        frontier.removeAll { history.precedes($0, dot) }
        frontiers[key] = frontier + [dot]
    }

    /// Operation `number`, a read, begins.
    mutating func begins(_ number: Int, key: Int) {
        owed[number] = frontiers[key] ?? []
    }

    /// It was never answered, or with an error.
    mutating func abandoned(_ number: Int) {
        owed[number] = nil
    }

    /// It was shown `dots`.
    mutating func shown(_ dots: [Dot], to number: Int, began: Instant, _ history: History) {
        guard let owed = owed.removeValue(forKey: number) else { return }
        if owed.allSatisfy(dots.contains) {
            freshReads += 1
            return
        }
        let missed = history.versions(behind: owed, notBehind: dots).compactMap { dot in
            acknowledgedAt[dot].flatMap { $0 <= began ? $0 : nil }
        }
        if let newest = missed.max() {
            staleReads.append((missed.count, began.since(newest)))
        } else {
            freshReads += 1
        }
    }
}

extension History {
    /// A version on its way through a walk from new to old.
    private struct Step: Comparable {
        let sequence: Int
        let dot: Dot

        static func < (left: Step, right: Step) -> Bool { left.sequence < right.sequence }
    }

    /// What `wanted` stand for and `shown` do not, newest first. It walks back only as far as the
    /// two differ: a version is met before those that its writer had seen.
    func versions(behind wanted: [Dot], notBehind shown: [Dot]) -> [Dot] {
        var isCovered: [Dot: Bool] = [:]
        var steps = Heap<Step>()
        var open = 0
        var missed: [Dot] = []
        func visit(_ dot: Dot, covered: Bool) {
            if let known = isCovered[dot] {
                guard covered, !known else { return }
                isCovered[dot] = true
                open -= 1
                return
            }
            isCovered[dot] = covered
            if !covered { open += 1 }
            steps.insert(Step(sequence: versions[dot]?.sequence ?? -1, dot: dot))
        }
        for dot in shown { visit(dot, covered: true) }
        for dot in wanted { visit(dot, covered: false) }
        while open > 0, let step = steps.popMax() {
            let covered = isCovered[step.dot] ?? false
            if !covered {
                open -= 1
                missed.append(step.dot)
            }
            for parent in versions[step.dot]?.parents ?? [] { visit(parent, covered: covered) }
        }
        return missed
    }
}
