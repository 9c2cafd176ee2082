// What the storage's threads bring, on its way to the node's loop: taken in event by event, as far
// as each turn goes.
internal import DequeModule
internal import MartletNode
internal import NIOCore

/// Events from other threads. `@unchecked Sendable`: `outside` guards what threads share, and the
/// rest is confined to the loop. The storage bounds what it has under way.
final class StorageInbox: TurnTaker, @unchecked Sendable {
    private let eventLoop: any EventLoop
    private let outside = Monitor<[NodeEvent]>([])
    private var arrived = Deque<NodeEvent>()
    private var isWaitingForTurn = false

    /// Takes in one event; false when the turn has time for no more.
    var onEvent: (NodeEvent) -> Bool = { _ in true }
    /// Asks for another turn.
    var onTurnOver: () -> Void = {}

    init(eventLoop: any EventLoop) {
        self.eventLoop = eventLoop
    }

    /// Brings an event, from whatever thread.
    func append(_ event: NodeEvent) {
        let isFirst = outside.update { events in
            events.append(event)
            return events.count == 1
        }
        if isFirst { eventLoop.execute { [self] in if !isWaitingForTurn { takeTurn() } } }
    }

    func takeTurn() {
        isWaitingForTurn = false
        arrived += outside.update { events in
            defer { events = [] }
            return events
        }
        while let event = arrived.popFirst() {
            if onEvent(event) || arrived.isEmpty { continue }
            isWaitingForTurn = true
            return onTurnOver()
        }
    }
}
