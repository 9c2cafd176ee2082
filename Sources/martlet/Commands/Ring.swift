// `martlet ring`: who owns what, and who is there.
internal import ArgumentParser
internal import MartletLocal
internal import MartletViews

/// Shows the ring.
struct Ring: AsyncParsableCommand {
    /// What `martlet help ring` says.
    static let configuration = CommandConfiguration(
        abstract: "Show the members of the cluster and what each is home to, or where a key lives.",
        discussion: """
            The view is that of the node asked. A member is alive, suspect (it did not answer and \
            has time to deny what follows) or unreachable; that changes where requests go, and \
            never what the ring says. 'settled' tells up to when everything is proven to be the \
            same on all homes, of the partitions that the node asked is a home of: what was \
            deleted before can be removed for good.

            Examples:
              martlet ring
              martlet ring --key cart:42
              martlet ring --json | jq '.members[] | {name, state}'
            """)

    @OptionGroup var node: NodeOptions

    /// The key to look for.
    @Option(help: "Show where this key lives: its slot, partition, home replicas and stand-ins.")
    var key: String?

    /// Whether every partition is listed.
    @Flag(help: "List the home replicas of every partition too.")
    var partitions = false

    /// Whether the output is for programs.
    @Flag(help: "Print JSON.")
    var json = false

    /// A view that was not parsed yet.
    init() {}

    /// Refuses options that answer different questions.
    func validate() throws {
        if key != nil, partitions {
            throw ValidationError("--key and --partitions answer different questions: give one")
        }
    }

    /// Asks the node and prints its view.
    func run() async throws {
        if let key {
            let view = try await node.withClient {
                try await $0.view(KeyView.self, ["MARTLET.KEY", key])
            }
            return Console.lines(json ? [JSONText.lines(view)] : RingText.lines(view))
        }
        let words = partitions ? ["MARTLET.RING", "FULL"] : ["MARTLET.RING"]
        let view = try await node.withClient { try await $0.view(RingView.self, words) }
        Console.lines(json ? [JSONText.lines(view)] : RingText.lines(view))
    }
}
