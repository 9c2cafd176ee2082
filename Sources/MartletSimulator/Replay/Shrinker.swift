// Makes a failing run small: leaves out one thing after the other and keeps what still breaks the
// same promise. What it plays, and for how long it may, are its caller's; what can be left out is
// `Reduction`'s.
//
//     nodes ─► time ─► kinds of faults ─► faults ─► clients ─► requests ─► bytes ─┐
//       ▲                                                                         │
//       └──────────── again, until nothing more can be left out ──────────────────┘
internal import MartletBase

/// A search for the least of a failing run. Lists are reduced by Zeller and Hildebrandt's ddmin
/// ("Simplifying and Isolating Failure-Inducing Input", TSE 2002), numbers by bisection.
package struct Shrinker {
    /// Plays the run of a reduction.
    package typealias Play = (Reduction) -> SimulationReport

    /// The least that breaks the promise so far.
    package private(set) var reduction: Reduction
    /// Its run.
    package private(set) var report: SimulationReport
    /// The runs played so far.
    package private(set) var runCount = 1
    /// Whether the smallest case, played twice more at the end, was the same run both times.
    package private(set) var isVerified = false

    private let scenario: Scenario
    private let promise: Promise
    private let play: Play
    private let isOver: () -> Bool

    /// A shrinker of the run that `play` makes of `reduction`; nil when no promise is broken in it.
    ///
    /// - Parameters:
    ///   - scenario: what is played; its counts are where the reductions begin.
    ///   - isOver: asked before each run; from its first yes on nothing more is tried.
    package init?(
        _ scenario: Scenario, from reduction: Reduction = Reduction(),
        until isOver: @escaping () -> Bool = { false }, playing play: @escaping Play
    ) {
        let report = play(reduction)
        guard case .failed(let promise) = report.verdict else { return nil }
        (self.scenario, self.reduction, self.report) = (scenario, reduction, report)
        (self.promise, self.play, self.isOver) = (promise, play, isOver)
    }

    /// Leaves out whatever can be, then plays what is left twice more.
    package mutating func shrink() {
        var before: Reduction
        repeat {
            before = reduction
            shrinkNodes()
            shrinkDuration()
            dropKindsOfFaults()
            minimise(\.faults, of: keptFaults)
            minimise(\.clients, of: keptClients)
            lower(\.requestLimit, from: requestCount, least: 0)
            skipRequests()
            lower(\.valueBytesLimit, from: valueBytes, least: 0)
        } while reduction != before && !isOver()
        isVerified = (0..<2).allSatisfy { _ in play(reduction).logHash == report.logHash }
        runCount += 2
    }

    /// Plays `candidate` and takes it over if it breaks the promise too.
    private mutating func accepts(_ candidate: Reduction) -> Bool {
        guard candidate != reduction, !isOver() else { return false }
        runCount += 1
        let outcome = play(candidate)
        guard outcome.verdict == .failed(promise) else { return false }
        (reduction, report) = (candidate, outcome)
        return true
    }

    // MARK: What there is to leave out

    private var keptFaults: [Int] { reduction.faults ?? Array(report.faults.indices) }

    private var keptClients: [Int] {
        reduction.clients ?? Array(0..<scenario.workload.clientCount)
    }

    private var requestCount: Int {
        reduction.requestLimit
            ?? (reduction.requestsSkipped ?? 0) + report.operations.reads + report.operations.writes
    }

    private var valueBytes: Int {
        reduction.valueBytesLimit ?? scenario.workload.valueBytes.upperBound
    }

    /// A smaller cluster draws anew, so that faults chosen by index would be others.
    private mutating func shrinkNodes() {
        guard reduction.faults == nil else { return }
        var count = max(scenario.losesDisks ? 2 : 1, scenario.highestNode)
        while count < reduction.nodeCount ?? scenario.nodeCount {
            var candidate = reduction
            candidate.nodeCount = count
            if accepts(candidate) { return }
            count += 1
        }
    }

    /// First everything after the failure, then what was before it; to the millisecond.
    private mutating func shrinkDuration() {
        let lasted = (report.brokenAt ?? .zero) - (report.unrestBegan ?? .zero)
        let end = min(reduction.duration(of: scenario), max(.zero, lasted))
        var candidate = reduction
        candidate.duration = .milliseconds(end.milliseconds + 1)
        if candidate.duration ?? .zero < reduction.duration(of: scenario) { _ = accepts(candidate) }
        var low: UInt64 = 0
        var high = reduction.duration(of: scenario).milliseconds
        while low + 1 < high {
            candidate = reduction
            candidate.duration = .milliseconds((low + high) / 2)
            if accepts(candidate) { high = (low + high) / 2 } else { low = (low + high) / 2 }
        }
    }

    /// Faults whose names begin with one word are of one kind.
    private mutating func dropKindsOfFaults() {
        var kinds: [Substring] = []
        for kind in report.faults.map(\.kindName) where !kinds.contains(kind) { kinds.append(kind) }
        for kind in kinds {
            let others = zip(keptFaults, report.faults).filter { $1.kindName != kind }.map(\.0)
            var candidate = reduction
            candidate.faults = others
            _ = accepts(candidate)
        }
    }

    /// Leaves out as many of each client's first requests as it can.
    private mutating func skipRequests() {
        var low = reduction.requestsSkipped ?? 0
        var high = requestCount
        while low + 1 < high {
            var candidate = reduction
            let middle = (low + high) / 2
            candidate.requestsSkipped = middle
            if accepts(candidate) { low = middle } else { high = middle }
        }
    }

    // MARK: Lists and numbers

    /// ddmin: takes away a half, a quarter, … a single one of the list, for as long as that helps.
    private mutating func minimise(_ path: WritableKeyPath<Reduction, [Int]?>, of items: [Int]) {
        var kept = items
        var pieces = 1
        while !kept.isEmpty {
            let size = (kept.count + pieces - 1) / pieces
            let start = stride(from: 0, to: kept.count, by: size).first { start in
                var candidate = reduction
                candidate[keyPath: path] =
                    Array(kept[..<start]) + Array(kept[min(start + size, kept.count)...])
                return accepts(candidate)
            }
            if let start {
                kept.removeSubrange(start..<min(start + size, kept.count))
                pieces = max(1, pieces - 1)
            } else if size == 1 {
                return
            } else {
                pieces = min(kept.count, pieces * 2)
            }
        }
    }

    /// Bisects between `least` and `most`, of which the latter is known to fail.
    private mutating func lower(
        _ path: WritableKeyPath<Reduction, Int?>, from most: Int, least: Int
    ) {
        var low = least
        var high = most
        while low < high {
            var candidate = reduction
            let middle = (low + high) / 2
            candidate[keyPath: path] = middle
            if accepts(candidate) { high = middle } else { low = middle + 1 }
        }
    }
}

extension Scenario {
    /// The highest node that a fault names; 0 when none does.
    var highestNode: Int { faults.compactMap(\.highestNode).max() ?? 0 }

    /// Whether a node may lose its disk: alone, it would have nobody to learn its ring from.
    fileprivate var losesDisks: Bool {
        faults.contains { if case .node(.lostDisk) = $0.kind { true } else { false } }
    }
}

extension Fault {
    fileprivate var kindName: Substring { name.prefix { $0 != " " } }
}
