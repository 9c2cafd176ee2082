// What operators do to the ring in a run: as a scenario declares it, and as an exact act. What
// comes of it is in `World+Ring`.
//
//     reweigh:     {at: 1s..9s, count: 1..3, weight: 1..5}    a member gets another weight
//     rereplicate: {at: 5s, replicas: 2..4}                   partitions get more homes, or fewer
//     resize:      {at: 2s..9s, count: 1..4}                a node of no ring joins, or one leaves
//     call-off:    {at: 6s, chance: 50%}                      what moves goes back
internal import MartletBase
internal import MartletRing

/// An act of an operator as a scenario declares it.
package enum RingActSpecification: Sendable {
    /// A member, drawn, gets another weight.
    case reweigh(weight: ClosedRange<Int>)
    /// Each partition gets so many homes.
    case rereplicate(ClosedRange<Int>)
    /// A node, drawn, joins where it is of no ring, or leaves.
    case resize
    /// What moves goes back to where it was.
    case callOff

    /// The exact act that comes of it.
    func drawn(_ nodes: Int, _ random: inout SeededRandom) -> RingAct {
        let asked = random.below(nodes)
        let node = random.below(nodes)
        return switch self {
        case .reweigh(let weights):
            RingAct(
                asked: asked,
                change: .reweigh(
                    node, weight: weights.lowerBound + random.below(weights.count)))
        case .rereplicate(let counts):
            RingAct(
                asked: asked,
                change: .rereplicate(counts.lowerBound + random.below(counts.count)))
        case .resize: RingAct(asked: asked, change: .resize(node))
        case .callOff: RingAct(asked: asked, change: .callOff)
        }
    }
}

/// An act of an operator at one node, counted from 0.
struct RingAct: Sendable {
    /// What it is.
    enum Change: Sendable {
        case reweigh(Int, weight: Int)
        case rereplicate(Int)
        case resize(Int)
        case callOff
    }

    var asked: Int
    var change: Change

    /// What it is called.
    var name: String {
        let place = "asked of \(Names.node(asked))"
        return switch change {
        case .reweigh(let node, let weight):
            "reweigh of \(Names.node(node)) to \(weight), \(place)"
        case .rereplicate(let count): "rereplicate to \(count), \(place)"
        case .resize(let node): "resize by \(Names.node(node)), \(place)"
        case .callOff: "call-off, \(place)"
        }
    }
}

extension Section {
    static let ringActKinds = ["reweigh", "rereplicate", "resize", "call-off"]
    private static let momentary = ["at", "count", "chance"]
    private static let weights = 1...1_000

    /// The act of an operator that this entry declares; nil when it declares another fault.
    func ringAct() throws(ScenarioError) -> FaultSpecification? {
        if let inner = try section("reweigh") {
            try inner.expect(only: Self.momentary + ["weight"])
            var weight = 1...4
            try inner.readRange("weight", into: &weight, ScenarioText.count)
            guard Self.weights.contains(weight.lowerBound), Self.weights.contains(weight.upperBound)
            else { throw inner.error("a weight is 1 to \(Self.weights.upperBound)") }
            return try inner.fault(.ring(.reweigh(weight: weight)), isLasting: false)
        }
        if let inner = try section("rereplicate") {
            try inner.expect(only: Self.momentary + ["replicas"])
            var replicas = 3...3
            try inner.readRange("replicas", into: &replicas, ScenarioText.count)
            let limit = Topology.replicaCountLimit
            guard replicas.lowerBound >= 1, replicas.upperBound <= limit else {
                throw inner.error("replicas are 1 to \(limit)")
            }
            return try inner.fault(.ring(.rereplicate(replicas)), isLasting: false)
        }
        if let inner = try section("resize") {
            try inner.expect(only: Self.momentary)
            return try inner.fault(.ring(.resize), isLasting: false)
        }
        guard let inner = try section("call-off") else { return nil }
        try inner.expect(only: Self.momentary)
        return try inner.fault(.ring(.callOff), isLasting: false)
    }
}
