// `martlet simulate`: the same node under simulated time and faults.
internal import ArgumentParser
internal import MartletSimulator

/// Runs a scenario.
struct Simulate: ParsableCommand {
    /// The most seeds in one call.
    private static let seedCountLimit: UInt64 = 1_000_000

    /// What `martlet help simulate` says.
    static let configuration = CommandConfiguration(
        abstract: "Run a scenario of faults in simulated time, and check the promises.",
        discussion: """
            The nodes are the server's own code; network, clocks and disks are simulated. The same \
            scenario, seed and martlet give the same run, event for event: the log hash says so, \
            and a run that failed is repeated by its seed.

            Exits with 1 when a promise was broken, or when what the scenario is about never \
            occurred. With several seeds one line is printed for each, and whole reports for those \
            that did not pass.

            Examples:
              martlet simulate Simulations/partition-and-heal.yaml --seed 7
              martlet simulate Simulations/partition-and-heal.yaml --seed 1 --seeds 200
              martlet simulate Simulations/partition-and-heal.yaml --seed 7 --log | less
            """)

    /// The scenario's file.
    @Argument(help: "The scenario, a YAML file.")
    var scenario: String

    /// The first seed.
    @Option(help: "The seed that everything random in the run follows from.")
    var seed: UInt64 = 1

    /// How many seeds.
    @Option(help: "How many seeds to run, counting up from --seed.")
    var seeds: UInt64 = 1

    /// Whether the output is for programs.
    @Flag(help: "Print JSON, one object for each seed.")
    var json = false

    /// Whether every event is printed.
    @Flag(help: "Print every event of the run first.")
    var log = false

    /// Files to leave.
    @OptionGroup
    var files: SimulationFiles

    /// A simulation that was not parsed yet.
    init() {}

    /// Refuses what cannot be counted or read.
    func validate() throws {
        guard (1...Self.seedCountLimit).contains(seeds), seed <= .max - seeds else {
            throw ValidationError("--seeds must be 1 to \(Self.seedCountLimit), within 64 bits")
        }
        if log, json || seeds > 1 {
            throw ValidationError("--log is for people and for one seed")
        }
    }

    /// Runs every seed and prints what they came to.
    func run() throws {
        let path = scenario
        let scenario = try Scenario.load(path: path)
        var failures = 0
        var contents = files.contents
        for seed in seed..<seed + seeds {
            let trace = contents.trace
            let clock = ContinuousClock()
            let began = clock.now
            let report = Simulation.run(
                scenario, seed: seed, tracing: trace, logging: log ? { Console.line($0) } : nil)
            let wall = began.duration(to: clock.now)
            let command = "martlet simulate \(path) --seed \(seed)"
            contents.add(report, trace, command: command)
            if report.verdict != .passed { failures += 1 }
            Console.line(text(of: report, wall: wall, command: command))
        }
        try files.write(contents)
        if seeds > 1, !json {
            Console.line("\(seeds - UInt64(failures)) of \(seeds) seeds passed")
        }
        if failures > 0 { throw CommandStatus.failed }
    }

    private func text(of report: SimulationReport, wall: Duration, command: String) -> String {
        if json { return report.json }
        guard seeds > 1, report.verdict == .passed else {
            return report.text(wall: wall, command: command)
        }
        return "\(report.scenario) seed \(report.seed): passed, log hash \(report.hashText)"
    }
}
