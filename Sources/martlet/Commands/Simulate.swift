// `martlet simulate`: the same node under simulated time and faults. Searching and replaying are
// in the files beside this one.
internal import ArgumentParser
internal import Foundation
internal import MartletSimulator

/// Runs scenarios, searches for seeds that break them, and replays and shrinks those.
struct Simulate: ParsableCommand {
    /// The most seeds in one call.
    private static let seedCountLimit: UInt64 = 1_000_000_000

    /// What `martlet help simulate` says.
    static let configuration = CommandConfiguration(
        abstract: "Run scenarios of faults in simulated time, and check the promises.",
        discussion: """
            The nodes are the server's own code; network, clocks and disks are simulated. The same \
            scenario, seed and martlet give the same run, event for event: the log hash says so.

            A run that breaks a promise leaves a case file, whole in itself: replay it, and shrink \
            it to the least that still breaks the same promise. A search over many seeds or \
            scenarios keeps the shortest such cases; Ctrl-C ends it with what was found. A run \
            that brings martlet itself down leaves its case too, as *-unfinished.yaml, and is \
            named on standard error.

            Nodes are called n1, n2 … everywhere, as scenarios count them; every time is in \
            seconds since the run's start. What scenario files can say is in Simulations/README.md.

            Exits with 1 when a promise was broken, or when what the scenario is about never \
            occurred; a replay, when it is not the run that the case says.

            Examples:
              martlet simulate Simulations/partition-and-heal.yaml --seed 7
              martlet simulate Simulations/partition-and-heal.yaml --seed 7 --html page.html
              martlet simulate Simulations/partition-and-heal.yaml --seed 7 --log | less
              martlet simulate Simulations/partition-and-heal.yaml --seed 7 --log --key key-3
              martlet simulate Simulations/*.yaml --seeds 200 --jobs 4
              martlet simulate Simulations/*.yaml --time-limit 10m
              martlet simulate --replay .martlet-simulations/partition-and-heal-7.yaml
              martlet simulate --shrink .martlet-simulations/partition-and-heal-7.yaml
              martlet simulate Simulations/partition-and-heal.yaml --shrink 7 --html small.html
              martlet simulate Simulations/flaky-network.yaml --compare .build/release/martlet
              martlet simulate Simulations/papers/pbs.yaml
            """)

    /// The scenarios' files.
    @Argument(help: "Scenarios, YAML files.")
    var scenarios: [String] = []

    /// The first seed.
    @Option(help: "The seed that everything random in the run follows from.")
    var seed: UInt64 = 1

    /// How many seeds.
    @Option(
        help: """
            How many seeds to run, counting up from --seed (default: 1, or with a time limit as \
            many as it allows).
            """)
    var seeds: UInt64?

    /// How many threads.
    @Option(help: "How many runs at a time (default: one for each processor).")
    var jobs: Int?

    /// How long a search or shrinking may take.
    @Option(help: "End a search after this time, as 90s, 10m; shrinking after 1m unless told.")
    var timeLimit: DurationArgument?

    /// A case to play again.
    @Option(help: ArgumentHelp("Play a case file again.", valueName: "case"))
    var replay: String?

    /// What to make small.
    @Option(help: ArgumentHelp("Make a failing case small.", valueName: "case-or-seed"))
    var shrink: String?

    /// Another executable to compare with.
    @Option(
        help: ArgumentHelp(
            "Run the seed in another martlet too; show the first event that is not the same.",
            valueName: "program"))
    var compare: String?

    /// Where cases go.
    @Option(help: ArgumentHelp("Where the cases of failed runs go.", valueName: "directory"))
    var keep = ".martlet-simulations"

    /// Whether the output is for programs.
    @Flag(help: "Print JSON, one object for each run.")
    var json = false

    /// Whether every event is printed.
    @Flag(help: "Print every event of the run first.")
    var log = false

    /// The key that alone is told about.
    @Option(
        help: ArgumentHelp(
            "With --log, print only what this key saw, and the faults around it; with --html, show "
                + "this key's messages.",
            valueName: "key"))
    var key: String?

    /// Whether what was still to come after a failure is shown too.
    @Flag(
        help: """
            After a broken promise list, too, the faults that were still to come, and with --log \
            what every node was left with.
            """)
    var after = false

    /// Whether each line of the log tells the hash up to it.
    @Flag(help: "With --log, begin each line with the log hash up to it.")
    var marked = false

    /// Whether a search tells how often each thing occurred.
    @Flag(help: "After a search, print in how many runs each thing that has a name occurred.")
    var coverage = false

    /// Files to leave.
    @OptionGroup
    var files: SimulationFiles

    #if DEBUG
        /// The bug to plant.
        @Option(
            help: ArgumentHelp(
                "Plant a bug, to see that it is found; in debug builds alone.",
                valueName: "bug"))
        var plant: PlantedFault?
    #endif

    /// A simulation that was not parsed yet.
    init() {}

    /// Whether there are several runs.
    var isSearch: Bool { scenarios.count > 1 || seeds ?? 1 > 1 || wantsTimedSearch }

    private var wantsTimedSearch: Bool { timeLimit != nil && shrink == nil }

