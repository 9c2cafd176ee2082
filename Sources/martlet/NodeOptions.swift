// The options of every command that talks to a node.
internal import ArgumentParser
internal import MartletClient

/// Which nodes to talk to.
struct NodeOptions: ParsableArguments {
    /// The nodes of `martlet demo`.
    static let standard = ["127.0.0.1:7400", "127.0.0.1:7410", "127.0.0.1:7420"]

    /// The nodes to try, in order.
    @Option(
        name: .customLong("node"),
        help: ArgumentHelp(
            "A node to ask, HOST:PORT of its client port. Given several times, the next is asked "
                + "when one cannot be reached. Default: the nodes of 'martlet demo'.",
            valueName: "host:port"))
    var nodes: [String] = []

    /// The demo's nodes.
    init() {}

    /// Runs `body` with a connected client, and closes it.
    func withClient<Result: Sendable>(
        _ body: (MartletClient) async throws -> Result
    ) async throws -> Result {
        try await Self.withClient(of: endpoints, body)
    }

    /// The nodes to try, in order.
    var endpoints: [String] { nodes.isEmpty ? Self.standard : nodes }

    /// Runs `body` with a client connected to the first of `endpoints` that answers, and closes it.
    static func withClient<Result: Sendable>(
        of endpoints: [String], _ body: (MartletClient) async throws -> Result
    ) async throws -> Result {
        var options = ClientOptions()
        options.name = "martlet-cli"
        let client = try await MartletClient.connect(to: endpoints, options: options)
        do {
            let result = try await body(client)
            await client.close()
            return result
        } catch {
            await client.close()
            throw error
        }
    }
}
