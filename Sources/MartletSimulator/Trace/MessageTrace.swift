// The messages about keys between nodes, each from its sending to its arrival, and those about the
// partitions that keys lie in. Answers name no key: theirs is that of the question.
internal import MartletBase
internal import MartletVersions
internal import MartletWire

/// The last messages about keys and partitions, in the order of sending.
struct MessageTrace {
    /// So many are kept at the least; of twice as many the older half goes.
    static let limit = 1 << 17

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
    /// The keys of questions, and those that were asked before the older half last went.
    private var questions: [Question: Int] = [:]
    private var olderQuestions: [Question: Int] = [:]
    /// How many have gone.
    private var goneCount = 0
    /// Numbers of those that have not arrived, counted from the first of all, the oldest first.
    private var underWay: [Route: [Int]] = [:]

    mutating func sent(
        _ message: PeerMessage, from: Int, to: Int, at now: Instant, _ history: History
    ) {
        for route in routes(message, from: from, to: to, history) {
            if message.isQuestion, case .key(let key) = route.subject {
                questions[Question(node: from, operation: route.operation)] = key
            }
            underWay[route, default: []].append(goneCount + all.count)
            all.append(
                TraceMessage(
                    kind: route.kind, from: from, to: to, subject: route.subject, sent: now))
        }
        if all.count >= 2 * Self.limit { dropOlderHalf() }
    }

    private mutating func dropOlderHalf() {
        let dropped = all.count - Self.limit
        all.removeFirst(dropped)
        goneCount += dropped
        olderQuestions = questions
        questions = [:]
        underWay = underWay.compactMapValues { [goneCount] numbers in
            let kept = numbers.filter { $0 >= goneCount }
            return kept.isEmpty ? nil : kept
        }
    }

    mutating func arrived(
        _ message: PeerMessage, from: Int, to: Int, at now: Instant, _ history: History
    ) {
        for route in routes(message, from: from, to: to, history) {
            guard var numbers = underWay[route], let number = numbers.first else { continue }
            numbers.removeFirst()
            underWay[route] = numbers.isEmpty ? nil : numbers
            all[number - goneCount].arrived = now
        }
    }

    /// One for each key that the message is about.
    private func routes(
        _ message: PeerMessage, from: Int, to: Int, _ history: History
    ) -> [Route] {
        switch message {
        case .replication(let message):
            return message.traced.compactMap { kind, operation, key in
                let question = Question(node: to, operation: operation)
                let asked = questions[question] ?? olderQuestions[question]
                let number = key.map { history.number(of: $0) } ?? asked
                guard let number else { return nil }
                return Route(
                    from: from, to: to, kind: kind, subject: .key(number), operation: operation,
                    digest: message.digest)
            }
        case .exchange(let exchange):
            let (kind, subject) = exchange.traced
            var hasher = Hasher()
            hasher.combine(exchange)
            return [
                Route(from: from, to: to, kind: kind, subject: subject, digest: hasher.finalize())
            ]
        case .pushPull, .topology, .topologyWanted, .decree, .moved, .handover: return []
        }
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
    /// What it is, and what it is about.
    fileprivate var traced: (TraceMessage.Kind, TraceMessage.Subject) {
        switch self {
        case .promise: (.promise, .everything)
        case .roots(let roots): (.comparison, .partitions(roots.entries.map(\.partition)))
        case .rootsReply(let reply): (.comparison, .partitions(reply.differing + reply.unknown))
        case .settled(let settled): (.settled, .partitions(settled.entries.map(\.partition)))
        case .nodes(let nodes): (.comparison, .partitions(nodes.parts.map(\.partition)))
        case .nodesReply(let reply): (.comparison, .partitions(reply.parts.map(\.partition)))
        case .question(let question): (.comparison, .partitions(question.parts.map(\.partition)))
        case .leaf(let leaf), .wants(let leaf): (.comparison, .partitions([leaf.partition]))
        }
    }
}

extension ReplicationMessage {
    /// What it says of each key that it is about: what that is called, its operation, and the key
    /// itself, unless that is the question's.
    fileprivate var traced: [(kind: TraceMessage.Kind, operation: OperationID, key: Bytes?)] {
        switch self {
        case .put(let put): [(put.traced, put.operation, put.key)]
        case .get(let get): [(.read, get.operation, get.key)]
        case .forward(let forward): [(.forward, forward.operation, forward.request.key)]
        case .putReplies(let replies): replies.map { (.stored, $0.operation, nil) }
        case .getReply(let reply): [(.object, reply.operation, nil)]
        case .forwardReply(let reply): [(.forwardReply, reply.operation, nil)]
        case .parcel(let parcel): parcel.entries.map { (.exchange, parcel.operation, $0.key) }
        case .removed(let removed): [(.removal, .unanswered, removed.key)]
        }
    }

    /// Of what it carries, where no operation names it.
    fileprivate var digest: Int {
        guard case .removed(let removed) = self else { return 0 }
        var hasher = Hasher()
        hasher.combine(removed)
        return hasher.finalize()
    }
}

extension ReplicaPut {
    fileprivate var traced: TraceMessage.Kind {
        switch purpose {
        case .write: heldFor == nil ? .write : .hint
        case .repair: .repair
        case .hint: .hint
        }
    }
}

extension PeerMessage {
    /// Whether something is asked of one key.
    fileprivate var isQuestion: Bool {
        switch self {
        case .replication(.put(let put)): put.operation != .unanswered
        case .replication(.get), .replication(.forward): true
        default: false
        }
    }
}
