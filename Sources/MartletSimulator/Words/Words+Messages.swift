// What nodes say to each other, as whoever hears it takes it in. Answers name no key: theirs is
// that of the question.
internal import MartletBase
internal import MartletRing
internal import MartletVersions
internal import MartletWire

extension Words {
    /// How many members of a list are named.
    static let listLimit = 8

    /// A message has come to a node; nil when it is not told.
    mutating func heard(_ message: PeerMessage, from: Int, at to: Int) -> String? {
        said(message, from: from, to: to).map { "<- \(Names.node(from)) \($0)" }
    }

    /// A message does not reach a node; nil when that is not told.
    mutating func missed(_ message: PeerMessage, from: Int, at to: Int) -> String? {
        said(message, from: from, to: to).map { "does not hear \(Names.node(from)): \($0)" }
    }

    /// What a message says; nil when it is not about the key that is told about.
    private mutating func said(_ message: PeerMessage, from: Int, to: Int) -> String? {
        if case .exchange(let exchange) = message { return said(exchange, from: from, to: to) }
        if let (operation, key) = message.question {
            questions.ask(question(operation, of: from), about: key)
            return tells(key) ? words(of: message, key.text) : nil
        }
        guard let operation = message.answered else {
            return focus == nil ? words(of: message, "") : nil
        }
        let key = questions.key(of: question(operation, of: to))
        if focus != nil, key.map(tells) != true { return nil }
        return words(of: message, key?.text ?? "a key")
    }

    func question(_ operation: OperationID, of node: Int) -> OpenQuestions.Name {
        OpenQuestions.Name(node: node, sequence: .operation, number: operation.rawValue)
    }

    private func words(of message: PeerMessage, _ key: String) -> String {
        switch message {
        case .replicaPut(let put):
            let kept = put.heldFor.map { ", to keep for \(names.node($0))" } ?? ""
            return "\(put.purpose) \(key): \(object(put.object))\(kept)"
                + (put.durable ? ", to be synced" : "")
        case .replicaPutReply(let reply):
            guard case .refused(let why) = reply.outcome else { return "stored \(key)" }
            return "refused \(key): \(error(why))"
        case .replicaGet: return "what of \(key)?"
        case .replicaGetReply(let reply):
            switch reply.outcome {
            case .object(let object): return "of \(key) \(self.object(object))"
            case .summary(_, let dots): return "of \(key) \(names.dots(dots)), values left out"
            case .refused(let why): return "nothing to say of \(key): \(error(why))"
            }
        case .forward(let forward): return "coordinate \(asked(forward.request.operation, key))"
        case .forwardReply(let reply): return "coordinated: \(answer(reply.answer, key))"
        case .pushPull(let exchange):
            return "members: "
                + exchange.members.map { "\($0.name) \($0.state)" }.joined(separator: ", ")
        case .topology(let topology): return "ring of epoch \(topology.epoch)"
        case .exchange: fatalError("exchanges have words of their own")
        }
    }

    private func asked(_ operation: ClientOperation, _ key: String) -> String {
        switch operation {
        case .get: return "get \(key)"
        case .put(let mutation, _):
            let seen =
                if case .seen(let context) = mutation.causality {
                    ", having seen \(names.context(context))"
                } else { "" }
            return mutation.content == .tombstone
                ? "delete \(key)\(seen)" : "put \(key) \(content(mutation.content))\(seen)"
        }
    }

    /// A datagram has come to a node; nil when it is not told.
    func heard(_ datagram: Datagram, from: Int) -> String? {
        if focus != nil { return nil }
        let said =
            switch datagram.kind {
            case .ping(let target): target == nil ? "ping of a seed" : "ping"
            case .pingRequest(let target): "ping \(names.node(target)) for me"
            case .ack: "ack"
            case .nameTaken(let node): "your name is \(names.node(node))'s"
            }
        let unwell = datagram.members.filter { $0.state != .alive }.prefix(Self.listLimit)
            .map { ", \($0.name) \($0.state)" }
        return "<- \(Names.node(from)) \(said)\(unwell.joined())"
    }
}

extension PeerMessage {
    /// What it asks of which key; nil for answers and for what is about no key.
    fileprivate var question: (OperationID, Bytes)? {
        switch self {
        case .replicaPut(let put): (put.operation, put.key)
        case .replicaGet(let get): (get.operation, get.key)
        case .forward(let forward): (forward.operation, forward.request.key)
        default: nil
        }
    }

    /// The operation that it answers.
    fileprivate var answered: OperationID? {
        switch self {
        case .replicaPutReply(let reply): reply.operation
        case .replicaGetReply(let reply): reply.operation
        case .forwardReply(let reply): reply.operation
        default: nil
        }
    }
}
