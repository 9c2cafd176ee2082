// What is learnt of the nodes of a cluster on this machine by asking them, all at once.
package import MartletViews

internal import MartletClient

/// The clients of the nodes, and what they last said.
package struct LocalProbe {
    /// How long a node may take to answer.
    private static let patience = Duration.seconds(1)

    /// What one node said.
    package struct Report: Sendable {
        /// How it is.
        package var status: StatusView
        /// What it knows of the ring.
        package var ring: RingView
        /// Keys with a value of which it holds a replica.
        package var keys: Int64
    }

    private var endpoints: [String]
    private var clients: [MartletClient?]

    /// A probe of the nodes at `endpoints`, connected to none of them yet.
    package init(endpoints: [String]) {
        self.endpoints = endpoints
        clients = endpoints.map { _ in nil }
    }

    /// The client of the first node that answers.
    func anyClient(_ reports: [Report?]) -> MartletClient? {
        zip(clients, reports).first { $1 != nil }?.0
    }

    /// Asks every node; nil where one does not answer.
    package mutating func reports() async -> [Report?] {
        let asked = Array(zip(endpoints, clients))
        var reports = [Report?](repeating: nil, count: endpoints.count)
        await withTaskGroup(of: (Int, MartletClient?, Report?).self) { group in
            for (index, (endpoint, client)) in asked.enumerated() {
                group.addTask {
                    let client = await Self.connected(client, to: endpoint)
                    return (index, client, await Self.report(of: client))
                }
            }
            for await (index, client, report) in group {
                clients[index] = client
                reports[index] = report
            }
        }
        return reports
    }

    /// Asks the node at `endpoint` too from now on.
    mutating func add(_ endpoint: String) {
        endpoints.append(endpoint)
        clients.append(nil)
    }

    /// Asks the node at that index no more.
    mutating func remove(_ index: Int) async {
        endpoints.remove(at: index)
        await clients.remove(at: index)?.close()
    }

    /// Closes the connections.
    package func close() async {
        for client in clients { await client?.close() }
    }

    private static func connected(
        _ client: MartletClient?, to endpoint: String
    ) async -> MartletClient? {
        if let client { return client }
        var options = ClientOptions()
        options.connectTimeout = patience
        options.requestTimeout = patience
        options.name = "martlet-demo"
        return try? await MartletClient.connect(to: [endpoint], options: options)
    }

    private static func report(of client: MartletClient?) async -> Report? {
        guard let client,
            let status = try? await client.view(StatusView.self, ["MARTLET.STATUS"]),
            let ring = try? await client.view(RingView.self, ["MARTLET.RING"]),
            case .integer(let keys) = try? await client.command("DBSIZE")
        else { return nil }
        return Report(status: status, ring: ring, keys: keys)
    }
}
