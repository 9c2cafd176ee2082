// How large a cluster is and how much it has to do: numbers of a scenario that may be ranges, from
// which each seed draws.
internal import MartletBase
internal import MartletRing

/// A number of a scenario that may be a range.
enum Measure: String, CaseIterable, Sendable {
    case nodes, spares, shards, zones
    case replicas = "n"
    case partitions, clients, rate, keys

    /// What it may be, in a cluster of at most `nodes`.
    func limits(nodes: Int) -> ClosedRange<Int> {
        switch self {
        case .nodes: 1...64
        case .spares: 0...max(0, nodes - 1)
        case .shards: 1...8
        case .zones: 1...nodes
        case .replicas: 1...Topology.replicaCountLimit
        case .partitions: 1...16_384
        case .clients: 0...1_000
        case .rate: 1...10_000
        case .keys: 1...1_000_000
        }
    }
}

extension Scenario {
    /// A number; where it is a range, what was drawn, and its upper bound before that.
    subscript(measure: Measure) -> Int {
        get {
            switch measure {
            case .nodes: nodeCount
            case .spares: spareCount
            case .shards: shardCount
            case .zones: zoneCount
            case .replicas: replicaCount
            case .partitions: partitionCount
            case .clients: workload.clientCount
            case .rate: workload.rate
            case .keys: workload.keyCount
            }
        }
        set {
            switch measure {
            case .nodes: nodeCount = newValue
            case .spares: spareCount = newValue
            case .shards: shardCount = newValue
            case .zones: zoneCount = newValue
            case .replicas: replicaCount = newValue
            case .partitions: partitionCount = newValue
            case .clients: workload.clientCount = newValue
            case .rate: workload.rate = newValue
            case .keys: workload.keyCount = newValue
            }
        }
    }

    /// How large the cluster is whose nodes have so many shards each, in words.
    func shape(_ shardCounts: [Int]) -> String {
        func count(_ number: Int, _ word: String) -> String {
            "\(number) \(word)\(number == 1 ? "" : "s")"
        }
        let shards =
            Set(shardCounts).count == 1
            ? count(shardCounts[0], "shard")
            : shardCounts.map(String.init).joined(separator: ", ") + " shards"
        let spares = spareCount == 0 ? "" : ", \(spareCount) of them of no ring at first,"
        return "\(count(nodeCount, "node"))\(spares) of \(shards) in "
            + "\(count(zoneCount, "zone")), n = \(replicaCount), "
            + count(partitionCount, "partition")
    }

    /// How many shards each node has: where that is a range, half the seeds draw for each node.
    func shardCounts(_ seed: UInt64) -> [Int] {
        guard let range = ranges[.shards] else {
            return [Int](repeating: shardCount, count: nodeCount)
        }
        var random = SeededRandom(seed: seed, stream: "shards of nodes")
        let areDrawn = random.chance(0.5)
        return (0..<nodeCount).map { _ in areDrawn ? random.count(in: range) : shardCount }
    }

    /// How many nodes the first ring has.
    var ringSize: Int { max(1, nodeCount - spareCount) }

    /// The least number of nodes that a seed may draw.
    var fewestNodes: Int { ranges[.nodes]?.lowerBound ?? nodeCount }

    /// The nodes of a zone, counted from 0.
    func nodes(ofZone zone: Int) -> [Int] {
        (0..<nodeCount).filter { $0 % zoneCount == zone }
    }

    /// The seed of everything that is drawn for the run `seed`: of two scenarios another, so that
    /// one seed does not try one configuration in all of them.
    package func drawSeed(_ seed: UInt64) -> UInt64 {
        var random = SeededRandom(seed: seed, stream: "scenario \(name)")
        return random.next()
    }

    /// The scenario with every number drawn, each from a stream of its own.
    func drawn(_ drawSeed: UInt64) -> Scenario {
        var drawn = self
        for measure in Measure.allCases {
            guard let range = ranges[measure] else { continue }
            var random = SeededRandom(seed: drawSeed, stream: "shape \(measure.rawValue)")
            drawn[measure] =
                measure == .partitions
                ? 1 << random.below(from: range.lowerBound.width, to: range.upperBound.width)
                : random.count(in: range)
        }
        drawn.zoneCount = min(drawn.zoneCount, drawn.nodeCount)
        return drawn
    }
}

extension Int {
    /// The binary logarithm, rounded down.
    fileprivate var width: Int { Int.bitWidth - 1 - leadingZeroBitCount }
}

extension SeededRandom {
    /// One of `choices`.
    mutating func one<Choice>(of choices: [Choice]) -> Choice { choices[below(choices.count)] }

    /// A number of a range, either end of it every sixth time, and by doublings where it spans
    /// more than a decade: what goes wrong does so at bounds, and where little is.
    mutating func count(in range: ClosedRange<Int>) -> Int {
        let (low, high) = (range.lowerBound, range.upperBound)
        switch below(6) {
        case 0: return low
        case 1: return high
        default: break
        }
        guard high > 10 * max(1, low) else { return below(from: low, to: high) }
        let top = min(high, max(1, low) << (1 + below((high / max(1, low)).width + 1)))
        return below(from: low, to: top)
    }

    /// A number of `low` to `high`, all alike.
    fileprivate mutating func below(from low: Int, to high: Int) -> Int {
        low + below(high - low + 1)
    }
}
