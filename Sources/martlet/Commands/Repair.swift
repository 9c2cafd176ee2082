// `martlet repair`: has replicas compared at once, without waiting for their turn.
internal import ArgumentParser
internal import MartletClient
internal import MartletLocal
internal import MartletViews

/// Compares replicas on demand.
struct Repair: AsyncParsableCommand {
    /// What `martlet help repair` says.
    static let configuration = CommandConfiguration(
        abstract: "Have replicas compared, and what differs mended, now.",
        discussion: """
            Nodes compare themselves with each other all the time (anti_entropy.period); this has \
            them do it at once: for all partitions, for one, or for that of a key. With --watch it \
            waits, and goes on until a round has found nothing to mend.

            Exits with 3 when a home could not be compared since it is away.

            Examples:
              martlet repair --watch
              martlet repair --partition 17
              martlet repair --key cart:42 --watch --json
            """)

    @OptionGroup var node: NodeOptions

    /// The partition to compare.
    @Option(help: "Compare this partition alone.")
    var partition: Int?

    /// The key whose partition is to be compared.
    @Option(help: "Compare the partition of this key alone.")
    var key: String?

    /// Whether to wait until all is the same.
    @Flag(help: "Wait until a round has found nothing to mend, and show how it goes.")
    var watch = false

    /// Whether the output is for programs.
    @Flag(help: "Print JSON.")
    var json = false

    /// A repair that was not parsed yet.
    init() {}

    /// Refuses two subjects at once.
    func validate() throws {
        if key != nil, partition != nil {
            throw ValidationError("--key and --partition name two partitions: give one")
        }
    }

    /// Asks the nodes, waits if it is to, and prints what came of it.
    func run() async throws {
        let places = try await places()
        let clients = await NodeClients.connect(to: places)
        var words = ["MARTLET.REPAIR"]
        if let key { words += ["KEY", key] }
        if let partition { words += ["PARTITION", "\(partition)"] }
        var run = RepairRun(clients, words: words)
        do {
            if watch { try await run.watch() } else { try await run.begin() }
        } catch {
            await clients.close()
            throw error
        }
        await clients.close()
        Console.lines(json ? [JSONText.lines(run.report)] : RepairText.lines(run.report))
        if !run.report.away.isEmpty { throw CommandStatus.unavailable }
    }

    /// The nodes that have a part in what is to be compared.
    private func places() async throws -> [NodeClients.Place] {
        if let key {
            let view = try await node.withClient {
                try await $0.view(KeyView.self, ["MARTLET.KEY", key])
            }
            return (view.homes + view.former).map {
                NodeClients.Place(name: $0.name, endpoint: $0.client)
            }
        }
        let ring = try await node.withClient {
            try await $0.view(RingView.self, ["MARTLET.RING", "FULL"])
        }
        guard let homes = ring.homes else { throw CommandFailure("the cluster is not created yet") }
        var wanted = ring.members.filter(\.inRing)
        if let partition {
            guard homes.indices.contains(partition) else {
                throw CommandFailure(
                    "there is no partition \(partition): this ring has 0 to \(homes.count - 1)",
                    status: .usage)
            }
            wanted.removeAll { !homes[partition].homes.contains($0.name) }
        }
        return wanted.map { NodeClients.Place(name: $0.name, endpoint: $0.client) }
    }
}

/// What a repair has come to.
struct RepairReport: Codable, Hashable, Sendable {
    /// One node's part; the counts are of what it did meanwhile, on schedule or on demand.
    struct Node: Codable, Hashable, Sendable {
        /// Its name.
        var node: String
        /// Partitions that it was told to compare.
        var partitions: Int
        /// Comparisons with another home, here or there.
        var compared: UInt64
        /// Those that were not the same.
        var differed: UInt64
        /// Objects that others were found to lack.
        var found: UInt64
        /// Objects sent to them.
        var sent: UInt64
    }

    /// Whether it was waited for; the counts say nothing otherwise.
    var isComplete = false
    /// Rounds, the last of which found nothing to mend.
    var rounds = 0
    /// The nodes that answered.
    var nodes: [Node] = []
    /// Names of homes that were away, sorted.
    var away: [String] = []
}

/// A repair under way.
struct RepairRun {
    /// How often nodes are asked how far they are.
    private static let pause = Duration.milliseconds(200)
    /// Rounds before it ends whatever they find: each follows a few dozen differences a node.
    private static let roundLimit = 1_000

    private let clients: NodeClients
    private let words: [String]
    private var before: [RepairView] = []
    /// What it has come to so far.
    private(set) var report = RepairReport()

    init(_ clients: NodeClients, words: [String]) {
        self.clients = clients
        self.words = words
    }

    /// Has every node begin.
    mutating func begin() async throws {
        let views = try await ask(words)
        if before.isEmpty { before = views }
        report.rounds += 1
        report.away = Set(clients.missing + views.flatMap(\.away)).sorted()
        report.nodes = views.map {
            RepairReport.Node(
                node: $0.node, partitions: $0.begun, compared: 0, differed: 0, found: 0, sent: 0)
        }
    }

    /// Goes round after round until one has found nothing.
    mutating func watch() async throws {
        before = try await ask(["MARTLET.REPAIR", "STATUS"])
        var found = before.reduce(0) { $0 + $1.objectsFound }
        var isDone = false
        while !isDone, report.rounds < Self.roundLimit {
            try await begin()
            let views = try await rest()
            let now = views.reduce(0) { $0 + $1.objectsFound }
            isDone = now <= found
            found = now
            for index in report.nodes.indices { note(views[index], at: index) }
        }
        Console.progress(nil)
        report.isComplete = true
    }

    private mutating func note(_ view: RepairView, at index: Int) {
        // A node that was restarted meanwhile counts from nothing.
        func gained(_ count: (RepairView) -> UInt64) -> UInt64 {
            let (now, then) = (count(view), count(before[index]))
            return now >= then ? now - then : now
        }
        report.nodes[index].compared = gained(\.comparisons)
        report.nodes[index].differed = gained(\.differences)
        report.nodes[index].found = gained(\.objectsFound)
        report.nodes[index].sent = gained(\.pushes)
    }

    /// Waits until nobody compares or sends anything.
    private func rest() async throws -> [RepairView] {
        while true {
            try await Task.sleep(for: Self.pause)
            let views = try await ask(["MARTLET.REPAIR", "STATUS"])
            if views.allSatisfy({ $0.waiting + $0.underWay + $0.pushing == 0 }) { return views }
            Console.progress(RepairText.progress(views, round: report.rounds))
        }
    }

    private func ask(_ words: [String]) async throws -> [RepairView] {
        var views: [RepairView] = []
        for (_, client) in clients.reached {
            views.append(try await client.view(RepairView.self, words))
        }
        return views
    }
}
