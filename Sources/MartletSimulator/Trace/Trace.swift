// What happened in a run, for its page. It looks on: it schedules nothing, notes nothing in the
// event log and draws no random number, so a traced run is the run without a trace.
internal import MartletBase
internal import MartletNode
internal import MartletRing
internal import MartletStorage
internal import MartletVersions
internal import MartletWire

/// Takes down one run; made by whoever wants its page, and handed to that run alone.
package final class Trace {
    /// How often beliefs are looked at, and how often storage.
    private static let beliefInterval = Duration.milliseconds(20)
    private static let sampleInterval = Duration.milliseconds(250)

    /// For each node.
    private(set) var conditions: [ChangeLine<NodeCondition>] = []
    /// For each pair of an observer and a node, in that order, what the one believes of the other;
    /// nil where it knows nothing of it or is down itself.
    private(set) var beliefs: [ChangeLine<MemberState?>] = []
    private(set) var samples: [TraceSample] = []
    /// Requests that a client could not make since its node took no connections.
    private(set) var refusals: [(client: Int, at: Instant)] = []
    private(set) var operations: [TraceOperation] = []
    private(set) var faults: [TraceFault] = []
    var messages = MessageTrace()
    private(set) var removals: [TraceRemoval] = []
    /// When clients and faults began; nil when the run did not get there.
    private(set) var unrest: Instant?
    /// When every fault ended.
    private(set) var healing: Instant?
    private(set) var end = Instant.start
    private(set) var violation: Violation?
    private(set) var scenario: Scenario?

    private var nextBelief = Instant.start
    private var nextSample = Instant.start
    private var topology: Topology?
    private var ends: [Int: (at: Instant, answer: ClientAnswer?)] = [:]
    private(set) var names = Names(keys: [], shardCounts: [])

    /// The key whose messages its page shows; nil for that of the broken promise, or the busiest.
    let key: String?

    /// A trace of nothing yet, whose page is to show `key`.
    package init(of key: String? = nil) { self.key = key }

    var nodeCount: Int { conditions.count }

    /// What `observer` believes of `node`.
    func belief(of observer: Int, about node: Int) -> ChangeLine<MemberState?> {
        beliefs[observer * nodeCount + node]
    }

    // MARK: Looking on

    /// Looks at the world after an event.
    func observe(_ world: World) {
        let now = world.now
        if conditions.isEmpty {
            let count = world.nodes.count
            conditions = Array(repeating: ChangeLine(), count: count)
            beliefs = Array(repeating: ChangeLine(), count: count * count)
        }
        for node in world.nodes {
            conditions[node.index].note(condition(of: node), at: now)
        }
        if world.isRestless { unrest = world.restlessSince }
        if unrest != nil, healing == nil, !world.isRestless { healing = now }
        if now >= nextBelief {
            nextBelief = now + Self.beliefInterval
            lookAtBeliefs(world)
        }
        if now >= nextSample {
            nextSample = now + Self.sampleInterval
            sample(world)
        }
    }

    private func condition(of node: SimulatedShard) -> NodeCondition {
        if !node.isUp { return .down }
        if node.pause != nil { return .paused }
        return node.engine.refusal == nil ? .up : .refusing
    }

    private func lookAtBeliefs(_ world: World) {
        for observer in world.nodes {
            let members = observer.core?.members ?? []
            for node in world.nodes where node.index != observer.index {
                let state = members.first { $0.id == node.id }?.state
                beliefs[observer.index * world.nodes.count + node.index].note(state, at: world.now)
            }
        }
    }

    private func sample(_ world: World) {
        topology = world.nodes.lazy.compactMap { $0.topology }.first ?? topology
        samples.append(
            TraceSample(
                at: world.now,
                hints: world.nodes.map { node in
                    world.shards(of: node.index).reduce(0) {
                        $0 + world.mirror.hintCount(at: $1.index)
                    }
                },
                differing: topology.map { differing(world, $0) } ?? 0))
    }

    private func differing(_ world: World, _ topology: Topology) -> Int {
        world.history.keys.count { key in
            let partition = topology.partition(ofKey: key)
            let entry = StorageKey.object(partition: partition.index, key: key)
            let homes = topology.homes(of: partition).map {
                world.shardIndex(of: $0, for: partition.index)
            }
            let held = homes.map { world.mirror.entry(entry, at: $0)?.bytes }
            return held.dropFirst().contains { $0 != held[0] }
        }
    }

    // MARK: Being told

    /// A client's node took no connections.
    func refused(client: Int, at now: Instant) {
        refusals.append((client, now))
    }

    /// A node has removed the last trace of a key.
    func removed(_ key: Int, at node: Int, _ now: Instant) {
        removals.append(TraceRemoval(node: node, key: key, at: now))
    }

    /// Request `number` was answered, or lost with its node.
    func ended(_ number: Int, _ answer: ClientAnswer?, at now: Instant) {
        ends[number] = (now, answer)
    }

    /// The run is over.
    func conclude(_ world: World) {
        end = max(world.now, .start + .milliseconds(1))
        violation = world.violation
        scenario = world.scenario
        names = world.words.names
        operations = world.history.operations.enumerated().map { operation($1, $0) }
        guard let unrest else { return }
        let over = healing ?? end
        for fault in world.schedule.keptFaults where unrest + fault.at < over {
            let begin = unrest + fault.at
            faults.append(
                TraceFault(
                    name: fault.name, begin: begin, end: min(begin + fault.lasting, over)))
        }
    }

    private func operation(_ operation: Operation, _ number: Int) -> TraceOperation {
        let end = ends[number]
        var dots: [Dot] = []
        var failure: String?
        switch end?.answer {
        case .read(let read): dots = read.object.dots
        case .written(let write): dots = [write.dot]
        case .failed(let error): failure = FailureKind(error).name
        case nil: failure = end == nil ? nil : FailureKind.disconnected.name
        }
        return TraceOperation(
            number: number, kind: operation.kind, client: operation.client, key: operation.key,
            node: operation.node, began: operation.began, ended: end?.at,
            outcome: operation.outcome, failure: failure, dots: dots)
    }
}
