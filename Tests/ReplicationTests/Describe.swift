// What replication has for others as lines of a transcript: short enough to be read, exact enough
// to be compared. Of one event the messages come first, then the answers.
import MartletBase
import MartletReplication
import MartletRing
import MartletVersions
import MartletWire

/// A message as a line, such as `put 1 → 2: a@1.1, durable`.
func describe(_ letter: Outbox.Letter) -> String {
    "\(describe(letter.message)) → \(letter.peer.node.rawValue)".reordered
}

/// An answer as a line, such as `answer 1: written 1.1 …`.
func describe(_ answer: Outbox.Answer) -> String {
    "answer \(answer.request.rawValue): \(describe(answer.answer))"
}

/// What goes over a link, with `what #operation: details` in this order.
private func describe(_ message: PeerMessage) -> String {
    switch message {
    case .replication(let message): describe(message)
    case .topology(let topology): "ring \(topology.epoch)"
    case .topologyWanted(let epoch): "ring after \(epoch)?"
    case .pushPull, .exchange, .decree, .moved, .handover: "\(message)"
    }
}

private func describe(_ message: ReplicationMessage) -> String {
    switch message {
    case .put(let put):
        var details = [describe(put.object)]
        if put.purpose != .write { details.append("\(put.purpose)") }
        if let home = put.heldFor { details.append("for \(home.rawValue)") }
        if put.durable { details.append("durable") }
        return "put \(put.operation.rawValue): " + details.joined(separator: ", ")
    case .putReplies(let replies):
        let all = replies.map { "\($0.operation.rawValue): \(describe($0.outcome))" }
        return "putReply " + all.joined(separator: ", ")
    case .get(let get):
        return "get \(get.operation.rawValue)" + (get.summaryAllowed ? ": summary will do" : "")
    case .getReply(let reply):
        return "getReply \(reply.operation.rawValue): \(describe(reply.outcome))"
    case .forward(let forward):
        let isTimed = forward.startBy > .start
        return "forward \(forward.operation.rawValue)" + (isTimed ? " in time" : "")
    case .forwardReply(let reply):
        return "forwardReply \(reply.operation.rawValue): \(describe(reply.answer))"
    case .parcel(let parcel):
        let entries = parcel.entries.map { "\($0.key.text) is \(describe($0.object))" }
        return "parcel \(parcel.operation.rawValue): " + entries.joined(separator: ", ")
    case .removed(let removed):
        return "removed \(removed.key.text) up to \(removed.watermark.bits)"
    }
}

extension String {
    /// `head: details → node` as `head → node: details`.
    fileprivate var reordered: String {
        let arrow = components(" → ")
        guard arrow.count == 2 else { return self }
        let head = arrow[0].components(": ")
        let details = head.dropFirst().joined(separator: ": ")
        return "\(head[0]) → \(arrow[1])" + (details.isEmpty ? "" : ": " + details)
    }

    private func components(_ separator: String) -> [String] {
        var parts: [String] = []
        var rest = self[...]
        while let range = rest.firstRange(of: separator) {
            parts.append(String(rest[..<range.lowerBound]))
            rest = rest[range.upperBound...]
        }
        return parts + [String(rest)]
    }
}

/// Values with their dots, `a@1.1 b@2.1`; `nothing` for an empty object.
func describe(_ object: Object) -> String {
    if object.isEmpty { return "nothing" }
    let siblings = object.siblings.map { sibling in
        switch sibling.content {
        case .value(let value):
            "\(value.count > 16 ? "\(value.count) bytes" : value.text)@\(describe(sibling.dot))"
        case .tombstone: "deleted@\(describe(sibling.dot))"
        }
    }
    return siblings.joined(separator: " ")
}

/// The node and the counter; `x` where the node writes in a home's place, under a random name.
private func describe(_ dot: Dot) -> String {
    let node = dot.actor.node.rawValue
    return "\(node < 1_000 ? "\(node)" : "x").\(dot.counter)"
}

private func describe(_ outcome: ReplicaPutReply.Outcome) -> String {
    switch outcome {
    case .stored: "stored"
    case .refused(let error): describe(error)
    }
}

private func describe(_ outcome: ReplicaGetReply.Outcome) -> String {
    switch outcome {
    case .object(let object): describe(object)
    case .summary(_, let dots): "summary " + dots.map(describe).joined(separator: " ")
    case .refused(let error): describe(error)
    }
}

private func describe(_ answer: ClientAnswer) -> String {
    switch answer {
    case .read(let read): "read \(describe(read.object)) \(describe(read.evidence))"
    case .written(let written):
        "written \(describe(written.dot))"
            + (written.siblingCount == 1 ? "" : " beside \(written.siblingCount - 1)")
            + " \(describe(written.evidence))"
    case .failed(let error): describe(error)
    }
}

private func describe(_ error: RequestError) -> String {
    switch error {
    case .noTopology: "no topology"
    case .invalidOptions(let text): "invalid: \(text)"
    case .unavailable(let needed, let reachable, let evidence):
        "unavailable \(reachable) of \(needed) \(describe(evidence))"
    case .timedOut(let needed, let answered, let evidence):
        "timed out \(answered) of \(needed) \(describe(evidence))"
    case .overloaded: "overloaded"
    case .tooLarge(let what, let limit): "\(what) above \(limit) bytes"
    case .tooManySiblings(let limit): "more than \(limit) siblings"
    case .clockSkew: "clock skew"
    case .late: "late"
    case .ringChanged: "the ring has changed"
    case .storage(let text): "storage: \(text)"
    }
}

/// `[1 synced, 4 for 3 silent]`.
private func describe(_ evidence: Evidence) -> String {
    let parts = evidence.witnesses.map { witness in
        let home = witness.standsInFor.map { " for \($0.rawValue)" } ?? ""
        return "\(witness.node.rawValue)\(home) \(witness.act)"
    }
    return "[" + parts.joined(separator: ", ") + "]"
}
