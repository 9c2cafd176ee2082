// `martlet members`: what an operator does about members. Whom a node knows `martlet ring` shows.
internal import ArgumentParser
internal import MartletClient

/// Acts on members.
struct Members: ParsableCommand {
    /// What `martlet help members` says.
    static let configuration = CommandConfiguration(
        abstract: "Forget members that are gone for good.",
        discussion: """
            Examples:
              martlet members forget n4
            """, subcommands: [MembersForget.self])

    /// A group without a command: shows the help.
    init() {}
}

/// Has the cluster forget a member.
struct MembersForget: AsyncParsableCommand {
    /// What `martlet help members forget` says.
    static let configuration = CommandConfiguration(
        commandName: "forget",
        abstract: "Forget a member that no ring names and that is unreachable.",
        discussion: """
            Members are never forgotten by themselves, since an unreachable one may come back. A \
            node that was stopped before it was of any ring stays on the list until it is \
            forgotten; every node then hears of it. One that starts again is a member again. A \
            node of the ring is not forgotten: it goes on with 'martlet start --in-place-of', or \
            is taken out of the ring first, with 'martlet cluster remove'.

            Examples:
              martlet members forget n4
              martlet members forget --node 10.0.0.1:7400 0f8ea1c2d3b49576
            """)

    @OptionGroup var node: NodeOptions

    /// Whom.
    @Argument(help: "The member's name, or its identity where several have the name.")
    var member: String

    /// Words that were not parsed yet.
    init() {}

    /// Asks the node.
    func run() async throws {
        _ = try await node.withClient { client in
            try await client.command("MARTLET.FORGET", member)
        }
        Console.line("\(member) is forgotten")
    }
}
