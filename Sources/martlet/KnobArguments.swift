// How the command line spells quorums and durations, and what it asks of reads and writes alike.
internal import ArgumentParser
internal import MartletBase
internal import MartletClient

/// A number of replicas: `one`, `quorum`, `all` or a number.
struct QuorumArgument: ExpressibleByArgument, Hashable, Sendable {
    /// What was given.
    var quorum: Quorum

    /// The argument for `quorum`.
    init(_ quorum: Quorum) {
        self.quorum = quorum
    }

    /// As it is given.
    var defaultValueDescription: String { quorum.description }

    /// Reads a quorum; nil for anything else.
    init?(argument: String) {
        guard let quorum = Quorum(argument) else { return nil }
        self.quorum = quorum
    }
}

/// A duration such as `250ms` or `2s`.
struct DurationArgument: ExpressibleByArgument, Hashable, Sendable {
    /// What was given.
    var duration: Duration

    /// Reads a whole number of a unit of time, a millisecond at the least; nil for anything else.
    init?(argument: String) {
        guard let nanoseconds = Units.time.whole(argument), nanoseconds >= 1_000_000 else {
            return nil
        }
        duration = .nanoseconds(nanoseconds)
    }
}

/// What `get`, `put` and `delete` have in common.
struct RequestOptions: ParsableArguments {
    /// N.
    @Option(help: "Home replicas that take part; all of them unless given.")
    var n: Int?

    /// When the node gives up.
    @Option(help: "How long to wait for the replicas, such as 500ms or 2s.")
    var timeout: DurationArgument?

    /// Whether the output is for programs.
    @Flag(help: "Print JSON.")
    var json = false

    /// The node's defaults.
    init() {}
}
