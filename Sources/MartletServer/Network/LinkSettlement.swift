// Which of the connections between two nodes is their link. Both may dial at once, or one may have
// started anew while the other holds a connection to its former life; both ends run this and come
// to the same answer. It knows numbers of connections, no sockets.
//
//     dialling ── connected: hello ──► greeting ── their hello: begin ──► the link
//     accepting ── their hello: hello ──► welcomed ──── their begin ────► the link
//
// A node has one attempt at a time, and dials only while it has no link. Where two attempts cross,
// the one dialled by the node with the smaller id goes on: that node turns the other's hello away,
// the other gives its own up. Messages are sent only on the link, so an attempt that is given up
// takes none with it. An attempt that is begun replaces a link that stood before, since whoever
// dials has none.
package import MartletBase

/// The connections between this node and one other, as far as they are under way.
package struct LinkSettlement: Hashable, Sendable {
    /// What to do with a connection.
    package enum Action: Hashable, Sendable {
        /// Send this node's hello over it.
        case greet(Int)
        /// Send `begin` over it: it is the link.
        case begin(Int)
        /// It is the link from now on.
        case use(Int)
        /// Close it.
        case close(Int)
    }

    /// An attempt at a link, by its connection.
    private enum Attempt: Hashable {
        case none
        /// This node dials.
        case dialling(Int)
        /// This node's hello is on its way to the one that it dialled.
        case greeting(Int)
        /// The other dialled, and this node has answered its hello.
        case welcomed(Int)
    }

    /// Whether an attempt of this node's goes on where two cross.
    private let prevails: Bool
    private var attempt = Attempt.none
    /// The connection that is the link; nil while there is none.
    package private(set) var link: Int?

    /// No connection between `local` and `peer`, which are different nodes.
    package init(local: NodeID, peer: NodeID) {
        invariant(local != peer, "\(local) links to itself")
        prevails = local < peer
    }

    /// Whether to dial: there is no link and nothing under way that may become one.
    package var mayDial: Bool { link == nil && attempt == .none }

    /// This node dials.
    package mutating func dialled(_ connection: Int) {
        invariant(mayDial, "dialled amid \(attempt), link \(link ?? -1)")
        attempt = .dialling(connection)
    }

    /// The other end of a dialled connection has accepted it.
    package mutating func connected(_ connection: Int) -> [Action] {
        guard attempt == .dialling(connection) else { return [.close(connection)] }
        attempt = .greeting(connection)
        return [.greet(connection)]
    }

    /// The other's hello came over a connection that it dialled.
    package mutating func helloReceived(_ connection: Int) -> [Action] {
        var actions: [Action] = []
        switch attempt {
        case .none: break
        // What is still being dialled is closed when it is connected.
        case .dialling: break
        case .greeting(let own):
            if prevails { return [.close(connection)] }
            actions.append(.close(own))
        case .welcomed(let former): actions.append(.close(former))
        }
        attempt = .welcomed(connection)
        return actions + [.greet(connection)]
    }

    /// The other's hello came over a connection that this node dialled.
    package mutating func answered(_ connection: Int) -> [Action] {
        guard attempt == .greeting(connection) else { return [.close(connection)] }
        return [.begin(connection)] + take(connection)
    }

    /// The other begins, on a connection that it dialled.
    package mutating func begun(_ connection: Int) -> [Action] {
        guard attempt == .welcomed(connection) else { return [.close(connection)] }
        return take(connection)
    }

    /// A connection has ended, or could not be made.
    package mutating func ended(_ connection: Int) {
        if link == connection { link = nil }
        switch attempt {
        case .dialling(connection), .greeting(connection), .welcomed(connection): attempt = .none
        default: break
        }
    }

    private mutating func take(_ connection: Int) -> [Action] {
        let former = link
        link = connection
        attempt = .none
        return (former.map { [.close($0)] } ?? []) + [.use(connection)]
    }
}
