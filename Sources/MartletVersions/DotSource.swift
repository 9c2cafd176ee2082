// Where a node's dots come from.

/// Issues the dots of one actor, each once.
///
/// The counter lives in memory: an actor outlives a restart only when the node stopped cleanly and
/// left its counter behind, durably, as its last act; after any other stop the node takes a new
/// incarnation, made durable before the first dot is issued under it. So no dot is issued twice,
/// and none of an actor that may have forgotten a write.
package struct DotSource: Hashable, Sendable {
    /// Who issues, as a home.
    package let actor: Actor
    /// The counter of the last dot issued, whatever its epoch; 0 before the first.
    package private(set) var counter: UInt64
    /// The last epoch that was begun.
    package private(set) var epoch: UInt32

    /// A source that has issued the dots of `actor` up to `counter`, and begun epochs to `epoch`.
    package init(actor: Actor, counter: UInt64 = 0, epoch: UInt32 = 0) {
        self.actor = actor
        self.counter = counter
        self.epoch = epoch
    }

    /// The actor of an epoch that was never used before; nil when the incarnation has used them
    /// up, which takes four billion hints in one life of the node.
    package mutating func beginEpoch() -> Actor? {
        guard epoch < UInt32.max else { return nil }
        epoch += 1
        return Actor(node: actor.node, incarnation: actor.incarnation, epoch: epoch)
    }

    /// A dot that was never issued before, of `issuer`, an epoch of this actor, or of the actor
    /// itself; and one that neither of two contexts covers.
    package mutating func next(
        of issuer: Actor? = nil, beyond context: Context, and seen: Context
    ) -> Dot {
        let issuer = issuer ?? actor
        counter = max(counter, context.counter(of: issuer), seen.counter(of: issuer)) + 1
        return Dot(actor: issuer, counter: counter)
    }
}