    /// Refuses what cannot be counted or read, and what does not go together.
    func validate() throws {
        guard (1...Self.seedCountLimit).contains(seeds ?? 1), seed <= .max - Self.seedCountLimit
        else {
            throw ValidationError("--seeds must be 1 to \(Self.seedCountLimit), within 64 bits")
        }
        guard (1...Search.jobLimit).contains(jobs ?? 1) else {
            throw ValidationError("--jobs must be 1 to \(Search.jobLimit)")
        }
        let tasks = [replay, shrink, compare].compactMap { $0 }.count
        if tasks > 1 { throw ValidationError("give one of --replay, --shrink and --compare") }
        if tasks == 1, isSearch {
            throw ValidationError("--replay, --shrink and --compare are for one run")
        }
        let isWhole = replay != nil || shrink.map { UInt64($0) == nil } ?? false
        if isWhole != scenarios.isEmpty {
            throw ValidationError(
                isWhole
                    ? "a case file brings its scenario along: give no other"
                    : "give a scenario, as Simulations/partition-and-heal.yaml")
        }
        if log, json || isSearch || shrink != nil || compare != nil {
            throw ValidationError("--log is for people and for one run")
        }
        if coverage, !isSearch || json {
            throw ValidationError("--coverage is for people and for several runs")
        }
        if marked, !log { throw ValidationError("--marked is for the lines of --log") }
        if key != nil, !log, files.html == nil {
            throw ValidationError("--key is for the lines of --log and the page of --html")
        }
        if files.areAny, compare != nil {
            throw ValidationError("--html and --junit are not for --compare")
        }
    }

    /// Does what the options ask for.
    func run() throws {
        if let replay { return try replayCase(at: replay) }
        if let shrink { return try shrinkCase(shrink) }
        if try runExperiments() { return }
        let scenarios = try scenarios.map { path throws(ScenarioError) in
            try Scenario.load(path: path)
        }
        if let compare { return try compareRun(of: scenarios[0], with: compare) }
        if isSearch { return try search(scenarios) }
        try checkKey(of: scenarios[0])
        let began = ContinuousClock.now
        let trace = files.trace(of: key)
        let report = played(scenarios[0], seed: seed, tracing: trace, logging: logging)
        let wall = began.duration(to: .now)
        let command = command(of: report)
        Console.line(json ? report.json : report.text(wall: wall, command: command))
        try files.write(report, trace, command: command)
        if case .failed = report.verdict {
            try leave(SimulationCase(scenarios[0], as: report), called: caseName(of: report))
        }
        if report.verdict != .passed { throw CommandStatus.failed }
    }

    /// What prints the log's lines; nil when nobody asked for them.
    var logging: ((LoggedLine) -> Void)? {
        guard log else { return nil }
        return { [marked, after] line in
            if line.isAftermath, !after { return }
            Console.line(marked ? line.marked : line.text)
        }
    }

    /// Refuses a key that the scenario does not have.
    func checkKey(of scenario: Scenario) throws {
        if let key, let problem = scenario.objection(toKey: key) {
            throw CommandFailure(problem, status: .usage)
        }
    }

    /// Plays a run as the options ask for it.
    func played(
        _ scenario: Scenario, seed: UInt64, reduced reduction: Reduction = Reduction(),
        tracing trace: Trace? = nil, logging: ((LoggedLine) -> Void)? = nil
    ) -> SimulationReport {
        #if DEBUG
            var report = Simulation.run(
                scenario, seed: seed, reduced: reduction, planting: plant, tracing: trace,
                logging: logging, about: key)
        #else
            var report = Simulation.run(
                scenario, seed: seed, reduced: reduction, tracing: trace, logging: logging,
                about: key)
        #endif
        report.listsWhatFollows = after
        return report
    }

    // MARK: Case files

    /// What runs the same again.
    func command(of report: SimulationReport) -> String {
        let path = scenarios.first { path in
            path.split(separator: "/").last?.hasPrefix(report.scenario + ".") ?? false
        }
        return "martlet simulate \(path ?? report.scenario) --seed \(report.seed)\(planted)"
    }

    /// The option that plants the bug which is planted; nothing when none is.
    var planted: String {
        #if DEBUG
            plant.map { " --plant \($0.rawValue)" } ?? ""
        #else
            ""
        #endif
    }

    /// The name of a run's case file, without the extension.
    func caseName(of report: SimulationReport) -> String { "\(report.scenario)-\(report.seed)" }

    /// Writes a case and says what can be done with it.
    func leave(_ kept: SimulationCase, called name: String) throws {
        let path = "\(keep)/\(name).yaml"
        do {
            try FileManager.default.createDirectory(
                atPath: keep, withIntermediateDirectories: true)
            try kept.text.write(toFile: path, atomically: true, encoding: .utf8)
        } catch {
            throw CommandFailure("\(path) cannot be written: \(error.localizedDescription)")
        }
        let text =
            "  case        \(path): replay it with martlet simulate --replay \(path)\(planted)"
        if json { Console.error(text) } else { Console.line(text) }
    }
}

#if DEBUG
    /// By its name, as `losesHints`.
    extension PlantedFault: ExpressibleByArgument {}
#endif
