// The seam between what clients say and the node that serves them: commands know nothing of
// sockets or loops, and can be tested without either.
internal import MartletBase
package import MartletNode
package import MartletRing
package import MartletViews
package import MartletWire

/// What commands ask of the node behind them. Everything happens on the loop of the connection, one
/// of those of the node's shards.
package protocol CommandTarget: AnyObject, PlanningFacts {
    /// The shard on this loop, to look at: the node's ring and members, the shard's counters.
    var core: NodeCore { get }
    /// The connections on this loop; nil where nobody counts them.
    var registry: ClientRegistry? { get }
    /// Whether the present turn has taken as long as it may: what is left is for another.
    var isTurnOver: Bool { get }
    /// Whether reads in flight hold so much that no client should have several of them.
    var isFullOfReads: Bool { get }
    /// Runs a request, at whichever shard serves its key; `complete` is called exactly once, at
    /// once or later, on this loop.
    func submit(_ request: ClientRequest, then complete: @escaping (ClientAnswer) -> Void)
    /// Has the node do what an operator asks for: at the first shard, at that of the key, or at
    /// all, as the request is; `complete` is called exactly once, at once or later, on this loop,
    /// with a reply of the same kind.
    func ask(_ request: OperatorRequest, then complete: @escaping (OperatorReply) -> Void)
    /// Has `look` called for each shard of the node, on its own loop, and `complete` on this one
    /// with what it gave, in the order of the shards: at once where there is one.
    func survey<Sight: Sendable>(
        _ look: @escaping @Sendable (any CommandTarget) -> Sight,
        then complete: @escaping ([Sight]) -> Void)
    /// Notes for the operator that HTTP was spoken to the client port from `address`.
    func noteHTTP(from address: String)
    /// What the process comes to now, as far as this loop knows.
    var processFigures: ProcessFigures { get }
}

extension CommandTarget {
    /// The ring, where the node knows one.
    package var topology: Topology? { core.topology }
}
