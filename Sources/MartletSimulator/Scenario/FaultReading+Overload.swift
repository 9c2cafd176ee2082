// The words of a scenario for too much work, and for doing without some of its troubles.
//
//     overload: {factor: 5..40, at: 1s, for: 3s}
//     limits:   {requests: 2..20}
//     swarm:    30%
internal import MartletBase

extension Section {
    private static let overloadFactors = 2...1_000
    private static let requestLimits = 1...1_000_000

    /// The burst that this entry declares; nil when it declares another fault.
    func overload() throws(ScenarioError) -> FaultSpecification? {
        guard let inner = try section("overload") else { return nil }
        try inner.expect(only: Self.timing + ["factor"])
        var factor = 10...10
        try inner.readRange("factor", into: &factor) { (text) throws(WordError) in
            try Self.number(text, within: Self.overloadFactors)
        }
        return try inner.fault(.overload(factor: factor))
    }

    /// What nodes take at most, and the share of the classes that a seed does without.
    func readBounds(into scenario: inout Scenario) throws(ScenarioError) {
        try read("swarm", into: &scenario.swarm, ScenarioText.share)
        guard let limits = try section("limits") else { return }
        try limits.expect(only: ["requests"])
        try limits.read("requests", into: &scenario.requestLimit) { (text) throws(WordError) in
            try ScenarioText.range(text) { (text) throws(WordError) in
                try Self.number(text, within: Self.requestLimits)
            }
        }
    }

    private static func number(
        _ text: String, within range: ClosedRange<Int>
    ) throws(WordError) -> Int {
        let number = try ScenarioText.count(text)
        guard range.contains(number) else {
            throw WordError(
                problem: "\(number) is not between \(range.lowerBound) and \(range.upperBound)")
        }
        return number
    }
}
