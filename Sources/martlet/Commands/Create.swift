// `martlet create`: makes a cluster of nodes that run and know each other.
internal import ArgumentParser
internal import MartletLocal

/// Creates a cluster.
struct Create: AsyncParsableCommand {
    /// What `martlet help create` says.
    static let configuration = CommandConfiguration(
        abstract: "Make a cluster of the nodes that run. Once, for its whole life.",
        discussion: """
            Every node must run and have found the others (see 'martlet ring'). The node asked \
            plans which nodes are home to which partitions, spread over zones and in proportion to \
            weights, and tells the others.

            Example:
              martlet create --node 10.0.0.1:7400 --members 5 --replicas 3
            """)

    @OptionGroup var node: NodeOptions

    /// How many nodes there must be.
    @Option(help: "How many nodes the cluster has; it is not made while more or fewer are known.")
    var members: Int

    /// N.
    @Option(
        help: "N: how many home replicas each key has. More survive more failures and cost more.")
    var replicas = 3

    /// Q.
    @Option(
        help: ArgumentHelp(
            "How many partitions the keys are divided into: a power of two, fixed for good. 1024 "
                + "serves up to about a hundred nodes."))
    var partitions = 1_024

    /// A creation that was not parsed yet.
    init() {}

    /// Refuses numbers that no cluster can have.
    func validate() throws {
        guard members >= 1 else { throw ValidationError("--members must be 1 or more") }
        guard (1...32).contains(replicas) else {
            throw ValidationError("--replicas must be 1 to 32")
        }
        guard (1...16_384).contains(partitions), partitions & (partitions - 1) == 0 else {
            throw ValidationError("--partitions must be a power of two from 1 to 16384")
        }
    }

    /// Asks the node.
    func run() async throws {
        let warnings = try await node.withClient { client in
            try await client.createCluster(
                members: members, replicas: replicas, partitions: partitions)
        }
        Console.line("created a cluster of \(members) nodes")
        for warning in warnings { Console.line("warning: \(warning)") }
    }
}
