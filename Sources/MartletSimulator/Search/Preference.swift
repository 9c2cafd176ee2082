// Which configurations a search goes back to: those of runs in which something occurred that is
// rare in the search so far. A configuration in which a rare thing could occur, played with another
// course of events, is the likeliest to show it again in other company.
internal import MartletBase

/// What a search has learnt of its configurations.
struct Preference: Sendable {
    /// How many of the rarest things a configuration is drawn for.
    private static let rarestCount = 12
    /// Configurations remembered for one thing in one scenario: the first that it occurred in.
    private static let parentLimit = 8

    private var coverage = Coverage()
    /// By scenario and thing the configurations in which it occurred.
    private var parents: [[[UInt64]]]

    init(scenarioCount: Int) {
        parents = Array(
            repeating: Array(repeating: [], count: Coverage.names.count), count: scenarioCount)
    }

    /// Takes in a run of a scenario.
    mutating func learn(_ report: SimulationReport, scenario: Int) {
        coverage.count(report)
        let configuration = JointSeed.configuration(of: report.seed)
        for place in Coverage.places(of: report)
        where parents[scenario][place].count < Self.parentLimit
            && !parents[scenario][place].contains(configuration)
        {
            parents[scenario][place].append(configuration)
        }
    }

    /// The seed to play a scenario under in place of `seed`: its own events in a configuration in
    /// which something rare occurred; `seed` itself while nothing did.
    func seed(inPlaceOf seed: UInt64, scenario: Int) -> UInt64 {
        let occurred = Coverage.names.indices.filter { !parents[scenario][$0].isEmpty }
            .sorted { (coverage.runCounts[$0], $0) < (coverage.runCounts[$1], $1) }
        let rarest = occurred.prefix(Self.rarestCount)
        if rarest.isEmpty { return seed }
        var random = SeededRandom(seed: seed, stream: "preference \(scenario)")
        let configurations = parents[scenario][rarest[random.below(rarest.count)]]
        let configuration = configurations[random.below(configurations.count)]
        return JointSeed.joining(configuration: configuration, with: seed) ?? seed
    }
}
