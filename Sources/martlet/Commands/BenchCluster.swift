// `martlet bench`: how fast a cluster on this machine is. A node's storage alone is BenchStorage.
internal import ArgumentParser
internal import MartletBench
internal import MartletClient
internal import MartletViews

/// Measures quorum reads and writes.
struct BenchCluster: AsyncParsableCommand {
    /// What `martlet help bench cluster` says.
    static let configuration = CommandConfiguration(
        commandName: "cluster",
        abstract: "Measure quorum reads and writes of three nodes on this machine.",
        discussion: """
            Starts three nodes with new data, fills them, and has redis-benchmark (Debian's \
            package redis-tools) send SET and GET to one of them: n=3, w=2, r=2, 50 connections, \
            values of 100 bytes, 100000 keys. The nodes and the load share the machine, so the \
            figures are those of the whole machine, and not of a node. Everything is stopped and \
            removed at the end, and on Ctrl-C.

            On a machine that others use, compare with --against-redis: it measures a redis-server \
            in turns with Martlet, and the ratio of the two is steadier than either.

            Examples:
              martlet bench --against-redis
              martlet bench --dw 0 --pipeline 1 --runs 5 --json
              martlet bench --set storage.compress_log=false
            """)

    /// Requests of each measurement.
    @Option(
        help: ArgumentHelp(
            "Requests of each measurement. Default: 50000 for each command in a pipeline, at most "
                + "200000, so that all takes a minute or two.", valueName: "count"))
    var requests: Int?

    /// Measurements of each case.
    @Option(help: "Measurements of each case; the table shows their median.")
    var runs = 3

    /// Pipeline depths.
    @Option(
        help: ArgumentHelp(
            "How many commands each connection sends at once; one case each.", valueName: "counts"))
    var pipeline = CommaList<Int>([1, 16])

    /// Durable quorums.
    @Option(
        help: ArgumentHelp(
            "How many replicas must have synced a write before it is acknowledged, 0 to 2 or "
                + "quorum; a new cluster each.", valueName: "quorums"))
    var dw = CommaList<QuorumArgument>([QuorumArgument(.majority), QuorumArgument(.count(0))])

    /// Whether there is a yardstick.
    @Flag(help: "Measure a redis-server without persistence in turns, and print ratios.")
    var againstRedis = false

    /// Further settings of the nodes.
    @Option(
        help: ArgumentHelp(
            "A setting of the nodes, as in 'martlet start --set'; may be repeated.",
            valueName: "key=value"))
    var set: [String] = []

    /// Where the data lies.
    @Option(
        help: ArgumentHelp(
            "The folder to make a temporary one in: what syncs cost is its disk's matter. "
                + "Default: $TMPDIR, or /var/tmp.", valueName: "folder"))
    var dir: String?

    /// Where its ports begin.
    @Option(help: "The first of 40 ports to use. Default: some that are free.")
    var basePort: UInt16?

    /// Whether the result is for programs.
    @Flag(help: "Print the result as JSON.")
    var json = false

    /// A benchmark that was not parsed yet.
    init() {}

    /// Refuses what measures nothing.
    func validate() throws {
        guard (1...100_000_000).contains(requests ?? 1) else {
            throw ValidationError("--requests must be 1 to 100000000")
        }
        guard (1...100).contains(runs) else { throw ValidationError("--runs must be 1 to 100") }
        guard pipeline.elements.allSatisfy((1...1_000).contains) else {
            throw ValidationError("--pipeline must be numbers from 1 to 1000, such as 1,16")
        }
        let isPossible = { (quorum: Quorum) in
            switch quorum {
            case .majority: true
            case .all: false
            case .count(let count): count <= BenchPlan.quorum
            }
        }
        guard dw.elements.map(\.quorum).allSatisfy(isPossible) else {
            throw ValidationError("--dw must be 0 to 2 or quorum: the writes wait for w=2")
        }
        let own = ["replication.r=", "replication.w=", "replication.dw="]
        if let taken = set.first(where: { word in own.contains { word.hasPrefix($0) } }) {
            throw ValidationError("--set \(taken): bench itself sets r and w to 2, and dw by --dw")
        }
        guard (1...BenchPlaces.highestBasePort).contains(basePort ?? 1) else {
            throw ValidationError("--base-port must be 1 to \(BenchPlaces.highestBasePort)")
        }
    }

    /// Measures and prints.
    func run() async throws {
        let programs = try BenchRun.Programs(withYardstick: againstRedis)
        let plan = BenchPlan(
            pipelines: pipeline.elements, dws: dw.elements.map(\.quorum), requests: requests,
            runs: runs, settings: set)
        let places = try BenchPlaces(in: dir ?? BenchPlaces.standardParent, basePort: basePort)
        let run = BenchRun(plan, programs: programs, places: places) {
            Console.error("martlet bench: \($0)")
        }
        let report: BenchReport
        do {
            report = try await run.run()
        } catch {
            if run.isInterrupted {
                places.remove()
            } else {
                Console.error("martlet bench: logs and data stay in \(places.directory)")
            }
            throw error
        }
        places.remove()
        if json {
            Console.line(JSONText.lines(BenchJSON(report)))
        } else {
            Console.lines(report.lines)
        }
    }
}

/// Several values in one argument, such as `1,16`: at least one, none twice.
struct CommaList<Element: ExpressibleByArgument & Hashable & Sendable>: ExpressibleByArgument,
    Hashable, Sendable
{
    /// The values, in their order.
    var elements: [Element]

    /// The list of these.
    init(_ elements: [Element]) {
        self.elements = elements
    }

    /// Reads values with commas between; nil for anything else.
    init?(argument: String) {
        let words = argument.split(separator: ",", omittingEmptySubsequences: false)
        elements = words.compactMap { Element(argument: String($0)) }
        guard elements.count == words.count, Set(elements).count == words.count else { return nil }
    }

    /// As it is given.
    var defaultValueDescription: String {
        elements.map(\.defaultValueDescription).joined(separator: ",")
    }
}
