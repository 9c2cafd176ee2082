// The connections of one node's clients, for CLIENT LIST and INFO. Confined to the node's loop.
internal import MartletBase
internal import MartletWire

/// Who is connected, and counts since the node started.
package final class ClientRegistry {
    /// Open sessions by ascending id.
    private(set) var sessions: [ClientSession] = []
    /// Connections ever opened.
    private(set) var openedCount: UInt64 = 0
    /// Commands ever taken in.
    var commandCount: UInt64 = 0
    /// Members that CLUSTER FORGET has named: those of them that are away are not shown to cluster
    /// clients. No more than there are members.
    private var forgotten: Set<NodeID> = []

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

    /// Has cluster clients not shown a member while it is away.
    func forget(_ member: NodeID) { forgotten.insert(member) }

    /// Those of `members` that cluster clients are shown; who is back is not forgotten any more.
    func shown(_ members: [Member]) -> [Member] {
        if forgotten.isEmpty { return members }
        forgotten.formIntersection(members.lazy.filter { $0.state == .unreachable }.map(\.id))
        return members.filter { !forgotten.contains($0.id) }
    }

    private func position(of id: Int) -> Int {
        sessions.partitionIndex { $0.id < id }
    }
}
