// `martlet demo`: a cluster on this machine, to try things on.
internal import ArgumentParser
internal import MartletLocal
internal import MartletServer
internal import MartletViews

/// Runs a small cluster, or has a node of the running one restarted, join or leave.
struct Demo: AsyncParsableCommand {
    /// Where a demo lives unless told otherwise.
    static let standardDirectory = ".martlet"
    /// How many nodes a new demo has unless told otherwise.
    private static let standardCount = 3
    /// How long a restarted node may take to be ready.
    private static let restartLimit = Duration.seconds(60)

    /// What `martlet help demo` says.
    static let configuration = CommandConfiguration(
        abstract: "Run a small cluster on this machine, to try things on.",
        discussion: """
            Starts the nodes, makes a cluster of them the first time, waits until the ring is \
            whole, and shows what goes on. Clients reach the nodes at ports 7400, 7410 and 7420 of \
            127.0.0.1, nodes each other at 7401, 7411 and 7421. Ctrl-C stops all of them; the data \
            stays in the folder and the next demo goes on with it.

            A node that dies is started again after 10 s, so that there is time to see what the \
            others do without it. One more joins with --add, and one leaves with --remove: from \
            another terminal, which shows what moves.

            Examples:
              martlet demo
              martlet demo --restart 2            (from another terminal)
              martlet demo --add
              martlet demo --remove 2
              martlet demo --nodes 5 --dir /tmp/five --base-port 7500
            """)

    /// How many nodes.
    @Option(
        help: ArgumentHelp(
            "How many nodes to run, 1 to 9. Default: those that the folder has, 3 at first.",
            valueName: "number"))
    var nodes: Int?

    /// How many shards each of them has.
    @Option(
        help: ArgumentHelp(
            "How many shards each node has, 1 to 64; fixed with the folder. Default: as many as "
                + "there are, 1 at first.", valueName: "number"))
    var shards: Int?

    /// Where it lives.
    @Option(help: "The folder for configurations, logs and data.")
    var dir = Demo.standardDirectory

    /// Where its ports begin.
    @Option(help: "The first client port; each node takes the next ten.")
    var basePort: UInt16 = 7400

    /// The node to restart.
    @Option(
        help: ArgumentHelp(
            "Have the demo that runs in the folder restart its node of this number: at once when "
                + "it is down, by a clean stop when it runs.", valueName: "number"))
    var restart: Int?

    /// Whether a node is to join.
    @Flag(help: "Have one more node join the demo that runs in the folder, and watch it fill.")
    var add = false

    /// The node that is to leave.
    @Option(
        help: ArgumentHelp(
            "Have the node of this number leave the demo that runs in the folder, and stop it.",
            valueName: "number"))
    var remove: Int?

    /// A demo that was not parsed yet.
    init() {}

    /// Refuses what no machine can run.
    func validate() throws {
        guard [restart != nil, add, remove != nil].count(where: \.self) <= 1 else {
            throw ValidationError("--restart, --add and --remove are asked for one at a time")
        }
        guard nodes.map((1...LocalPlan.nodeLimit).contains) ?? true else {
            throw ValidationError("--nodes must be 1 to \(LocalPlan.nodeLimit)")
        }
        guard shards.map((1...ServerConfiguration.shardLimit).contains) ?? true else {
            throw ValidationError("--shards must be 1 to \(ServerConfiguration.shardLimit)")
        }
        let highest = LocalPlan.highestBasePort(nodeCount: nodes ?? Self.standardCount)
        guard (1...highest).contains(basePort) else {
            throw ValidationError("--base-port must be 1 to \(highest)")
        }
    }

    /// Runs until it is told to stop, or asks the one that runs.
    func run() async throws {
        if let restart { return try await requestRestart(of: restart) }
        if add { return try await DemoChange(in: dir).add() }
        if let remove { return try await DemoChange(in: dir).remove(remove) }
        try await DemoRun(
            LocalPlan(
                numbers: try numbers(), directory: dir, basePort: basePort, shardCount: shards)
        ).run()
    }

    /// The numbers of the nodes to run.
    private func numbers() throws -> [Int] {
        let known = DemoDirectory.numbers(in: dir)
        guard let last = known.last else { return Array(1...(nodes ?? Self.standardCount)) }
        if let nodes, known != Array(1...nodes) {
            let numbers = known.map { "\($0)" }.joined(separator: ", ")
            throw CommandFailure(
                "the data in \(dir) is of nodes \(numbers): leave --nodes away, or give another "
                    + "--dir, or remove it", status: .usage)
        }
        let highest = LocalPlan.highestBasePort(nodeCount: last)
        guard basePort <= highest else {
            throw CommandFailure(
                "--base-port must be 1 to \(highest) for the nodes in \(dir)", status: .usage)
        }
        return known
    }

    private func requestRestart(of number: Int) async throws {
        guard let owner = DemoDirectory.owner(of: dir) else {
            throw CommandFailure("no demo runs in \(dir): start one with 'martlet demo'")
        }
        let plan = LocalPlan(numbers: owner.numbers, directory: dir, basePort: owner.basePort)
        guard let node = plan.nodes.first(where: { $0.number == number }) else {
            let numbers = owner.numbers.map { "\($0)" }.joined(separator: ", ")
            throw CommandFailure(
                "the demo has nodes \(numbers), and no \(number)", status: .usage)
        }
        let path = DemoDirectory.restartPath(number, in: dir)
        try LocalFiles.write("", to: path)
        let deadline = ContinuousClock.now + Self.restartLimit
        var probe = LocalProbe(endpoints: [node.endpoint])
        while LocalFiles.exists(path) { try await Self.pause(until: deadline) }
        while true {
            try await Self.pause(until: deadline)
            guard let report = await probe.reports()[0] else { continue }
            if report.status.ready { break }
        }
        await probe.close()
        Console.line("\(node.name) serves clients at \(node.endpoint) again")
    }

    private static func pause(until deadline: ContinuousClock.Instant) async throws {
        guard ContinuousClock.now < deadline else {
            throw CommandFailure(
                "the node was not ready within \(restartLimit.components.seconds) s",
                status: .unavailable)
        }
        try await Task.sleep(for: .milliseconds(200))
    }
}
