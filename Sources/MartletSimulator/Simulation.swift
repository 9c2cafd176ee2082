// One run from the making of the cluster to the verdict: assemble, unrest, healing, settling.
//
//     assemble   nodes start, meet through their seeds, one creates the ring, all adopt it
//     unrest     clients and faults, for the scenario's duration
//     the core   where the scenario asks for it: some nodes stay away, the others serve and settle
//     healing    every fault ends, every node is up, clients are done
//     settling   within the bound no hint is left and all replicas are equal, by hints and
//                exchanges: nobody reads
//     rest       nobody asks anything, and nodes do no more than they must
internal import MartletBase
internal import MartletNode
internal import MartletReplication
internal import MartletRing
internal import MartletStorage

/// Runs scenarios.
package enum Simulation {
    private static let assemblyBound = Duration.seconds(60)
    private static let settlingStep = Duration.milliseconds(200)
    /// The share of the bound that hints are given to drain, before it is looked whether all
    /// replicas are equal without that: one part in so many.
    private static let hintShare = 2
    /// How long the nodes are watched that nobody asks anything any more.
    private static let restTime = Duration.seconds(10)
    /// How often it is looked whether all replicas are equal.
    private static let settlingPass = Duration.seconds(1)

    /// Runs `scenario` under `seed`: the same two give the same report, in any process and build.
    ///
    /// - Parameters:
    ///   - reduction: what of the run is left out.
    ///   - trace: takes what the run's page is drawn from, when one is wanted.
    ///   - logging: takes every line of the event log, when it is wanted.
    ///   - key: what alone the lines are about, and the faults around it; nil for everything.
    package static func run(
        _ scenario: Scenario, seed: UInt64, reduced reduction: Reduction = Reduction(),
        tracing trace: Trace? = nil, logging: ((LoggedLine) -> Void)? = nil,
        about key: String? = nil
    ) -> SimulationReport {
        play(
            scenario, seed: seed, reduction, planted: nil, tracing: trace, logging: logging,
            about: key)
    }

    #if DEBUG
        /// Runs `scenario` with a bug planted, to see that its checker catches it. Tests only.
        package static func run(
            _ scenario: Scenario, seed: UInt64, reduced reduction: Reduction = Reduction(),
            planting planted: PlantedFault?, tracing trace: Trace? = nil,
            logging: ((LoggedLine) -> Void)? = nil, about key: String? = nil
        ) -> SimulationReport {
            play(
                scenario, seed: seed, reduction, planted: planted, tracing: trace,
                logging: logging, about: key)
        }
    #endif

    private static func play(
        _ whole: Scenario, seed: UInt64, _ reduction: Reduction, planted: PlantedFault?,
        tracing trace: Trace?, logging: ((LoggedLine) -> Void)?, about key: String?
    ) -> SimulationReport {
        let configuration = whole.drawSeed(JointSeed.configuration(of: seed))
        let scenario = reduction.applied(to: whole.drawn(configuration))
        var schedule = Schedule(
            scenario, seed: whole.drawSeed(seed), configuration: configuration)
        schedule.reduction = reduction
        var report = SimulationReport(scenario: scenario.name, seed: seed, schedule)
        report.cluster = scenario.shape(schedule.shardCounts)
        do {
            var world = try World(
                scenario, schedule: schedule, planted: planted, logging: logging,
                about: key.map { Bytes(text: $0) })
            world.trace = trace
            assemble(&world)
            if world.violation == nil {
                world.preload()
                world.beginRestlessness()
                world.run(until: world.now + reduction.duration(of: scenario))
            }
            if world.violation == nil, !world.schedule.core.absences.isEmpty {
                report.core = world.schedule.core.description
                report.coreSettledAfter = world.settleCore()
            }
            if world.violation == nil {
                world.heal()
                settle(&world, &report)
            }
            world.noteFinalState()
            report.conclude(world)
            trace?.conclude(world)
        } catch {
            fatalError("an empty disk in memory does not open: \(error)")
        }
        return report
    }

    /// Starts the nodes, waits until each knows all others, creates the ring on the first; then
    /// starts those that are of no ring.
    private static func assemble(_ world: inout World) {
        let count = world.scenario.ringSize
        start(world.nodes.prefix(count), &world)
        let end = world.now + assemblyBound
        while world.violation == nil, world.now < end {
            world.run(until: world.now + .milliseconds(500))
            if world.shards.allSatisfy({ $0.topology != nil }) { return }
            let spares = world.nodes.dropFirst(count)
            if let first = spares.first, first.id == nil,
                world.nodes.prefix(count).allSatisfy({ $0.topology != nil })
            {
                start(spares, &world)
            }
            guard world.nodes[0].topology == nil,
                world.nodes.prefix(count).allSatisfy({ $0.core?.members.count == count }),
                let partitions = PartitionCount(world.scenario.partitionCount)
            else { continue }
            var random = SeededRandom(seed: world.schedule.seed, stream: "secret")
            let request = CreationRequest(
                memberCount: count, secret: .drawn(by: &random),
                replicaCount: world.scenario.replicaCount,
                partitionCount: partitions)
            world.turn(0, .operatorAsked(RequestID(rawValue: .max), .create(request)))
        }
        let outcome = world.creation.map { "\($0)" } ?? "not all nodes met"
        world.found(
            Finding(.oneTopology, "no ring on every node within \(assemblyBound): \(outcome)"))
    }

    private static func start(_ nodes: ArraySlice<SimulatedShard>, _ world: inout World) {
        for node in nodes {
            let offset = Duration.milliseconds(10 * node.index)
            world.queue.schedule(.nodeStarts(node.index, life: 0), at: world.now + offset)
        }
    }

    /// Nobody asks anything any more: what is done all the same is counted.
    private static func rest(_ world: inout World) {
        world.checkRequestWork()
        world.work = WorkMeter()
        world.run(until: world.now + restTime)
        world.checkIdleWork(lasting: restTime)
    }

    private static func settle(_ world: inout World, _ report: inout SimulationReport) {
        let healed = world.now
        let bound = world.scenario.settle
        func noteHints() {
            guard report.hintsDrainedAfter == nil, world.areHintsDelivered else { return }
            report.hintsDrainedAfter = world.now.since(healed)
        }
        _ = world.run(within: bound / hintShare, step: settlingStep) {
            $0.everyNodeIsIdle && $0.areHintsDelivered
        }
        guard world.violation == nil else { return }
        noteHints()
        var finding = world.unsettled()
        report.convergedWithHints = finding == nil
        finding = world.unmet() ?? world.stillMoving() ?? finding
        while finding != nil, world.violation == nil, world.now.since(healed) < bound {
            world.run(until: world.now + settlingPass)
            noteHints()
            finding = world.unmet() ?? world.stillMoving() ?? world.unsettled()
        }
        if finding == nil { report.settledAfter = world.now.since(healed) }
        world.found(finding)
        if finding == nil { world.checkShownOrder() }
        world.checkAlways()
        world.checkTrees()
        world.checkHintCounts()
        if finding == nil { rest(&world) }
    }
}

extension World {
    func everyNode(_ holds: (NodeCore) -> Bool) -> Bool {
        nodes.allSatisfy { $0.core.map(holds) ?? $0.isOut }
    }

    /// Whether all nodes are up, with no request under way.
    var everyNodeIsIdle: Bool {
        shards.allSatisfy { $0.core.map { $0.operationsInFlight == 0 } ?? $0.isOut }
    }

    /// Folds what every node holds at the end into the log's hash.
    mutating func noteFinalState() {
        for node in shards {
            for entry in entries(of: node, in: .objects) + entries(of: node, in: .hints) {
                log.note(
                    now, node.index, .state,
                    StableHash.hash(entry.value, seed: entry.key.hash),
                    words.final(entry.key, entry.value))
            }
        }
    }
}
