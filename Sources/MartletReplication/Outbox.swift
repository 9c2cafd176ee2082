// What replication has for others: messages for nodes, and answers for the clients of its own.
internal import MartletBase
public import MartletRing
public import MartletWire

/// Messages and answers of one turn, each in the order in which they came to be.
public struct Outbox: Sendable {
    /// A message, and the peer that it is for.
    public struct Letter: Sendable {
        /// The peer; the message may be lost on its way there.
        public var peer: Peer
        /// What it is told.
        public var message: PeerMessage
    }

    /// An answer, and the request of a client of this node that it is to.
    public struct Answer: Sendable {
        /// The request, which is over with this.
        public var request: RequestID
        /// What came of it.
        public var answer: ClientAnswer
    }

    /// For other nodes.
    public private(set) var letters: [Letter] = []
    /// For clients.
    public private(set) var answers: [Answer] = []

    /// Holds nothing.
    public init() {}

    /// Adds a message for `peer`.
    public mutating func send(_ message: PeerMessage, to peer: Peer) {
        letters.append(Letter(peer: peer, message: message))
    }

    /// Adds a message of replication for `peer`.
    mutating func send(_ message: ReplicationMessage, to peer: Peer) {
        send(.replication(message), to: peer)
    }

    /// Adds the answer to `request`.
    public mutating func answer(_ request: RequestID, _ answer: ClientAnswer) {
        answers.append(Answer(request: request, answer: answer))
    }

    /// Forgets all of it, and keeps the room.
    public mutating func removeAll() {
        letters.removeAll(keepingCapacity: true)
        answers.removeAll(keepingCapacity: true)
    }
}
