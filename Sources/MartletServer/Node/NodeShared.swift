// What the loops of a node have in common, each on a thread of its own: numbers alone.
internal import MartletBase
internal import Synchronization

/// Connections and memory of a node, whichever of its loops they belong to.
final class NodeShared: Sendable {
    /// Connections of clients.
    let clients: ConnectionCount
    /// Connections that peers have made.
    let peers: ConnectionCount
    /// What connections may hold, and do.
    let memory: MemoryTotal
    private let lastConnection = Atomic(0)

    /// A node that may have so many connections, which may hold so many bytes.
    init(_ descriptors: DescriptorPlan, memoryLimitBytes: Int) {
        clients = ConnectionCount(limit: descriptors.clients)
        peers = ConnectionCount(limit: descriptors.peers)
        memory = MemoryTotal(limitBytes: memoryLimitBytes)
    }

    /// A number for a client's connection, unique at the node.
    func nextConnection() -> Int {
        lastConnection.add(1, ordering: .relaxed).newValue
    }
}

/// How many connections of one kind there are, and may be.
final class ConnectionCount: Sendable {
    /// The most there may be.
    let limit: Int
    private let present = Atomic(0)

    init(limit: Int) {
        self.limit = limit
    }

    /// One more, if it may be.
    func admit() -> Bool {
        if present.add(1, ordering: .relaxed).newValue <= limit { return true }
        leave()
        return false
    }

    /// One more in the place of one that was admitted and is about to leave.
    func enter() { present.add(1, ordering: .relaxed) }

    /// One less.
    func leave() { present.subtract(1, ordering: .relaxed) }
}
