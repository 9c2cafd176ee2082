// `martlet get`: one key, with everything that is known of it.
internal import ArgumentParser
internal import MartletClient
internal import MartletViews

/// Reads a key.
struct Get: AsyncParsableCommand {
    /// What `martlet help get` says.
    static let configuration = CommandConfiguration(
        abstract: "Read a key: its value or values, the context to replace them, who answered.",
        discussion: """
            A key has several values (siblings) after concurrent writes. The one that plain Redis \
            commands show, the latest by time, comes first. Write the value that should replace \
            them with 'martlet put --context'.

            Exits with 1 when there is no value.

            Examples:
              martlet get cart:42
              martlet get cart:42 --r all
              martlet get cart:42 --raw > cart.json
              martlet put cart:42 merged --context "$(martlet get cart:42 --json | jq -r .context)"
            """)

    @OptionGroup var node: NodeOptions

    /// The key.
    @Argument(help: "The key.")
    var key: String

    /// R.
    @Option(help: "Replicas that must answer: one, quorum, all or a number.")
    var r: QuorumArgument?

    /// PR.
    @Option(help: "Home replicas among them.")
    var pr: QuorumArgument?

    @OptionGroup var request: RequestOptions

    /// Whether the output is the value alone.
    @Flag(help: "Print the bytes of the value that comes first, and nothing else.")
    var raw = false

    /// A read that was not parsed yet.
    init() {}

    /// Refuses two forms of output at once.
    func validate() throws {
        if request.json, raw { throw ValidationError("--json and --raw are two forms: give one") }
    }

    /// Reads and prints.
    func run() async throws {
        let consistency = ReadConsistency(
            n: request.n, r: r?.quorum, pr: pr?.quorum, timeout: request.timeout?.duration)
        let result = try await node.withClient { try await $0.get(key, consistency: consistency) }
        if raw {
            Console.write(result.value ?? [])
        } else if request.json {
            Console.line(JSONText.lines(GetJSON(key: key, result)))
        } else {
            Console.lines(AnswerText.lines(result))
        }
        if result.value == nil { throw CommandStatus.failed }
    }
}
