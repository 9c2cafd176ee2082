// What other threads bring to the loop of a shard: the storage's threads, and the loops of the
// node's other shards. Taken in piece by piece, as far as each turn goes.
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
    /// What has arrived, of which those before `next` are taken in.
    private var arrived: [LoopMail] = []
    private var next = 0
    private var isWaitingForTurn = false

    /// Takes in one piece; false when the turn has time for no more.
    var onMail: (LoopMail) -> Bool = { _ in true }
    /// Asks for another turn.
    var onTurnOver: () -> Void = {}

    init(eventLoop: any EventLoop) {
        self.eventLoop = eventLoop
    }

    /// Brings mail, from whatever thread.
    func append(_ mail: [LoopMail]) {
        let isFirst = outside.update { pieces in
            guard pieces.isEmpty else {
                pieces += mail
                return false
            }
            pieces = mail
            return true
        }
        if isFirst { eventLoop.execute { [self] in if !isWaitingForTurn { takeTurn() } } }
    }

    private var isEmptyOutside: Bool { outside.update { $0.isEmpty } }

    func takeTurn() {
        isWaitingForTurn = false
        while true {
            if next == arrived.count {
                next = 0
                arrived = outside.update { pieces in
                    defer { pieces = [] }
                    return pieces
                }
                if arrived.isEmpty { return }
            }
            let hasTime = onMail(arrived[next])
            next += 1
            if hasTime || (next == arrived.count && isEmptyOutside) { continue }
            isWaitingForTurn = true
            return onTurnOver()
        }
    }
}
