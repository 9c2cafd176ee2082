// `martlet bench storage`: how fast one node's storage is, without network and quorums.
internal import ArgumentParser
internal import FoundationEssentials
internal import MartletBase
internal import MartletBench
internal import MartletLocal
internal import MartletStorage
internal import MartletViews

/// Measures the storage engine on one thread.
struct BenchStorage: ParsableCommand {
    /// What `martlet help bench storage` says.
    static let configuration = CommandConfiguration(
        commandName: "storage", abstract: "Measure the storage of one node on this machine.",
        discussion: """
            Fills a new folder with keys of 16 bytes in random order, and then reads, scans and \
            overwrites them on one thread, with the threads for log and compaction that a node \
            has. Values compress about 2:1. Everything is removed at the end, and on Ctrl-C.

            Examples:
              martlet bench storage
              martlet bench storage --keys 3000000 --value-bytes 100 --block-cache 32MiB
              martlet bench storage --workload fill-random,read-random --json
            """)

    /// Keys that the store is filled with.
    @Option(help: ArgumentHelp("Keys to fill the store with.", valueName: "count"))
    var keys = 1_000_000

    /// Lengths of values.
    @Option(
        help: ArgumentHelp("Lengths of the values; a new store each.", valueName: "counts"))
    var valueBytes = CommaList<Int>([100, 1_024])

    /// Workloads, or all.
    @Option(
        help: ArgumentHelp(
            "all, or some of fill-random, read-random, read-hot, scan, overwrite, mixed and "
                + "group-commit, in the order in which they are to run; the fill comes first in "
                + "any case.", valueName: "names"))
    var workload = WorkloadList(StorageWorkload.allCases)

    /// Operations of each workload.
    @Option(
        help: ArgumentHelp(
            "Reads and overwrites of each workload. Default: as many as keys.", valueName: "count"))
    var operations: Int?

    /// Where the data lies.
    @Option(
        help: ArgumentHelp(
            "The folder to make a temporary one in. Default: $TMPDIR, or /var/tmp.",
            valueName: "folder"))
    var dir: String?

    /// The limit of the block cache.
    @Option(
        help: ArgumentHelp(
            "How many bytes of unpacked blocks are kept in memory, such as 32MiB.",
            valueName: "size"))
    var blockCache = SizeArgument(StorageOptions().blockCacheBytes)

    /// When writes count as durable.
    @Option(
        help: ArgumentHelp(
            "When the log is synced: every-write, an interval such as 100ms, or os, when the "
                + "operating system likes.", valueName: "when"))
    var sync = SyncArgument(.operatingSystem)

    /// Whether the log is compressed.
    @Flag(inversion: .prefixedNo, help: "Compress the log.")
    var compressLog = StorageOptions().compressLog

    /// A directory to open and nothing more.
    @Option(
        help: ArgumentHelp(
            "Only open this data folder of a stopped node, and say how long that takes.",
            valueName: "folder"))
    var open: String?

    /// Whether the data stays.
    @Flag(help: "Leave the data where it is, and say where.")
    var keep = false

    /// Whether the result is for programs.
    @Flag(help: "Print the result as JSON.")
    var json = false

    /// A benchmark that was not parsed yet.
    init() {}

    /// Refuses what measures nothing.
    func validate() throws {
        guard (1...1_000_000_000).contains(keys), (1...1_000_000_000).contains(operations ?? 1)
        else { throw ValidationError("--keys and --operations must be 1 to 1000000000") }
        guard valueBytes.elements.allSatisfy((1...1 << 20).contains) else {
            throw ValidationError("--value-bytes must be numbers from 1 to 1048576")
        }
        guard blockCache.bytes <= 1 << 40 else {
            throw ValidationError("--block-cache must be 1TiB at most")
        }
    }

    /// Measures and prints.
    func run() throws {
        let signals = StopSignals()
        if let folder = open { return try measureOpening(folder, signals) }
        let directory = try BenchPlaces.newFolder(in: dir ?? BenchPlaces.standardParent)
        defer { if !keep { try? FileManager.default.removeItem(atPath: directory) } }
        if keep { Console.error("martlet bench storage: data in \(directory)") }
        var report = StorageReport(
            machine: .current(), fileSystem: Machine.fileSystem(of: directory) ?? "unknown",
            blockCacheBytes: blockCache.bytes)
        for size in valueBytes.elements {
            let run = StorageRun(
                keyCount: keys, valueBytes: size, options: options,
                operations: operations ?? keys, signals: signals)
            let folder = "\(directory)/\(size)"
            report.results.append(
                try run.measure(workload.workloads, in: folder) {
                    Console.error("martlet bench storage: \($0)")
                })
            if !keep { try? FileManager.default.removeItem(atPath: folder) }
        }
        if json {
            Console.line(JSONText.lines(StorageReportJSON(report)))
        } else {
            Console.lines(report.lines)
        }
    }

    private var options: StorageOptions {
        var options = StorageOptions()
        options.sync = sync.mode
        options.compressLog = compressLog
        options.blockCacheBytes = blockCache.bytes
        return options
    }

    private func measureOpening(_ folder: String, _ signals: StopSignals) throws {
        let opening = try StorageOpening(of: folder, options, signals: signals)
        Console.line(json ? JSONText.lines(opening) : opening.text)
    }
}

/// A number of bytes such as `4096`, `64KiB`, `32MiB` or `1GiB`.
struct SizeArgument: ExpressibleByArgument, Hashable, Sendable {
    /// What was given.
    var bytes: Int

    /// The argument for `bytes`.
    init(_ bytes: Int) {
        self.bytes = bytes
    }

    /// As it is given.
    var defaultValueDescription: String { Units.size.spelled(bytes) ?? "0" }

    /// Reads a number with a unit or without; nil for anything else.
    init?(argument: String) {
        guard let bytes = Units.size.whole(argument) ?? Int(argument), bytes >= 0 else {
            return nil
        }
        self.bytes = bytes
    }
}

/// A mode of syncing: `every-write`, `os` or an interval.
struct SyncArgument: ExpressibleByArgument, Hashable, Sendable {
    /// What was given.
    var mode: SyncMode

    /// The argument for `mode`.
    init(_ mode: SyncMode) {
        self.mode = mode
    }

    /// As it is given.
    var defaultValueDescription: String {
        switch mode {
        case .everyWrite: "every-write"
        case .operatingSystem: "os"
        case .interval(let interval): "\(interval)"
        }
    }

    /// Reads a mode; nil for anything else.
    init?(argument: String) {
        switch argument {
        case "every-write": mode = .everyWrite
        case "os": mode = .operatingSystem
        default:
            guard let interval = DurationArgument(argument: argument) else { return nil }
            mode = .interval(interval.duration)
        }
    }
}

/// Workloads with commas between, or `all`.
struct WorkloadList: ExpressibleByArgument, Hashable, Sendable {
    /// In their order.
    var workloads: [StorageWorkload]

    /// The list of these.
    init(_ workloads: [StorageWorkload]) {
        self.workloads = workloads
    }

    /// As it is given.
    var defaultValueDescription: String {
        workloads == StorageWorkload.allCases
            ? "all" : workloads.map(\.rawValue).joined(separator: ",")
    }

    /// Reads names, none twice; nil for anything else.
    init?(argument: String) {
        if argument == "all" {
            workloads = StorageWorkload.allCases
            return
        }
        let words = argument.split(separator: ",", omittingEmptySubsequences: false)
        workloads = words.compactMap { StorageWorkload(rawValue: String($0)) }
        guard workloads.count == words.count, Set(workloads).count == words.count else {
            return nil
        }
    }
}
