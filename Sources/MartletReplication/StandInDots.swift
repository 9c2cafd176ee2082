// The names of writes that a node coordinates in a home's place, of keys that it does not keep, or
// as a home that has lost data and may not name them itself.
internal import MartletBase
internal import MartletVersions

/// Issues the dots of a node's writes to hints.
///
/// A context covers all dots of an actor up to a counter. A home may extend it by its own next dot,
/// since it still holds, or has seen replaced, every earlier write of its own to the key. A
/// fallback gives its writes away and forgets them: under the same actor its next one would claim
/// to have seen them, and wipe them out where they went. So once a hint that carries dots of the
/// present actor is forgotten, the next write comes under a new one. Its name is drawn at random,
/// 64 bits, as node identities are, and never kept: after a restart it is another.
struct StandInDots {
    private var random: SeededRandom
    /// Who issues at present.
    private(set) var source: DotSource

    init(random: SeededRandom) {
        self.random = random
        source = Self.newSource(&self.random)
    }

    private static func newSource(_ random: inout SeededRandom) -> DotSource {
        DotSource(actor: Actor(node: NodeID(rawValue: random.next()), incarnation: 1))
    }

    mutating func next(beyond known: UInt64) -> Dot { source.next(beyond: known) }

    /// A hint that carries `object` goes away.
    mutating func forgetting(_ object: Object) {
        if object.counter(of: source.actor) > 0 { renew() }
    }

    /// Writes come under a new actor from now on.
    mutating func renew() {
        source = Self.newSource(&random)
    }
}
