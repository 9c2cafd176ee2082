// The messages about keys between nodes, each from its sending to its arrival. Answers name no key:
// theirs is that of the question.
internal import MartletBase
internal import MartletVersions
internal import MartletWire

/// Every message about a key, in the order of sending.
struct MessageTrace {
    /// A question is known by who asked it and its number.
    private struct Question: Hashable {
        let node: Int
        let operation: OperationID
    }

    /// What tells one message under way from another.
    private struct Route: Hashable {
        let from: Int
        let to: Int
        let kind: TraceMessage.Kind
        let operation: OperationID
        let key: Int
    }

    private(set) var all: [TraceMessage] = []
    private var questions: [Question: Int] = [:]
    /// Positions of those that have not arrived, the oldest first.
    private var underWay: [Route: [Int]] = [:]

    mutating func sent(
        _ message: PeerMessage, from: Int, to: Int, at now: Instant, _ history: History
    ) {
        for route in routes(message, from: from, to: to, history) {
            if message.question != nil, route.operation != .unanswered {
                questions[Question(node: from, operation: route.operation)] = route.key
            }
            underWay[route, default: []].append(all.count)
            all.append(
                TraceMessage(kind: route.kind, from: from, to: to, key: route.key, sent: now))
        }
    }

    mutating func arrived(
        _ message: PeerMessage, from: Int, to: Int, at now: Instant, _ history: History
    ) {
        for route in routes(message, from: from, to: to, history) {
            guard let position = underWay[route]?.first else { continue }
            underWay[route]?.removeFirst()
            all[position].arrived = now
        }
    }

    /// One for each key that the message is about.
    private func routes(
        _ message: PeerMessage, from: Int, to: Int, _ history: History
    ) -> [Route] {
        guard case .exchange(.objects(let parcel)) = message else {
            return route(message, from: from, to: to, history).map { [$0] } ?? []
        }
        return parcel.entries.compactMap { entry in
            history.number(of: entry.key).map {
                Route(from: from, to: to, kind: .repair, operation: parcel.operation, key: $0)
            }
        }
    }

    private func route(
        _ message: PeerMessage, from: Int, to: Int, _ history: History
    ) -> Route? {
        guard let (kind, operation) = message.traced else { return nil }
        let asked = questions[Question(node: to, operation: operation)]
        guard let key = message.question.map({ history.number(of: $0) }) ?? asked else {
            return nil
        }
        return Route(from: from, to: to, kind: kind, operation: operation, key: key)
    }
}

extension Trace {
    /// A node sends a message, whether or not its link is open.
    func sent(_ message: PeerMessage, from: Int, to: Int, at now: Instant, _ history: History) {
        messages.sent(message, from: from, to: to, at: now, history)
    }

    /// It has arrived.
    func arrived(_ message: PeerMessage, from: Int, to: Int, at now: Instant, _ history: History) {
        messages.arrived(message, from: from, to: to, at: now, history)
    }
}

extension PeerMessage {
    /// The key that it asks about; nil for answers and for what is about no key.
    fileprivate var question: Bytes? {
        switch self {
        case .replicaPut(let put): put.key
        case .replicaGet(let get): get.key
        case .forward(let forward): forward.request.key
        default: nil
        }
    }

    /// What it is called, and its operation; nil when it is about no key.
    fileprivate var traced: (TraceMessage.Kind, OperationID)? {
        switch self {
        case .replicaPut(let put):
            switch put.purpose {
            case .write: (put.heldFor == nil ? .write : .hint, put.operation)
            case .repair: (.repair, put.operation)
            case .hint: (.hint, put.operation)
            }
        case .replicaPutReply(let reply): (.stored, reply.operation)
        case .replicaGet(let get): (.read, get.operation)
        case .replicaGetReply(let reply): (.object, reply.operation)
        case .forward(let forward): (.forward, forward.operation)
        case .forwardReply(let reply): (.forwardReply, reply.operation)
        default: nil
        }
    }
}
