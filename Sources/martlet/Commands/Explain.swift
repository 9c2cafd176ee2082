// `martlet explain`: what every replica of a key holds, side by side, and why it is still there.
internal import ArgumentParser
internal import MartletClient
internal import MartletLocal
internal import MartletViews

/// Explains a key.
struct Explain: AsyncParsableCommand {
    /// What `martlet help explain` says.
    static let configuration = CommandConfiguration(
        abstract: "Show what every node holds of a key, side by side, and why it is still there.",
        discussion: """
            Each home replica and each node that may stand in is asked for itself; reading this \
            way repairs nothing. Of a deleted or expired key it says whether the last trace can \
            go, and what holds it back: that takes the watermark of the key's partition, up to \
            which everything is proven to be the same on all homes.

            Exits with 3 when a home of the key does not answer.

            Examples:
              martlet explain cart:42
              martlet explain cart:42 --json | jq '.nodes[] | {node, object}'
            """)

    @OptionGroup var node: NodeOptions

    /// The key.
    @Argument(help: "The key.")
    var key: String

    /// Whether the output is for programs.
    @Flag(help: "Print JSON.")
    var json = false

    /// A question that was not parsed yet.
    init() {}

    /// Asks all nodes and prints what they say.
    func run() async throws {
        let key = key
        let place = try await node.withClient {
            try await $0.view(KeyView.self, ["MARTLET.KEY", key])
        }
        let explanation = await Explanation.ask(of: key, at: place)
        Console.lines(
            json ? [JSONText.lines(explanation)] : ExplanationText.lines(explanation))
        let homes = explanation.place.homes + explanation.place.former
        if homes.contains(where: { explanation.away.contains($0.name) }) {
            throw CommandStatus.unavailable
        }
    }
}

/// What all nodes say of a key.
struct Explanation: Codable, Hashable, Sendable {
    /// Where the key lives.
    var place: KeyView
    /// What each node says that answered, homes first, in the order of preference.
    var nodes: [ExplanationView]
    /// Names of the nodes that did not.
    var away: [String]

    static func ask(of key: String, at place: KeyView) async -> Explanation {
        let clients = await NodeClients.connect(
            to: RingText.roles(place).map(\.node).map {
                NodeClients.Place(name: $0.name, endpoint: $0.client)
            })
        var explanation = Explanation(place: place, nodes: [], away: clients.missing)
        for (name, client) in clients.reached {
            let words = ["MARTLET.EXPLAIN", key]
            if let view = try? await client.view(ExplanationView.self, words) {
                explanation.nodes.append(view)
            } else {
                explanation.away.append(name)
            }
        }
        await clients.close()
        return explanation
    }
}
