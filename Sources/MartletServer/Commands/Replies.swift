// What each form of reply makes of an answer. Plain replies show one value, the sibling with the
// latest timestamp; nothing else is hidden from MARTLET.GET, whose maps are written here too.
//
//     MARTLET.GET     context  siblings → [value deleted dot timestamp_ms expires_ms]  evidence
//     MARTLET.PUT     dot  context (null: read first, there are siblings)  siblings  evidence
//     evidence        coordinator  replicas → [node stands_in_for act]
//
// A request that succeeded has not waited for whoever had not answered: `pending`, and no sign of
// trouble. Only an error calls them silent.
internal import MartletBase
internal import MartletNode
internal import MartletRESP
internal import MartletRing
internal import MartletVersions
internal import MartletViews
internal import MartletWire

extension ClientSession {
    /// Replies with what a read found.
    func write(_ answer: ReadAnswer, as form: ReplyForm, to writer: inout ReplyWriter) {
        switch form {
        case .value:
            if let value = shown(of: answer.object)?.value {
                writer.writeBulk(value)
            } else {
                writer.writeNull()
            }
        case .length: writer.writeInteger(shown(of: answer.object)?.value.count ?? 0)
        case .type: writer.writeSimple(shown(of: answer.object) == nil ? "none" : "string")
        case .remaining(let inMilliseconds):
            writer.writeInteger(remaining(of: answer.object, inMilliseconds: inMilliseconds))
        case .versions(let key): writeVersions(answer, of: key, to: &writer)
        case .stored, .receipt, .encodedLater:
            invariant(false, "a read was answered to a command of form \(form)")
        }
    }

    /// Replies with what became of a write.
    func write(_ answer: WriteAnswer, as form: ReplyForm, to writer: inout ReplyWriter) {
        switch form {
        case .stored: writer.writeOK()
        case .receipt(let key): writeReceipt(answer, of: key, to: &writer)
        case .value, .length, .type, .remaining, .versions, .encodedLater:
            invariant(false, "a write was answered to a command of form \(form)")
        }
    }

    /// The one value that plain commands see, and when it expires; nil when the latest sibling is
    /// a tombstone or has expired, or when there is none.
    func shown(of object: Object) -> (value: ArraySlice<UInt8>, expiry: WallTime?)? {
        guard let (value, expiry) = object.shownValue else { return nil }
        if let expiry, expiry <= target.now.wall { return nil }
        return (value, expiry)
    }

    /// What TTL and PTTL say: -2 without a value, -1 when it never expires.
    private func remaining(of object: Object, inMilliseconds: Bool) -> Int {
        guard let (_, expiry) = shown(of: object) else { return -2 }
        guard let expiry else { return -1 }
        let now = target.now.wall.milliseconds
        let left = Int(clamping: expiry.milliseconds - min(now, expiry.milliseconds))
        return inMilliseconds ? left : left / 1_000 + (left % 1_000 >= 500 ? 1 : 0)
    }

    private func writeVersions(
        _ answer: ReadAnswer, of key: Bytes, to writer: inout ReplyWriter
    ) {
        writer.writeMapHeader(3)
        writer.writeBulk("context")
        write(answer.object.context, of: key, to: &writer)
        writer.writeBulk("siblings")
        writer.writeArrayHeader(answer.object.siblings.count)
        let wall = target.now.wall
        for sibling in answer.object.siblings { write(sibling, at: wall, to: &writer) }
        write(answer.evidence, to: &writer)
    }

    private func write(_ sibling: Sibling, at wall: WallTime, to writer: inout ReplyWriter) {
        let value = sibling.value(at: wall)
        writer.writeMapHeader(5)
        writer.writeBulk("value")
        if let value { writer.writeBulk(value) } else { writer.writeNull() }
        writer.writeBulk("deleted")
        writer.writeBoolean(sibling.content == .tombstone)
        writer.writeBulk("dot")
        writer.writeBulk("\(sibling.dot)")
        writer.writeBulk("timestamp_ms")
        writer.writeInteger(Int(sibling.timestamp.wall.milliseconds))
        writer.writeBulk("expires_ms")
        if let expiry = sibling.expiry {
            writer.writeInteger(Int(clamping: expiry.milliseconds))
        } else {
            writer.writeNull()
        }
    }

    private func writeReceipt(
        _ answer: WriteAnswer, of key: Bytes, to writer: inout ReplyWriter
    ) {
        writer.writeMapHeader(4)
        writer.writeBulk("dot")
        writer.writeBulk("\(answer.dot)")
        writer.writeBulk("context")
        write(answer.context, of: key, to: &writer)
        writer.writeBulk("siblings")
        writer.writeInteger(answer.siblingCount)
        write(answer.evidence, to: &writer)
    }

    /// A context as the token that the client is to pass back with its next write of `key`.
    private func write(_ context: Context?, of key: Bytes, to writer: inout ReplyWriter) {
        guard let context, let topology = target.core.topology else { return writer.writeNull() }
        writer.writeBulk(ContextToken.encode(context, ContextSeal(topology, key: key)))
    }

    private func write(_ evidence: Evidence, to writer: inout ReplyWriter) {
        let names = NodeNames(target.core)
        writer.writeBulk("evidence")
        writer.writeMapHeader(2)
        writer.writeBulk("coordinator")
        writer.writeBulk(names.name(of: evidence.coordinator))
        writer.writeBulk("replicas")
        writer.writeArrayHeader(evidence.witnesses.count)
        for witness in evidence.witnesses {
            writer.writeMapHeader(3)
            writer.writeBulk("node")
            writer.writeBulk(names.name(of: witness.node))
            writer.writeBulk("stands_in_for")
            if let home = witness.standsInFor {
                writer.writeBulk(names.name(of: home))
            } else {
                writer.writeNull()
            }
            writer.writeBulk("act")
            writer.writeBulk(witness.act == .silent ? "pending" : "\(witness.act)")
        }
    }
}
