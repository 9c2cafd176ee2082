// What the faults between nodes come to under one seed: the turns of one that comes and goes, the
// links of a swizzle, each a fault of its own, so that a failing run can be shrunk link by link.
internal import MartletBase

extension FaultSpecification {
    /// The fault itself, or the turns in which it comes and goes, or one fault for each link of a
    /// swizzle.
    func parts(of fault: Fault, _ random: inout SeededRandom) -> [Fault] {
        var fault = fault
        fault.marks = marks(of: fault.action)
        if case .clog(let links) = fault.action { return clogs(links, in: fault, &random) }
        guard let flapping else { return [fault] }
        let end = fault.at + fault.lasting
        var turns: [Fault] = []
        var at = fault.at
        while at < end {
            var turn = fault
            turn.at = at
            turn.lasting = min(random.duration(in: flapping), end - at)
            if !turns.isEmpty { turn.marks.append(.flapping) }
            turns.append(turn)
            at += turn.lasting + random.duration(in: flapping)
        }
        return turns
    }

    private func marks(of action: Fault.Action) -> [Occurrence] {
        guard case .block(let pairs) = action else { return [] }
        var marks: [Occurrence] = []
        switch kind {
        case .partition(.split(let count)) where count > 2: marks.append(.split)
        case .partition(.groups(let groups)) where groups.count > 2: marks.append(.split)
        default: break
        }
        let isOneWay = pairs.contains { pair in
            !pairs.contains { $0.from == pair.to && $0.to == pair.from }
        }
        if isOneWay { marks.append(.oneWay) }
        return marks
    }

    func slowLink(
        _ pair: (from: Int, to: Int), _ factors: ClosedRange<Int>, _ random: inout SeededRandom
    ) -> (Fault.Action, String) {
        let factor = factors.lowerBound + random.below(factors.count)
        return (
            .slow([pair], factor: factor),
            "slow link \(Names.way(pair)), \(factor) times"
        )
    }

    // MARK: Swizzles

    /// The links that a swizzle clogs, in that order; at least one where there is one.
    func swizzled(
        _ share: ClosedRange<Double>, of nodes: Int, _ random: inout SeededRandom
    ) -> (Fault.Action, String) {
        var links: [(from: Int, to: Int)] = []
        for from in 0..<nodes {
            for to in 0..<nodes where to != from { links.append((from, to)) }
        }
        for index in links.indices.dropLast() {
            links.swapAt(index, index + random.below(links.count - index))
        }
        let drawn = share.lowerBound + (share.upperBound - share.lowerBound) * random.unit()
        let count = max(1, Int(Double(links.count) * drawn))
        return (.clog(Array(links.prefix(count))), "swizzle")
    }

    /// Each link is clogged at a moment of the first half and freed at one of the second, so that
    /// in the middle all are, and they come free in an order of their own.
    private func clogs(
        _ links: [(from: Int, to: Int)], in whole: Fault, _ random: inout SeededRandom
    ) -> [Fault] {
        let half = Duration.nanoseconds(whole.lasting.nanoseconds / 2)
        let clogs = links.map { link in
            let begin = random.duration(in: .zero...half)
            let end = random.duration(in: half...whole.lasting)
            return Fault(
                at: whole.at + begin, lasting: end - begin, action: .clog([link]),
                name: "clog of \(Names.way(link))")
        }
        return clogs.sorted { $0.at < $1.at }
    }
}

extension IsolationDirection {
    /// Those of the pairs around `node` that it is for.
    func kept(of pairs: [(from: Int, to: Int)], around node: Int) -> [(from: Int, to: Int)] {
        switch self {
        case .inbound: pairs.filter { $0.to == node }
        case .outbound: pairs.filter { $0.from == node }
        case .both: pairs
        }
    }

    func name(of node: Int) -> String {
        switch self {
        case .inbound: "isolation of \(Names.node(node)) from what it is sent"
        case .outbound: "isolation of \(Names.node(node)) from whom it sends to"
        case .both: "isolation of \(Names.node(node))"
        }
    }
}

extension Grouping {
    /// `nodes` dealt to so many groups, as cards are.
    static func dealt(_ nodes: [Int], _ count: Int) -> [[Int]] {
        (0..<count).map { group in
            stride(from: group, to: nodes.count, by: count).map { nodes[$0] }.sorted()
        }
    }
}
