// Where a node's dots come from.

/// Issues the dots of one actor, each once.
///
/// The counter lives in memory: an actor outlives a restart only when the node stopped cleanly and
/// left its counter behind, durably, as its last act; after any other stop the node takes a new
/// incarnation, made durable before the first dot is issued under it. So no dot is issued twice,
/// and none of an actor that may have forgotten a write.
public struct DotSource: Hashable, Sendable {
    /// Who issues.
    public let actor: Actor
    /// The counter of the last dot issued; 0 before the first.
    public private(set) var counter: UInt64

    /// A source that has issued the dots of `actor` up to `counter`.
    public init(actor: Actor, counter: UInt64 = 0) {
        self.actor = actor
        self.counter = counter
    }

    /// A dot that was never issued before, and that is beyond `known`: a client may hand in a
    /// context that claims to have seen dots which are yet to come.
    public mutating func next(beyond known: UInt64) -> Dot {
        counter = max(counter, known) + 1
        return Dot(actor: actor, counter: counter)
    }
}
