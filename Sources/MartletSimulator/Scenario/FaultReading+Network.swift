// The words of a scenario for what goes wrong between nodes: slow and clogged links, faults that
// come and go, and packets that arrive out of order or changed.
//
//     slow:    {from: any, to: 2, factor: 10..100, at: 1s, for: 5s}
//     swizzle: {links: 20%..60%, at: 1s, for: 5s}
//     network: {tail: 1.5..3, reordering: 1%, corruption: 0.1%}
internal import MartletBase

extension Section {
    static let linkFaultKinds = ["slow", "swizzle"]
    /// Shorter turns than this would only fill the schedule.
    private static let flappingLeast = Duration.milliseconds(10)
    private static let factors = 2...1_000
    /// Below, hardly a packet would arrive before it is given up; above, there is no tail.
    private static let tails = 1.1...10.0

    /// The fault of links that are not cut, only late; nil when the entry declares another.
    func linkFault() throws(ScenarioError) -> FaultSpecification? {
        if let inner = try section("slow") {
            try inner.expect(only: Self.timing + ["from", "to", "factor"])
            var factor = 10...100
            try inner.readRange("factor", into: &factor, ScenarioText.count)
            guard Self.factors.contains(factor.lowerBound), Self.factors.contains(factor.upperBound)
            else { throw inner.error("factor must be 2 to 1000") }
            return try inner.fault(
                .slow(from: try inner.choice("from"), to: try inner.choice("to"), factor: factor))
        }
        guard let inner = try section("swizzle") else { return nil }
        try inner.expect(only: Self.timing + ["links"])
        var share = 0.2...0.6
        try inner.readRange("links", into: &share, ScenarioText.share)
        return try inner.fault(.swizzle(share: share))
    }

    /// Which packets of an isolated node do not pass.
    func isolationDirection() throws(ScenarioError) -> IsolationDirection {
        var direction = IsolationDirection.both
        try read("direction", into: &direction) { (text) throws(WordError) in
            guard let direction = IsolationDirection(rawValue: text) else {
                throw WordError(problem: "\(text) is no direction: write in, out or both")
            }
            return direction
        }
        return direction
    }

    /// How long a fault that comes and goes is there and is not; nil for one that stays.
    func flapping() throws(ScenarioError) -> ClosedRange<Duration>? {
        guard has("flapping") else { return nil }
        var flapping = Duration.zero...Duration.zero
        try readRange("flapping", into: &flapping, ScenarioText.duration)
        guard flapping.lowerBound >= Self.flappingLeast else {
            throw error("flapping must be 10ms or more")
        }
        return flapping
    }

    /// The network's settings beyond delay, loss, duplication and breaks.
    func readMishaps(into network: inout NetworkSettings) throws(ScenarioError) {
        try readRange("reordering", into: &network.reordering, ScenarioText.share)
        try readRange("corruption", into: &network.corruption, ScenarioText.share)
        guard has("tail") else { return }
        var tail = 2.0...2.0
        try readRange("tail", into: &tail) { (text) throws(WordError) in
            guard let number = Double(text), Self.tails.contains(number) else {
                throw WordError(problem: "\(text) is no exponent from 1.1 to 10")
            }
            return number
        }
        network.tail = tail
    }
}
