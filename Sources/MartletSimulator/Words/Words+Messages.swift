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
        said(message, from: from, to: to).map { "<- \(names.shard(from)) \($0)" }
    }

    /// A message does not reach a node; nil when that is not told.
    mutating func missed(_ message: PeerMessage, from: Int, at to: Int) -> String? {
        said(message, from: from, to: to).map { "does not hear \(names.shard(from)): \($0)" }
    }

    /// What a message says; nil when it is not about the key that is told about.
    private mutating func said(_ message: PeerMessage, from: Int, to: Int) -> String? {
        switch message {
        case .exchange(let exchange): return said(exchange, from: from, to: to)
        case .replication(let message): return said(message, from: from, to: to)
        case .pushPull(let exchange):
            if focus != nil { return nil }
            return "members: "
                + exchange.members.map { "\($0.name) \($0.state)" }.joined(separator: ", ")
        case .topology(let topology):
            return focus == nil ? "ring of epoch \(topology.epoch)" : nil
        case .decree(let message): return focus == nil ? Self.said(message) : nil
        case .moved(let report):
            return focus == nil
                ? "\(report.fills.count) partitions are filled"
                    + (report.isDrained ? ", and nothing is left" : "") : nil
        case .handover(let message): return focus == nil ? Self.said(message) : nil
        case .topologyWanted(let epoch):
            return focus == nil ? "which ring comes after epoch \(epoch)?" : nil
        }
    }

    private static func said(_ message: DecreeMessage) -> String {
        let (round, after) = (message.ballot.round, message.epoch)
        return switch message.step {
        case .prepare: "prepare round \(round) after epoch \(after)"
        case .promised(let accepted):
            "promised round \(round) after epoch \(after)"
                + (accepted == nil ? "" : ", has accepted a ring")
        case .accept: "accept a ring in round \(round) after epoch \(after)"
        case .accepted: "accepted in round \(round) after epoch \(after)"
        case .refused(let promised): "refused round \(round), promised \(promised.round)"
        }
    }

    private static func said(_ message: HandoverMessage) -> String {
        switch message {
        case .pull(let pull):
            "what of partition \(pull.partition), leaves from \(pull.first) of \(pull.depth)?"
        case .chunk(let chunk):
            "\(chunk.payload.count) bytes of partition \(chunk.partition)"
                + (chunk.next == nil ? ", all" : "")
        case .refused(let refusal):
            "no bytes of partition \(refusal.partition): \(refusal.reason)"
        case .leftover(let leftover):
            "partitions to be taken: "
                + leftover.entries.map { "\($0.partition)" }.joined(separator: " ")
        case .taken(let taken): "partition \(taken.partition) is taken"
        }
    }

    private mutating func said(_ message: ReplicationMessage, from: Int, to: Int) -> String? {
        switch message {
        case .parcel(let parcel): return said(parcel, from: from)
        case .removed(let removed): return said(removed)
        case .put(let put):
            let kept = put.heldFor.map { ", to keep for \(names.node($0))" } ?? ""
            let text = "\(object(put.object))\(kept)" + (put.durable ? ", to be synced" : "")
            return tells(put.operation, of: from, about: put.key)
                ? "\(put.purpose) \(put.key.text): \(text)" : nil
        case .get(let get):
            return tells(get.operation, of: from, about: get.key)
                ? "what of \(get.key.text)?" : nil
        case .forward(let forward):
            let request = forward.request
            return tells(forward.operation, of: from, about: request.key)
                ? "coordinate \(asked(request.operation, request.key.text))" : nil
        case .putReplies(let replies):
            let told = replies.compactMap { reply in
                key(of: reply.operation, of: to).map { words(of: reply, $0) }
            }
            return told.isEmpty ? nil : told.joined(separator: "; ")
        case .getReply(let reply):
            return key(of: reply.operation, of: to).map { words(of: reply, $0) }
        case .forwardReply(let reply):
            return key(of: reply.operation, of: to).map {
                "coordinated: \(answer(reply.answer, $0))"
            }
        }
    }

    /// Takes in a question about a key; whether that is told about.
    private mutating func tells(
        _ operation: OperationID, of node: Int, about key: Bytes
    ) -> Bool {
        questions.ask(question(operation, of: node), about: key)
        return tells(key)
    }

    /// The key that a question of `node` was about; nil when that is not told about.
    private func key(of operation: OperationID, of node: Int) -> String? {
        let key = questions.key(of: question(operation, of: node))
        if focus != nil, key.map(tells) != true { return nil }
        return key?.text ?? "a key"
    }

    private func words(of reply: ReplicaPutReply, _ key: String) -> String {
        guard case .refused(let why) = reply.outcome else { return "stored \(key)" }
        return "refused \(key): \(error(why))"
    }

    private func words(of reply: ReplicaGetReply, _ key: String) -> String {
        switch reply.outcome {
        case .object(let object): "of \(key) \(self.object(object))"
        case .summary(_, let dots): "of \(key) \(names.dots(dots)), values left out"
        case .refused(let why): "nothing to say of \(key): \(error(why))"
        }
    }

    func question(_ operation: OperationID, of node: Int) -> OpenQuestions.Name {
        OpenQuestions.Name(node: node, sequence: .operation, number: operation.rawValue)
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
        return "<- \(names.shard(from)) \(said)\(unwell.joined())"
    }
}
