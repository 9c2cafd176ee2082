// What other threads bring to the loop of a shard: the storage's threads, and the loops of the
// node's other shards. Taken in piece by piece, as far as each turn goes.
internal import DequeModule
internal import MartletBase
internal import MartletNode
internal import MartletReplication
internal import MartletWire
internal import NIOCore

/// What comes from another thread.
enum LoopMail: Sendable {
    /// Something for the shard, from the storage or the first shard.
    case event(NodeEvent)
    /// A change of the links that the node has.
    case link(Work.LinkChange)
    /// What a client on the loop of that shard asks for, under its number there.
    case request(RequestID, ClientRequest, of: Int)
    /// What came of a request of a client on this loop.
    case answer(RequestID, ClientAnswer)
}

/// Mail on its way. `@unchecked Sendable`: `outside` guards what threads share, and the rest is
/// confined to the loop. Storage and sessions bound what they have under way.
final class LoopInbox: TurnTaker, @unchecked Sendable {
    private let eventLoop: any EventLoop
    private let outside = Monitor<[LoopMail]>([])
    private var arrived = Deque<LoopMail>()
    private var isWaitingForTurn = false

    /// Takes in one piece; false when the turn has time for no more.
    var onMail: (LoopMail) -> Bool = { _ in true }
    /// Asks for another turn.
    var onTurnOver: () -> Void = {}

    init(eventLoop: any EventLoop) {
        self.eventLoop = eventLoop
    }

    /// Brings mail, from whatever thread.
    func append(_ mail: some Sequence<LoopMail>) {
        let isFirst = outside.update { pieces in
            defer { pieces += mail }
            return pieces.isEmpty
        }
        if isFirst { eventLoop.execute { [self] in if !isWaitingForTurn { takeTurn() } } }
    }

    func takeTurn() {
        isWaitingForTurn = false
        arrived += outside.update { pieces in
            defer { pieces = [] }
            return pieces
        }
        while let mail = arrived.popFirst() {
            if onMail(mail) || arrived.isEmpty { continue }
            isWaitingForTurn = true
            return onTurnOver()
        }
    }
}
