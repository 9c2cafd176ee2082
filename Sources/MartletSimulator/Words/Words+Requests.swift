// What clients ask, and what they are answered.
internal import MartletBase
internal import MartletVersions
internal import MartletWire

extension Words {
    /// A client asks a node for something; nil when that is not told.
    func asked(_ operation: Operation, _ number: Int) -> String? {
        let key = names.key(operation.key)
        guard tells(Bytes(text: key)) else { return nil }
        // What a reader has seen is no part of its question.
        let seen =
            operation.kind == .get
            ? nil
            : operation.seen.map { seen in
                ", having seen \(seen.isEmpty ? "nothing" : names.dots(seen))"
            }
        return "is asked by \(Self.client(operation.client)): w\(number), \(operation.kind) \(key)"
            + "\(seen ?? "")"
    }

    /// A request is answered; nil when that is not told.
    func answered(_ operation: Operation, _ number: Int, _ answer: ClientAnswer) -> String? {
        let key = names.key(operation.key)
        guard tells(Bytes(text: key)) else { return nil }
        return "answers \(Self.client(operation.client)): w\(number), \(self.answer(answer, key))"
    }

    /// A client waits no longer, or its node is gone; nil when that is not told.
    func cutOff(_ operation: Operation, _ number: Int) -> String? {
        guard tells(Bytes(text: names.key(operation.key))) else { return nil }
        return "leaves \(Self.client(operation.client)) without an answer: w\(number)"
    }

    private static func client(_ index: Int?) -> String {
        index.map { "client \($0 + 1)" } ?? "the last reader"
    }

    func answer(_ answer: ClientAnswer, _ key: String) -> String {
        switch answer {
        case .read(let read):
            "\(key) is \(object(read.object))\(evidence(read.evidence))"
        case .written(let write):
            "\(key) written as \(names.dot(write.dot))"
                + (write.siblingCount > 1 ? ", one of \(write.siblingCount) siblings" : "")
                + evidence(write.evidence)
        case .failed(let error): "\(key) failed, \(self.error(error))"
        }
    }

    /// `; synced n1, n4 for n2; silent n3`, in the order of the acts.
    private func evidence(_ evidence: Evidence) -> String {
        Witness.Act.allCases.map { act in
            let named = evidence.witnesses.filter { $0.act == act }.map { witness in
                names.node(witness.node)
                    + (witness.standsInFor.map { " for \(names.node($0))" } ?? "")
            }
            return named.isEmpty ? "" : "; \(act) \(named.joined(separator: ", "))"
        }.joined()
    }

    func error(_ error: RequestError) -> String {
        switch error {
        case .noTopology: "no ring yet"
        case .invalidOptions(let why): "invalid options: \(why)"
        case .unavailable(let needed, let reachable, let evidence):
            "unavailable: \(needed) needed, \(reachable) reachable" + self.evidence(evidence)
        case .timedOut(let needed, let answered, let evidence):
            "timed out: \(needed) needed, \(answered) answered" + self.evidence(evidence)
        case .overloaded: "overloaded"
        case .tooLarge(let what, let limit): "\(what) above \(limit) bytes"
        case .tooManySiblings(let limit): "more than \(limit) siblings"
        case .clockSkew: "a clock too far off"
        case .late: "came too late"
        case .storage(let why): "storage: \(names.told(why))"
        case .ringChanged: "the ring has changed"
        }
    }
}
