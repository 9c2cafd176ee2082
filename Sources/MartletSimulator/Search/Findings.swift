// What a search has found: counts of all runs, and of those that failed the shortest few for each
// scenario and promise. It writes nothing.
internal import MartletBase

/// The tally of a search.
package struct Findings: Sendable {
    /// The most failing runs kept for one promise in one scenario.
    private static let keptLimit = 3

    /// Runs that are over.
    package private(set) var runCount = 0
    /// Of those, the ones in which a promise was broken.
    package private(set) var failureCount = 0
    /// Of those, the ones in which something expected never occurred.
    package private(set) var vacuousCount = 0
    /// Virtual time of all runs together.
    package private(set) var simulatedTime = Duration.zero
    /// The shortest failing runs, by scenario in the order of their first failure.
    package private(set) var kept: [Search.Run] = []

    /// Nothing found yet.
    package init() {}

    /// Counts a run; O(runs kept).
    package mutating func count(_ report: SimulationReport) {
        runCount += 1
        simulatedTime += report.simulatedTime
        switch report.verdict {
        case .passed: break
        case .failed: failureCount += 1
        case .vacuous: vacuousCount += 1
        }
    }

    /// Keeps a failing run if it is one of the shortest of its kind; O(runs kept).
    ///
    /// - Returns: the run that is kept no longer: `run` itself, or one that it takes the place of;
    ///   nil when nothing had to go.
    @discardableResult
    package mutating func keep(_ run: Search.Run) -> Search.Run? {
        guard case .failed = run.report.verdict else { return run }
        kept.append(run)
        let alike = kept.indices.filter {
            kept[$0].scenario.name == run.scenario.name
                && kept[$0].report.verdict == run.report.verdict
        }
        guard alike.count > Self.keptLimit else { return nil }
        // Of two equally long ones the later goes.
        var longest = alike[0]
        for index in alike where kept[index].length >= kept[longest].length { longest = index }
        return kept.remove(at: longest)
    }
}

extension Search.Run {
    /// How long it took to break the promise.
    fileprivate var length: Duration { report.brokenAt ?? report.simulatedTime }
}
