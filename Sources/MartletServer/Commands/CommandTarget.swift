// The seam between what clients say and the node that serves them: commands know nothing of
// sockets or loops, and can be tested without either.
package import MartletBase
package import MartletNode
package import MartletViews
package import MartletWire

/// What commands ask of the node behind them. Everything happens on the node's own loop.
package protocol CommandTarget: AnyObject {
    /// The node, to look at: its ring, members, counters.
    var core: NodeCore { get }
    /// Both clocks, now.
    var now: Moment { get }
    /// Whether the present turn has taken as long as it may: what is left is for another.
    var isTurnOver: Bool { get }
    /// Whether reads in flight hold so much that no client should have several of them.
    var isFullOfReads: Bool { get }
    /// Runs a request; `complete` is called exactly once, at once or later, on the same loop.
    func submit(_ request: ClientRequest, then complete: @escaping (ClientAnswer) -> Void)
    /// Has the node do what an operator asks for; `complete` is called exactly once, at once or
    /// later, with a reply of the same kind.
    func ask(_ request: OperatorRequest, then complete: @escaping (OperatorReply) -> Void)
    /// Notes for the operator that HTTP was spoken to the client port from `address`.
    func noteHTTP(from address: String)
    /// What the process comes to now.
    var processFigures: ProcessFigures { get }
}
