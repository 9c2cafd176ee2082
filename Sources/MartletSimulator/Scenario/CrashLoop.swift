// A node that crashes again soon after each start: every crash is a fault of its own, so that it
// can be left out alone.
internal import MartletBase
internal import MartletStorage

extension FaultSpecification {
    /// The most crashes in a row.
    static let loopLimit = 20
    /// How long a node is up before it crashes again, and down before it starts again.
    static let loopUptime = Duration.milliseconds(1)...Duration.seconds(1)
    private static let loopDowntime = Duration.milliseconds(10)...Duration.milliseconds(500)

    /// The crashes that follow the first.
    func crashes(after first: Fault, _ random: inout SeededRandom) -> [Fault] {
        guard loops.upperBound > 1, case .crash(_, let loss) = kind,
            case .crash(let crashes) = first.action, let node = crashes.first?.node
        else { return [] }
        let count = loops.lowerBound + random.below(loops.count)
        var at = first.at + first.lasting
        return (1..<max(1, count)).map { number in
            at = at + random.duration(in: Self.loopUptime)
            let down = random.duration(in: Self.loopDowntime)
            let drawn = loss ?? .drawn(&random)
            defer { at = at + down }
            return Fault(
                at: at, lasting: down, action: .crash([(node, drawn)]),
                name: "crash of \(Names.node(node)) losing \(drawn), \(number + 1) of \(count)")
        }
    }
}
