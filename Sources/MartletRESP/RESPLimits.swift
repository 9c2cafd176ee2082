// How much of a peer's bytes a parser will hold before it gives up on the peer. Not the limits on
// keys and values: those belong to the store and answer with an ordinary error.

/// The named bounds of both parsers; every one is reached by a test.
package struct RESPLimits: Hashable, Sendable {
    /// Arguments in one command, its name included. Redis's own bound by default.
    package var argumentLimit = 1_048_576
    /// Bytes in one bulk string, of a command or a reply.
    package var bulkByteLimit = 16 << 20
    /// Bytes of one command as sent, headers and line ends included: what bounds the memory of a
    /// command that is still arriving.
    package var commandByteLimit = 64 << 20
    /// Bytes in one line without its line end: an inline command, a simple string, an error.
    package var lineByteLimit = 64 << 10
    /// Bytes of one whole reply as sent, attributes included.
    package var replyByteLimit = 256 << 20
    /// Elements announced in one whole reply, counted over all its aggregates.
    package var replyElementLimit = 4_194_304
    /// Aggregates within aggregates in one reply.
    package var replyDepthLimit = 32

    /// The defaults.
    package init() {}
}
