// A scenario and a seed come to a schedule: every range drawn, every fault an exact event. It is
// what a run is played from; the draws of one concern never shift those of another.
internal import MartletAntiEntropy
internal import MartletBase
internal import MartletHandover
internal import MartletMembership
internal import MartletNode
internal import MartletReplication
internal import MartletStorage

/// An exact fault.
package struct Fault: Sendable, CustomStringConvertible {
    /// What happens.
    enum Action: Sendable {
        /// These nodes crash, each with its own loss, and start again at the end.
        case crash([(node: Int, loss: MemoryDisk.CrashLoss)])
        /// Packets do not pass from the first to the second of each pair.
        case block([(from: Int, to: Int)])
        /// Packets take so many times as long from the first to the second of each pair.
        case slow([(from: Int, to: Int)], factor: Int)
        /// Packets from the first to the second of each pair wait until it is over.
        case clog([(from: Int, to: Int)])
        /// Something else befalls one node.
        case node(NodeFault)
        /// Every client makes its requests so many times as often.
        case overload(factor: Int)
        /// An operator changes the ring.
        case ring(RingAct)
    }

    /// When it begins, from the start of the workload.
    package var at: Duration
    /// How long it lasts.
    package var lasting: Duration
    /// What happens.
    var action: Action
    /// What it is called, with its nodes counted from 1.
    package var name: String
    /// What has occurred when it begins, besides what every fault of its kind counts.
    var marks: [Occurrence] = []

    /// One line: what, when, for how long.
    package var description: String {
        if case .node(let fault) = action, !fault.isLasting, lasting == .zero {
            return "\(name) at \(Self.text(at))"
        }
        if case .ring = action { return "\(name) at \(Self.text(at))" }
        return "\(name) at \(Self.text(at)) for \(Self.text(lasting))"
    }

    private static func text(_ duration: Duration) -> String {
        let milliseconds = duration.milliseconds
        let rest = milliseconds % 1_000
        return "\(milliseconds / 1_000).\(rest < 100 ? "0" : "")\(rest < 10 ? "0" : "")\(rest)s"
    }
}

/// Everything that a seed decides before the run.
struct Schedule {
    /// What everything is drawn from: `Scenario.drawSeed` of the run's seed.
    let seed: UInt64
    let conditions: NetworkConditions
    let syncDelay: ClosedRange<Duration>
    /// How each node's wall clock goes.
    let clocks: [WallClock]
    let replication: ReplicationOptions
    let storage: StorageOptions
    let antiEntropy: AntiEntropyOptions
    let membership: MembershipOptions
    let handover: HandoverOptions
    /// How old each node is.
    let ages: [Age]
    /// How many shards each node has.
    let shardCounts: [Int]
    let faults: [Fault]
    /// Who is left when the unrest is over.
    let core: Core
    /// What of all this a run leaves out.
    var reduction = Reduction()
    /// The classes of trouble that this seed does without.
    let leftOut: [String]

    /// What `seed` decides, but for the configuration, which is that of another seed where one is
    /// given: which troubles there are, the network's settings, and the nodes' options.
    init(_ whole: Scenario, seed: UInt64, configuration other: UInt64? = nil) {
        let configuration = other ?? seed
        self.seed = seed
        let swarm = Swarm(whole, seed: configuration)
        leftOut = swarm.leftOut.map(\.rawValue)
        let scenario = swarm.thinned(whole)
        var network = SeededRandom(seed: configuration, stream: "network settings")
        var conditions = NetworkConditions(
            delay: network.duration(over: scenario.network.delay),
            loss: network.probability(in: scenario.network.loss),
            duplication: network.probability(in: scenario.network.duplication),
            breaks: network.probability(in: scenario.network.breaks))
        conditions.drawMishaps(scenario.network, seed: configuration)
        swarm.thin(&conditions)
        self.conditions = conditions
        var disks = SeededRandom(seed: configuration, stream: "disks")
        syncDelay = scenario.syncDelay.lowerBound...disks.top(of: scenario.syncDelay)
        clocks = WallClock.drawn(scenario, seed: seed)
        replication = .drawn(scenario, configuration)
        storage = .drawn(scenario, configuration)
        antiEntropy = .drawn(scenario, configuration)
        membership = .drawn(scenario, configuration)
        handover = .drawn(scenario, configuration)
        ages = Age.drawn(scenario, configuration)
        shardCounts = whole.shardCounts(configuration)
        var faults: [Fault] = []
        for (index, specification) in scenario.faults.enumerated() {
            var random = SeededRandom(seed: seed, stream: "fault \(index)")
            faults += specification.drawn(scenario, &random)
        }
        self.faults = faults.sparingLostDisks(clocks)
        core = Core(scenario, seed: seed)
    }
}

extension FaultSpecification {
    /// The exact faults that come of it under one seed.
    fileprivate func drawn(_ scenario: Scenario, _ random: inout SeededRandom) -> [Fault] {
        guard random.chance(chance) else { return [] }
        let count = self.count.lowerBound + random.below(self.count.count)
        return (0..<count).flatMap { _ in
            let at = random.duration(in: at)
            let lasting = min(
                random.duration(in: self.lasting), max(.zero, scenario.duration - at))
            let (action, name) = draw(scenario, &random)
            let fault = Fault(at: at, lasting: lasting, action: action, name: name)
            return parts(of: fault, &random) + crashes(after: fault, &random)
        }
    }

