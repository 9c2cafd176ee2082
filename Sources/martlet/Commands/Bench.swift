// `martlet bench`: what can be measured on this machine. A cluster, unless something else is named.
internal import ArgumentParser

/// The benchmarks.
struct Bench: AsyncParsableCommand {
    /// What `martlet help bench` says.
    static let configuration = CommandConfiguration(
        abstract: "Measure a cluster, or the storage of one node, on this machine.",
        discussion: """
            Examples:
              martlet bench                    a cluster: see 'martlet help bench cluster'
              martlet bench --against-redis
              martlet bench storage
            """,
        subcommands: [BenchCluster.self, BenchStorage.self], defaultSubcommand: BenchCluster.self)

    /// A command without a subcommand: measures a cluster.
    init() {}
}
