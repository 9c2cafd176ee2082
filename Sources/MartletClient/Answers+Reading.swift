// Replies of MARTLET.GET, PUT and DELETE as answers. A reply of another shape is an error: another
// kind of server, or a version that this client does not know.

/// What a reply lacks.
struct UnexpectedReply: Error {
    /// The part that is missing or of another kind.
    var what: String
}

extension GetResult {
    init(_ reply: Reply) throws(UnexpectedReply) {
        var siblings: [Sibling] = []
        for sibling in try reply.array("siblings") { siblings.append(try Sibling(sibling)) }
        self.init(
            siblings: siblings, context: Context(try reply.text("context")),
            evidence: try Evidence(try reply.part("evidence")))
    }
}

extension PutResult {
    init(_ reply: Reply) throws(UnexpectedReply) {
        self.init(
            dot: try reply.text("dot"),
            context: try reply.optionalText("context").map(Context.init),
            siblingCount: Int(try reply.integer("siblings")),
            evidence: try Evidence(try reply.part("evidence")))
    }
}

extension Sibling {
    fileprivate init(_ reply: Reply) throws(UnexpectedReply) {
        let value: [UInt8]? =
            switch try reply.part("value") {
            case .bytes(let bytes): bytes
            case .null: nil
            default: throw UnexpectedReply(what: "value")
            }
        guard case .boolean(let isDeletion) = try reply.part("deleted") else {
            throw UnexpectedReply(what: "deleted")
        }
        let expiry: Int64? =
            try reply.part("expires_ms") == .null ? nil : try reply.integer("expires_ms")
        self.init(
            value: value, isDeletion: isDeletion, dot: try reply.text("dot"),
            writtenAtMilliseconds: try reply.integer("timestamp_ms"),
            expiresAtMilliseconds: expiry)
    }
}

extension Evidence {
    fileprivate init(_ reply: Reply) throws(UnexpectedReply) {
        var witnesses: [Witness] = []
        for witness in try reply.array("replicas") {
            witnesses.append(
                Witness(
                    node: try witness.text("node"),
                    standsInFor: try witness.optionalText("stands_in_for"),
                    act: try witness.text("act")))
        }
        self.init(coordinator: try reply.text("coordinator"), witnesses: witnesses)
    }
}

extension Reply {
    fileprivate func part(_ name: String) throws(UnexpectedReply) -> Reply {
        guard let part = self[name] else { throw UnexpectedReply(what: name) }
        return part
    }

    fileprivate func text(_ name: String) throws(UnexpectedReply) -> String {
        guard let text = try part(name).text else { throw UnexpectedReply(what: name) }
        return text
    }

    fileprivate func optionalText(_ name: String) throws(UnexpectedReply) -> String? {
        let part = try part(name)
        if part == .null { return nil }
        guard let text = part.text else { throw UnexpectedReply(what: name) }
        return text
    }

    fileprivate func integer(_ name: String) throws(UnexpectedReply) -> Int64 {
        guard case .integer(let number) = try part(name) else {
            throw UnexpectedReply(what: name)
        }
        return number
    }

    fileprivate func array(_ name: String) throws(UnexpectedReply) -> [Reply] {
        guard case .array(let replies) = try part(name) else {
            throw UnexpectedReply(what: name)
        }
        return replies
    }
}
