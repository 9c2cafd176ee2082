// The connections of one node's clients, for CLIENT LIST and INFO. Confined to the node's loop.
internal import MartletBase

/// Who is connected, and counts since the node started.
package final class ClientRegistry {
    /// Open sessions by ascending id.
    private(set) var sessions: [ClientSession] = []
    /// Connections ever opened.
    private(set) var openedCount: UInt64 = 0
    /// Commands ever taken in.
    var commandCount: UInt64 = 0

    /// A registry without connections.
    package init() {}

    func add(_ session: ClientSession) {
        openedCount += 1
        let index = position(of: session.id)
        invariant(
            index == sessions.count || sessions[index].id != session.id,
            "connection \(session.id) was opened twice")
        sessions.insert(session, at: index)
    }

    func remove(_ session: ClientSession) {
        let index = position(of: session.id)
        invariant(
            index < sessions.count && sessions[index] === session,
            "connection \(session.id) is not open")
        sessions.remove(at: index)
    }

    private func position(of id: Int) -> Int {
        sessions.partitionIndex { $0.id < id }
    }
}
