// Clients of several nodes of one cluster, for commands that ask each of them for itself.
internal import MartletClient

/// A client of every node that could be reached.
struct NodeClients: Sendable {
    /// Which node, and how clients reach it.
    struct Place: Hashable, Sendable {
        /// The node's name.
        var name: String
        /// `host:port`; nil when nobody knows it.
        var endpoint: String?
    }

    /// How long a connection may take.
    private static let connectTimeout = Duration.seconds(2)
    /// How long an answer may take.
    private static let requestTimeout = Duration.seconds(10)

    /// In the order of the places.
    let reached: [(name: String, client: MartletClient)]
    /// Names of the nodes that did not answer, in that order.
    let missing: [String]

    /// Connects to all `places` at once.
    static func connect(to places: [Place]) async -> NodeClients {
        var clients: [MartletClient?] = Array(repeating: nil, count: places.count)
        await withTaskGroup(of: (Int, MartletClient?).self) { group in
            for (index, place) in places.enumerated() {
                group.addTask { (index, await client(of: place)) }
            }
            for await (index, client) in group { clients[index] = client }
        }
        let pairs = zip(places, clients)
        return NodeClients(
            reached: pairs.compactMap { place, client in client.map { (place.name, $0) } },
            missing: pairs.filter { $0.1 == nil }.map(\.0.name))
    }

    private init(reached: [(name: String, client: MartletClient)], missing: [String]) {
        self.reached = reached
        self.missing = missing
    }

    private static func client(of place: Place) async -> MartletClient? {
        guard let endpoint = place.endpoint else { return nil }
        var options = ClientOptions()
        options.connectTimeout = connectTimeout
        options.requestTimeout = requestTimeout
        options.name = "martlet-cli"
        return try? await MartletClient.connect(to: [endpoint], options: options)
    }

    /// Closes all of them.
    func close() async {
        for (_, client) in reached { await client.close() }
    }
}
