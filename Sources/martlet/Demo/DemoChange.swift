// How a node joins the demo that runs, or leaves it: as in any cluster, with the process started
// and stopped by the demo.
internal import MartletClient
internal import MartletLocal
internal import MartletViews

/// Changes the nodes of a running demo, from another process.
struct DemoChange {
    /// How long a step may take that is not the moving itself.
    private static let limit = Duration.seconds(60)
    /// Between two looks.
    private static let pause = Duration.milliseconds(200)

    private let directory: String
    private let owner: DemoOwner

    /// The demo that runs in `directory`.
    init(in directory: String) throws(CommandFailure) {
        guard let owner = DemoDirectory.owner(of: directory) else {
            throw CommandFailure("no demo runs in \(directory): start one with 'martlet demo'")
        }
        self.directory = directory
        self.owner = owner
    }

    /// Starts a node more, has it join, and watches it fill.
    func add() async throws {
        let number = (owner.numbers.last ?? 0) + 1
        guard number <= LocalPlan.nodeLimit,
            owner.basePort <= LocalPlan.highestBasePort(nodeCount: number)
        else {
            throw CommandFailure(
                "the demo has no room for a node \(number): it runs \(LocalPlan.nodeLimit) at most",
                status: .usage)
        }
        let node = plan([number]).nodes[0]
        try await request(DemoDirectory.addPath(number, in: directory))
        guard DemoDirectory.owner(of: directory)?.numbers.contains(number) == true else {
            throw CommandFailure("the demo could not start \(node.name); it says why")
        }
        Console.line("\(node.name) is started; clients reach it at \(node.endpoint)")
        let others = plan(owner.numbers).endpoints
        try await commit(.join(node.name), at: others)
        try await TransfersWatch(endpoints: others).run()
        Console.line("\(node.name) has its share: see 'martlet ring'")
    }

    /// Has a node leave, watches it hand over what it holds, and stops it.
    func remove(_ number: Int) async throws {
        guard owner.numbers.contains(number), owner.numbers.count > 1 else {
            let numbers = owner.numbers.map { "\($0)" }.joined(separator: ", ")
            throw CommandFailure(
                owner.numbers.contains(number)
                    ? "the last node cannot leave: stop the demo with Ctrl-C"
                    : "the demo has nodes \(numbers), and no \(number)", status: .usage)
        }
        let node = plan([number]).nodes[0]
        let others = plan(owner.numbers.filter { $0 != number }).endpoints
        try await commit(.leave(node.name), at: others)
        try await TransfersWatch(endpoints: others).run()
        try await request(DemoDirectory.removePath(number, in: directory))
        try await NodeOptions.withClient(of: others) { client in
            _ = try await untilAccepted {
                try await client.command("MARTLET.FORGET", node.name)
            }
        }
        Console.line("\(node.name) has left; the others hold all that it held")
    }

    private func plan(_ numbers: [Int]) -> LocalPlan {
        LocalPlan(numbers: numbers, directory: directory, basePort: owner.basePort)
    }

    /// Stages `change` alone and commits it.
    private func commit(_ change: ClusterChange, at endpoints: [String]) async throws {
        let decided = try await NodeOptions.withClient(of: endpoints) { client in
            try await client.clearStaged()
            try await untilAccepted { try await client.stage(change) }
            let epoch = try await client.commitStaged()
            return DecidedChange(epoch: epoch, moving: try await client.movingCount())
        }
        Console.lines(ClusterText.lines(decided))
    }

    /// A node is known, or known to be away, only after a while.
    @discardableResult
    private func untilAccepted<Answer>(_ body: () async throws -> Answer) async throws -> Answer {
        let deadline = ContinuousClock.now + Self.limit
        while true {
            do { return try await body() } catch let error as MartletError {
                guard error.code == .refused, ContinuousClock.now < deadline else { throw error }
            }
            try await Task.sleep(for: Self.pause)
        }
    }

    /// Leaves a request for the demo, and waits until it is carried out.
    private func request(_ path: String) async throws {
        try LocalFiles.write("", to: path)
        let deadline = ContinuousClock.now + Self.limit
        while LocalFiles.exists(path) {
            guard ContinuousClock.now < deadline else {
                throw CommandFailure("the demo has not taken notice of \(path)")
            }
            try await Task.sleep(for: Self.pause)
        }
    }
}
