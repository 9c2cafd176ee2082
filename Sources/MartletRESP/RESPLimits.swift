// How much of a peer's bytes a parser will hold before it gives up on the peer. Not the limits on
// keys and values: those belong to the store and answer with an ordinary error.

/// The named bounds of both parsers; every one is reached by a test.
public struct RESPLimits: Hashable, Sendable {
    /// Arguments in one command, its name included: each costs some 50 bytes beside its own.
    public var argumentLimit = 65_536
    /// Bytes in one bulk string, of a command or a reply.
    public var bulkByteLimit = 16 << 20
    /// Bytes of one command as sent, headers and line ends included: what bounds the memory of a
    /// command that is still arriving.
    public var commandByteLimit = 64 << 20
    /// Bytes in one line without its line end: an inline command, a simple string, an error.
    public var lineByteLimit = 64 << 10
    /// Bytes of one whole reply as sent, attributes included.
    public var replyByteLimit = 256 << 20
    /// Elements announced in one whole reply, counted over all its aggregates.
    public var replyElementLimit = 4_194_304
    /// Aggregates within aggregates in one reply.
    public var replyDepthLimit = 32

    /// The defaults.
    public init() {}
}
