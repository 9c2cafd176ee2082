// `martlet storage reshard`: another number of shards for a stopped node.
internal import ArgumentParser
internal import MartletServer

/// Divides the data of a stopped node anew.
struct StorageReshard: ParsableCommand {
    /// What `martlet help storage reshard` says.
    static let configuration = CommandConfiguration(
        commandName: "reshard",
        abstract: "Give a stopped node's data directory another number of shards.",
        discussion: """
            Writes all that the node holds once more, which takes as much free space as it has, \
            and then removes what was there. Interrupted, it has either changed nothing, or is \
            finished by calling it again. Correct node.shards where it is set before the node \
            starts again. Nodes of one cluster may have different numbers of shards.

            Example:
              martlet storage reshard /var/lib/martlet/n1 --shards 4
            """)

    /// The data directory.
    @Argument(
        help: "The data directory: node.data of the node's configuration.",
        completion: .directory)
    var directory: String

    /// How many shards it is to have.
    @Option(
        help: ArgumentHelp(
            "How many shards the node is to have, 1 to 64. Not needed to finish what was "
                + "interrupted.", valueName: "number"))
    var shards: Int?

    /// A change that was not parsed yet.
    init() {}

    /// Refuses a number that no node can have.
    func validate() throws {
        guard shards.map((1...ServerConfiguration.shardLimit).contains) ?? true else {
            throw ValidationError("--shards must be 1 to \(ServerConfiguration.shardLimit)")
        }
    }

    /// Divides, says how far it is on a terminal, and puts the new storages in their place.
    func run() throws {
        let change = ShardChange(directory)
        if change.isDecided {
            try change.finish()
            Console.lines(["finished what was interrupted in \(directory)"])
            return
        }
        guard let shards else { throw ValidationError("say how many: --shards <number>") }
        var last: ShardChangeProgress?
        defer { Console.progress(nil) }
        try change.prepare(shards) { progress in
            last = progress
            Console.progress(Self.line(progress))
        }
        try change.finish()
        Console.progress(nil)
        let entries = last?.entries ?? 0
        Console.lines(["\(directory) has \(shards) shards now, of \(entries) entries"])
    }

    static func line(_ progress: ShardChangeProgress) -> String {
        let count = max(1, progress.partitionCount)
        return "\(100 * progress.partitions / count)%, partition \(progress.partitions) of "
            + "\(progress.partitionCount), \(progress.entries) entries"
    }
}
