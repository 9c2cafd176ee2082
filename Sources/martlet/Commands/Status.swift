// `martlet status`: how one node is.
internal import ArgumentParser
internal import MartletLocal
internal import MartletViews

/// Shows a node's condition.
struct Status: AsyncParsableCommand {
    /// What `martlet help status` says.
    static let configuration = CommandConfiguration(
        abstract: "Show how one node is: its requests, hints, storage, and whom it can reach.",
        discussion: """
            Exits with 3 when the node answers and is not ready: it has no ring yet, or cannot \
            reach a node that the ring names.

            Examples:
              martlet status --node 127.0.0.1:7410
              until martlet status >/dev/null; do sleep 1; done
            """)

    @OptionGroup var node: NodeOptions

    /// Whether the output is for programs.
    @Flag(help: "Print JSON.")
    var json = false

    /// A view that was not parsed yet.
    init() {}

    /// Asks the node and prints its view.
    func run() async throws {
        let view = try await node.withClient {
            try await $0.view(StatusView.self, ["MARTLET.STATUS"])
        }
        Console.lines(json ? [JSONText.lines(view)] : StatusText.lines(view))
        if !view.ready { throw CommandStatus.unavailable }
    }
}