    private func draw(
        _ scenario: Scenario, _ random: inout SeededRandom
    ) -> (Fault.Action, String) {
        let nodes = scenario.nodeCount
        switch kind {
        case .crash(let choice, let loss):
            let node = choice.drawn(nodes, &random)
            let drawn = loss ?? .drawn(&random)
            return (.crash([(node, drawn)]), "crash of \(Names.node(node)) losing \(drawn)")
        case .crashAll(let loss):
            let drawn = loss ?? .drawn(&random)
            return (.crash((0..<nodes).map { ($0, drawn) }), "crash of all losing \(drawn)")
        case .crashZone(let loss):
            let zone = random.below(scenario.zoneCount)
            let drawn = loss ?? .drawn(&random)
            return (
                .crash(scenario.nodes(ofZone: zone).map { ($0, drawn) }),
                "crash of zone \(zone + 1) losing \(drawn)"
            )
        case .partition(.zone):
            let zone = scenario.nodes(ofZone: random.below(scenario.zoneCount))
            let pairs = Self.pairs(between: [zone], of: nodes)
            let text = zone.map { Names.node($0) }.joined(separator: ",")
            return (.block(pairs), "partition \(text) | the others")
        case .partition(let grouping):
            let groups = grouping.drawn(nodes, &random)
            let text = groups.map { $0.map(Names.node).joined(separator: ",") }
                .joined(separator: " | ")
            return (.block(Self.pairs(between: groups, of: nodes)), "partition \(text)")
        case .isolate(let choice, let direction):
            let node = choice.drawn(nodes, &random)
            let pairs = Self.pairs(between: [[node]], of: nodes)
            return (.block(direction.kept(of: pairs, around: node)), direction.name(of: node))
        case .oneWay(let from, let to):
            let pair = from.drawn(to: to, nodes, &random)
            return (.block([pair]), "one-way block " + Names.way(pair))
        case .slow(let from, let to, let factor):
            return slowLink(from.drawn(to: to, nodes, &random), factor, &random)
        case .swizzle(let share): return swizzled(share, of: nodes, &random)
        case .node(let specification):
            let fault = specification.drawn(nodes, &random)
            return (.node(fault), fault.name)
        case .overload(let factors):
            let factor = factors.lowerBound + random.below(factors.count)
            return (.overload(factor: factor), "overload, \(factor) times the rate")
        case .ring(let specification):
            let act = specification.drawn(nodes, &random)
            return (.ring(act), act.name)
        }
    }

    /// Every directed pair of nodes that are not in one group.
    private static func pairs(between groups: [[Int]], of nodes: Int) -> [(from: Int, to: Int)] {
        var group = (0..<nodes).map { -1 - $0 }
        for (index, members) in groups.enumerated() {
            for member in members { group[member] = index }
        }
        // Whoever is in no group of a single listed one stays together with the others like it.
        if groups.count == 1 { group = group.map { $0 == 0 ? 0 : 1 } }
        var pairs: [(from: Int, to: Int)] = []
        for from in 0..<nodes {
            for to in 0..<nodes where group[from] != group[to] { pairs.append((from, to)) }
        }
        return pairs
    }
}

extension NodeChoice {
    func drawn(_ nodes: Int, _ random: inout SeededRandom) -> Int {
        let any = random.below(nodes)
        return if case .number(let number) = self { number - 1 } else { any }
    }

    /// A directed pair of nodes, which are two wherever there are two.
    fileprivate func drawn(
        to other: NodeChoice, _ nodes: Int, _ random: inout SeededRandom
    ) -> (from: Int, to: Int) {
        let source = drawn(nodes, &random)
        let target = other.drawn(nodes, &random)
        return (source, target == source ? (target + 1) % nodes : target)
    }
}

extension Grouping {
    fileprivate func drawn(_ nodes: Int, _ random: inout SeededRandom) -> [[Int]] {
        var order = Array(0..<nodes)
        for index in order.indices.dropLast() {
            order.swapAt(index, index + random.below(nodes - index))
        }
        let size =
            switch self {
            case .halves: nodes / 2
            case .random: 1 + random.below(max(1, nodes - 1))
            case .groups, .split, .zone: 0
            }
        if case .groups(let groups) = self { return groups.map { $0.map { $0 - 1 } } }
        if case .split(let count) = self { return Self.dealt(order, count) }
        return [order[..<size].sorted(), order[size...].sorted()]
    }
}

extension MemoryDisk.CrashLoss {
    static func drawn(_ random: inout SeededRandom) -> MemoryDisk.CrashLoss {
        allCases[random.below(allCases.count)]
    }
}

extension SeededRandom {
    /// A duration in `range`: uniformly, or by halvings where it spans more than a decade.
    mutating func duration(over range: ClosedRange<Duration>) -> Duration {
        duration(in: range.lowerBound...top(of: range))
    }

    /// The upper end of `range`, or of a part of it where it spans more than a decade.
    mutating func top(of range: ClosedRange<Duration>) -> Duration {
        top(of: range, decade: range.lowerBound * 10) { $0 / 2 }
    }

    private mutating func top<Value>(
        of range: ClosedRange<Value>, decade: Value, half: (Value) -> Value
    ) -> Value {
        var top = range.upperBound
        guard top > decade else { return top }
        for _ in 0..<below(10) where half(top) > range.lowerBound { top = half(top) }
        return top
    }

    /// A probability in `range`: uniformly, or by halvings where it spans more than a decade, so
    /// that the small ones are drawn too.
    mutating func probability(in range: ClosedRange<Double>) -> Double {
        let low = range.lowerBound
        let top = top(of: range, decade: 10 * low) { $0 / 2 }
        return low + (top - low) * unit()
    }
}
