// `martlet put` and `martlet delete`: writes that say what they replace.
internal import ArgumentParser
internal import MartletClient

/// What a write demands; the same for both commands.
struct WriteOptions: ParsableArguments {
    /// What the write replaces.
    @Option(
        help: ArgumentHelp(
            "What the write replaces: the context that 'martlet get' printed. Without it the write "
                + "replaces nothing that is there.", valueName: "token"))
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

    func report(_ result: PutResult) throws {
        Console.lines(request.json ? [try martlet.json(PutJSON(result))] : AnswerText.lines(result))
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

            Examples:
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
    @Argument(help: "The value.")
    var value: String

    /// When the value expires.
    @Option(help: "After how long the value expires, such as 30s; never unless given.")
    var expires: DurationArgument?

    /// A write that was not parsed yet.
    init() {}

    /// Writes and prints what became of it.
    func run() async throws {
        let result = try await node.withClient {
            try await $0.put(
                key, value, context: write.context.map(Context.init), expiry: expires?.duration,
                consistency: write.consistency)
        }
        try write.report(result)
    }
}

/// Deletes a key.
struct Delete: AsyncParsableCommand {
    /// What `martlet help delete` says.
    static let configuration = CommandConfiguration(
        abstract: "Delete what a context has seen of a key.",
        discussion: """
            A delete is a write: it replaces what its context covers, and a value that was written \
            at the same time survives beside it. To delete whatever is there, use DEL of redis-cli.

            Example:
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
        let result = try await node.withClient {
            try await $0.delete(
                key, context: write.context.map(Context.init), consistency: write.consistency)
        }
        try write.report(result)
    }
}
