// The messages about keys between nodes, each from its sending to its arrival, and those about the
// partitions that keys lie in. Answers name no key: theirs is that of the question.
internal import MartletBase
internal import MartletVersions
internal import MartletWire

/// Every message about a key or partition, in the order of sending.
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
        let subject: TraceMessage.Subject
        var operation = OperationID.unanswered
        /// Of what it carries, where no operation names it.
        var digest = 0
    }

    private(set) var all: [TraceMessage] = []
    private var questions: [Question: Int] = [:]
    /// Positions of those that have not arrived, the oldest first.
    private var underWay: [Route: [Int]] = [:]

    mutating func sent(
        _ message: PeerMessage, from: Int, to: Int, at now: Instant, _ history: History
    ) {
        for route in routes(message, from: from, to: to, history) {
            if message.question != nil, route.operation != .unanswered,
                case .key(let key) = route.subject
            {
                questions[Question(node: from, operation: route.operation)] = key
            }
            underWay[route, default: []].append(all.count)
            all.append(
                TraceMessage(
                    kind: route.kind, from: from, to: to, subject: route.subject, sent: now))
        }
    }

    mutating func arrived(
        _ message: PeerMessage, from: Int, to: Int, at now: Instant, _ history: History
    ) {
        for route in routes(message, from: from, to: to, history) {
            guard var positions = underWay[route], let position = positions.first else { continue }
            positions.removeFirst()
            underWay[route] = positions.isEmpty ? nil : positions
            all[position].arrived = now
        }
    }

    /// One for each key that the message is about.
    private func routes(
        _ message: PeerMessage, from: Int, to: Int, _ history: History
    ) -> [Route] {
        guard case .exchange(let exchange) = message else {
            return route(message, from: from, to: to, history).map { [$0] } ?? []
        }
        if case .objects(let parcel) = exchange {
            return parcel.entries.compactMap { entry in
                history.number(of: entry.key).map {
                    Route(
                        from: from, to: to, kind: .exchange, subject: .key($0),
                        operation: parcel.operation)
                }
            }
        }
        guard let (kind, subject) = exchange.traced(history) else { return [] }
        var hasher = Hasher()
        hasher.combine(exchange)
        return [
            Route(from: from, to: to, kind: kind, subject: subject, digest: hasher.finalize())
        ]
    }

    private func route(
        _ message: PeerMessage, from: Int, to: Int, _ history: History
    ) -> Route? {
        guard let (kind, operation) = message.traced else { return nil }
        let asked = questions[Question(node: to, operation: operation)]
        guard let key = message.question.map({ history.number(of: $0) }) ?? asked else {
            return nil
        }
        return Route(from: from, to: to, kind: kind, subject: .key(key), operation: operation)
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

extension ExchangeMessage {
    /// What it is, and what it is about; nil for objects, which are several, and unknown keys.
    fileprivate func traced(
        _ history: History
    ) -> (TraceMessage.Kind, TraceMessage.Subject)? {
        switch self {
        case .promise: (.promise, .everything)
        case .roots(let roots): (.comparison, .partitions(roots.entries.map(\.partition)))
        case .rootsReply(let reply): (.comparison, .partitions(reply.differing + reply.unknown))
        case .settled(let settled): (.settled, .partitions(settled.entries.map(\.partition)))
        case .nodes(let nodes): (.comparison, .partitions(nodes.parts.map(\.partition)))
        case .nodesReply(let reply): (.comparison, .partitions(reply.parts.map(\.partition)))
        case .question(let question): (.comparison, .partitions(question.parts.map(\.partition)))
        case .leaf(let leaf), .wants(let leaf): (.comparison, .partitions([leaf.partition]))
        case .objects: nil
        case .removed(let removed):
            history.number(of: removed.key).map { (.removal, .key($0)) }
        }
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
