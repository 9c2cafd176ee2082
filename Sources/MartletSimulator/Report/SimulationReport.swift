// What a run comes to, for people and for programs. Everything in it is a function of scenario and
// seed; how long the run took on the wall is for the caller to measure.
internal import MartletBase
internal import MartletNode
internal import MartletReplication

/// The outcome of one run.
package struct SimulationReport: Sendable {
    /// What the run says of the store.
    package enum Verdict: Hashable, Sendable {
        /// Every promise held, and everything expected occurred.
        case passed
        /// A promise was broken.
        case failed(Promise)
        /// Every promise held, but these things never occurred: the run shows nothing.
        case vacuous([Occurrence])

        /// One word.
        package var name: String {
            switch self {
            case .passed: "passed"
            case .failed: "failed"
            case .vacuous: "vacuous"
            }
        }
    }

    /// The scenario's name.
    package let scenario: String
    /// The seed.
    package let seed: UInt64
    /// How large the cluster was, in words.
    package internal(set) var cluster = ""
    /// The faults that the seed drew; once the run is over, at times since its start.
    package private(set) var faults: [Fault]
    /// When clients and faults began, since the run's start; nil when the run did not get there.
    package private(set) var unrestBegan: Duration?
    /// When every fault was over; nil when the run did not get there.
    package private(set) var healed: Duration?
    /// Whether what was still to come when a promise was found broken is listed too.
    package var listsWhatFollows = false
    /// The classes of trouble that the scenario has and the seed does without.
    package let leftOut: [String]
    /// What the run says of the store.
    package internal(set) var verdict = Verdict.passed
    /// What shows the broken promise; nil when none is.
    package internal(set) var witness: String?
    /// When it was found, in virtual time since the start; nil when none is.
    package internal(set) var brokenAt: Duration?
    /// Requests of clients: reads, writes with deletes, and those answered without an error.
    package internal(set) var operations = (reads: 0, writes: 0, answered: 0)
    /// Requests that came to nothing, by reason; only reasons that occurred, in a fixed order.
    package internal(set) var failures: [(reason: String, count: Int)] = []
    /// Answering times: the median, and what 99 of 100 kept below.
    package internal(set) var latency = (median: Duration.zero, p99: Duration.zero)
    /// The share of requests answered, second by second.
    package internal(set) var availabilitySpread = AvailabilitySpread([])
    /// How far reads were behind.
    package internal(set) var staleness = Staleness(StalenessMeter(keyCount: 0))
    /// Everything that scenarios can expect, and how often it occurred.
    package internal(set) var occurrences: [(occurrence: Occurrence, count: Int)] = []
    /// The rare branches of the core that some node came by, in the order of their names.
    package internal(set) var rareBranches: [String] = []
    /// Hints: kept, taken by their homes, lost in a crash before they were synced, still there.
    package internal(set) var hints = (kept: 0, delivered: 0, lost: 0, pending: 0)
    /// Whether all replicas were equal after healing as soon as the hints were gone.
    package internal(set) var convergedWithHints = false
    /// The nodes that were left alone, and those that stayed away, from 1; nil when none did.
    package internal(set) var core: String?
    /// From then on until those left had settled; nil when they did not, or none stayed away.
    package internal(set) var coreSettledAfter: Duration?
    /// From healing until no hint was left; nil when some were at the bound.
    package internal(set) var hintsDrainedAfter: Duration?
    /// From healing until all replicas were equal; nil when the run did not get there.
    package internal(set) var settledAfter: Duration?
    /// Virtual time from the first node's start to the end.
    package internal(set) var simulatedTime = Duration.zero
    /// Events handled.
    package internal(set) var events = 0
    /// The hash over all events and the final state.
    package internal(set) var logHash: UInt64 = 0

    init(scenario: String, seed: UInt64, _ schedule: Schedule) {
        self.scenario = scenario
        self.seed = seed
        faults = schedule.keptFaults
        leftOut = schedule.leftOut
    }

    /// The faults that came to pass, for as long as they did, and where that is asked for those
    /// that were still to come.
    package var listedFaults: [Fault] {
        if unrestBegan == nil { return [] }
        let end = healed ?? brokenAt ?? simulatedTime
        if listsWhatFollows { return faults }
        return faults.filter { $0.at <= end }.map { fault in
            var fault = fault
            fault.lasting = min(fault.lasting, end - fault.at)
            return fault
        }
    }

    /// The share of clients' requests that were answered without an error, 0 … 1.
    package var availability: Double {
        let failed = failures.reduce(0) { $0 + $1.count }
        let all = operations.answered + failed
        return all == 0 ? 1 : Double(operations.answered) / Double(all)
    }

    /// How often `occurrence` occurred.
    package func count(_ occurrence: Occurrence) -> Int {
        occurrences.first { $0.occurrence == occurrence }?.count ?? 0
    }

    mutating func conclude(_ world: World) {
        let statistics = world.statistics
        operations = (statistics.reads, statistics.writes, statistics.answered)
        for kind in FailureKind.allCases where statistics.failures[kind.rawValue] > 0 {
            failures.append((kind.name, statistics.failures[kind.rawValue]))
        }
        latency = (statistics.latency(0.5), statistics.latency(0.99))
        availabilitySpread = AvailabilitySpread(statistics.seconds)
        staleness = Staleness(world.staleness)
        hints = (
            world.mirror.hintsKept, world.mirror.hintsReleased, world.mirror.hintsLost,
            world.pendingHints
        )
        simulatedTime = world.now.since(.start)
        events = world.log.count
        logHash = world.log.hash
        if world.isRestless || world.healedAt != nil {
            let began = world.restlessSince.since(.start)
            unrestBegan = began
            for index in faults.indices { faults[index].at += began }
        }
        healed = world.healedAt?.since(.start)
        countOccurrences(world)
        conclude(world.violation, expecting: world.scenario.expects, world.words.names)
    }

    private mutating func countOccurrences(_ world: World) {
        var counts = world.occurrences
        counts[.hintKept] = hints.kept
        counts[.hintDelivered] = hints.delivered
        for node in world.shards {
            counts[.standIn] += node.total(\.standIns)
            counts[.forward] += node.total(\.forwards)
            counts[.hedge] += node.total(\.hedges)
            counts[.repair] += node.total(\.repairs)
            counts[.exchangeMended] += node.total(\.pushes)
        }
        occurrences = Occurrence.allCases.map { ($0, counts[$0]) }
        let branches = Set(world.shards.flatMap(\.rareBranches))
        rareBranches = NodeCore.allRareBranches.filter(branches.contains)
    }

    private mutating func conclude(
        _ violation: Violation?, expecting: [Occurrence], _ names: Names
    ) {
        if let violation {
            verdict = .failed(violation.finding.promise)
            witness = names.told(violation.finding.witness)
            brokenAt = violation.at.since(.start)
            return
        }
        let missing = expecting.filter { count($0) == 0 }
        if !missing.isEmpty { verdict = .vacuous(missing) }
    }
}
