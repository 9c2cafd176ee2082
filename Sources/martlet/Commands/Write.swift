// `martlet put` and `martlet delete`: writes that say what they replace.
internal import ArgumentParser
internal import MartletClient
internal import MartletViews

/// What a write demands; the same for both commands.
struct WriteOptions: ParsableArguments {
    /// What the write replaces.
    @Option(
        help: ArgumentHelp(
            "What the write replaces: the context that 'martlet get' printed. Without it a put "
                + "replaces nothing that is there, and a delete what it reads first.",
            valueName: "token"))
    var context: String?

    /// W.
    @Option(help: "Replicas that must have the write: one, quorum, all or a number.")
    var w: QuorumArgument?

    /// PW.
    @Option(help: "Home replicas among them.")
    var pw: QuorumArgument?

    /// DW.
    @Option(help: "Replicas among them that must have it on disk.")
    var dw: QuorumArgument?

    @OptionGroup var request: RequestOptions

    /// The node's defaults.
    init() {}

    var consistency: WriteConsistency {
        WriteConsistency(
            n: request.n, w: w?.quorum, pw: pw?.quorum, dw: dw?.quorum,
            timeout: request.timeout?.duration)
    }

    func report(_ result: PutResult, deleted: GetResult? = nil) throws {
        if request.json { return Console.line(JSONText.lines(PutJSON(result))) }
        Console.lines(
            deleted.map { AnswerText.lines(deleted: $0, result) } ?? AnswerText.lines(result))
    }
}

/// Writes a key.
struct Put: AsyncParsableCommand {
    /// What `martlet help put` says.
    static let configuration = CommandConfiguration(
        abstract: "Write a value, in place of what its context has seen.",
        discussion: """
            A write replaces what its context covers and stays beside everything else. So a write \
            without --context to a key that has a value makes a second sibling: nothing that \
            somebody else wrote is lost by it. To overwrite whatever is there, use SET of redis-cli.

            '-' as the value reads it from standard input, all of it, line ends included.

            Examples:
              martlet put cart:42 - < cart.json
              martlet put cart:42 '["book"]'
              martlet put cart:42 '["book","pen"]' --context AQEB... --w all
              martlet put session:7 x --expires 30s --dw 0
            """)

    @OptionGroup var node: NodeOptions
    @OptionGroup var write: WriteOptions

    /// The key.
    @Argument(help: "The key.")
    var key: String

    /// The value.
    @Argument(help: "The value; - reads it from standard input.")
    var value: String

    /// When the value expires.
    @Option(help: "After how long the value expires, such as 30s; never unless given.")
    var expires: DurationArgument?

    /// The most that is read from standard input: no node takes as much in one value.
    private static let inputLimit = 64 << 20

    /// A write that was not parsed yet.
    init() {}

    /// Writes and prints what became of it.
    func run() async throws {
        let bytes = value == "-" ? try Console.input(limit: Self.inputLimit) : Array(value.utf8)
        let result = try await node.withClient {
            try await $0.put(
                Array(key.utf8), bytes, context: write.context.map(Context.init),
                expiry: expires?.duration,
                consistency: write.consistency)
        }
        try write.report(result)
    }
}

/// Deletes a key.
struct Delete: AsyncParsableCommand {
    /// What `martlet help delete` says.
    static let configuration = CommandConfiguration(
        abstract: "Delete a key: what is read of it now, or what a context has seen.",
        discussion: """
            Without --context the key is read first, and all of its values that are found are \
            deleted. With it, what the context covers is, and nothing else. Either way a value \
            that is written at the same time survives.

            Exits with 1 when the read finds no value; then nothing is written.

            Examples:
              martlet delete cart:42
              martlet delete cart:42 --context AQEB...
            """)

    @OptionGroup var node: NodeOptions
    @OptionGroup var write: WriteOptions

    /// The key.
    @Argument(help: "The key.")
    var key: String

    /// A delete that was not parsed yet.
    init() {}

    /// Deletes and prints what became of it.
    func run() async throws {
        let (found, result) = try await node.withClient { client in
            if let context = write.context {
                let result = try await client.delete(
                    key, context: Context(context), consistency: write.consistency)
                return (nil as GetResult?, result)
            }
            let found = try await client.get(
                key,
                consistency: ReadConsistency(
                    n: write.request.n, timeout: write.request.timeout?.duration))
            guard found.siblings.contains(where: { $0.value != nil }) else {
                throw CommandFailure("there is nothing to delete: the key has no value")
            }
            let result = try await client.delete(
                key, context: found.context, consistency: write.consistency)
            return (found, result)
        }
        try write.report(result, deleted: found)
    }
}
