// `martlet bench`: what can be measured on this machine. A cluster, unless something else is named.
internal import ArgumentParser

/// The benchmarks.
struct Bench: AsyncParsableCommand {
    /// What `martlet help bench` says.
    static let configuration = CommandConfiguration(
        abstract: "Measure a cluster, the storage of one node, or exchanges between replicas.",
        discussion: """
            Examples:
              martlet bench                    a cluster: see 'martlet help bench cluster'
              martlet bench --against-redis
              martlet bench storage
              martlet bench exchange
            """,
        subcommands: [BenchCluster.self, BenchStorage.self, BenchExchange.self],
        defaultSubcommand: BenchCluster.self)

    /// A command without a subcommand: measures a cluster.
    init() {}
}
