// `martlet transfers`: how far the partitions are that move.
internal import ArgumentParser
internal import MartletLocal
internal import MartletViews

/// Shows what moves.
struct Transfers: AsyncParsableCommand {
    /// What `martlet help transfers` says.
    static let configuration = CommandConfiguration(
        abstract: "Show what moves between nodes after a change of the ring, and how far it is.",
        discussion: """
            Asks every node that the one asked knows. A node 'is filled' with partitions of which \
            it becomes a home; once they are, the members decide that they have moved, and who is \
            no home any more 'hands over' what it holds and drops it.

            Examples:
              martlet transfers
              martlet transfers --watch
              martlet transfers --json | jq '.nodes[].groups'
            """)

    @OptionGroup var node: NodeOptions

    /// Whether it goes on until nothing moves.
    @Flag(help: "Go on until nothing moves any more.")
    var watch = false

    /// Whether the output is for programs.
    @Flag(help: "Print JSON.")
    var json = false

    /// Words that were not parsed yet.
    init() {}

    /// Refuses options that go against each other.
    func validate() throws {
        if watch, json { throw ValidationError("--watch is for people, --json for programs") }
    }

    /// Asks the nodes.
    func run() async throws {
        let watch = TransfersWatch(endpoints: node.endpoints)
        if self.watch { return try await watch.run() }
        let report = try await watch.look()
        Console.lines(json ? [JSONText.lines(report)] : TransfersText.lines(report))
    }
}

/// Looks at what moves, again and again.
struct TransfersWatch {
    /// Between two looks.
    private static let pause = Duration.milliseconds(500)

    /// The nodes to ask which nodes there are, in order.
    let endpoints: [String]

    /// One look at all nodes; those that have gone since are missing.
    func look() async throws -> TransfersReport {
        let ring = try await NodeOptions.withClient(of: endpoints) {
            try await $0.view(RingView.self, ["MARTLET.RING"])
        }
        let clients = await NodeClients.connect(
            to: ring.members.map { NodeClients.Place(name: $0.name, endpoint: $0.client) })
        var report = TransfersReport(
            epoch: ring.epoch, partitions: ring.partitions, moving: ring.moving, nodes: [],
            missing: clients.missing)
        for (name, client) in clients.reached {
            do {
                report.nodes.append(
                    try await client.view(
                        TransfersView.self, ["MARTLET.CLUSTER", "TRANSFERS"]))
            } catch {
                report.missing.append(name)
            }
        }
        await clients.close()
        return report
    }

    /// Shows what moves until nothing does.
    func run() async throws {
        var screen = LiveScreen(isLive: Console.isTerminal)
        var said: [String] = []
        while true {
            let report = try await look()
            let lines = TransfersText.lines(report)
            if report.isAtRest {
                screen.draw([])
                return Console.lines(lines)
            }
            screen.draw(lines)
            if !screen.isLive, lines != said { Console.lines(lines + [""]) }
            said = lines
            try await Task.sleep(for: Self.pause)
        }
    }
}

/// What moves in the cluster.
struct TransfersReport: Codable, Hashable, Sendable {
    /// The ring's epoch, as the node asked knows it.
    var epoch: UInt64
    /// How many partitions there are.
    var partitions: Int
    /// How many of them move.
    var moving: Int
    /// What each node that answers says.
    var nodes: [TransfersView]
    /// Names of those that do not.
    var missing: [String]

    /// Whether nothing moves, and nobody has anything left to hand over.
    var isAtRest: Bool {
        moving == 0 && nodes.allSatisfy { $0.moving == 0 && $0.groups.isEmpty }
    }
}
