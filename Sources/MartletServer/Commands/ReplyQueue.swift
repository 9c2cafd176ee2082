// Replies in the order of their commands although requests complete in any order: the promise
// that lets a client pipeline. Knows no command and no socket; who calls decides how an answer
// reads.
//
//     slots    [ pending | answered | pending | encoded ]     a ticket is a position from the start
//                 │ head completes: it and all that are ready behind it become bytes
//     output ◄────┘
internal import DequeModule
internal import MartletBase
internal import MartletRESP
internal import MartletVersions
internal import MartletWire

/// The place of one reply, counted from the start of its connection.
struct ReplyTicket: Hashable {
    var number: UInt64
}

/// What becomes of an answer: the shape that the command promised.
enum ReplyForm {
    /// The one value to show, or null.
    case value
    /// OK once written.
    case stored
    /// The bytes of the value shown.
    case length
    /// `string` or `none`.
    case type
    /// How long the value shown still lives.
    case remaining(inMilliseconds: Bool)
    /// Everything that this key holds, and the evidence.
    case versions(of: Bytes)
    /// What became of a write to this key, and the evidence.
    case receipt(of: Bytes)
    /// Encoded by whoever completes it; never comes with an answer of its own.
    case encodedLater

    /// Whether it answers a write.
    var isOfWrite: Bool {
        switch self {
        case .stored, .receipt: true
        case .value, .length, .type, .remaining, .versions, .encodedLater: false
        }
    }
}

/// The replies that a connection still owes, and the bytes that are ready for it.
struct ReplyQueue {
    private enum Content {
        case pending(ReplyForm)
        case answered(ReplyForm, ClientAnswer)
        case encoded(Bytes)
    }

    private struct Slot {
        var content: Content
        /// The protocol in force when the command came: HELLO changes it for those behind it.
        var version: RESPVersion
    }

    private var slots = Deque<Slot>()
    private var headNumber: UInt64 = 0
    private var output = ReplyWriter()
    /// Bytes of values and replies that wait behind a pending head.
    private(set) var heldByteCount = 0

    /// Replies that are owed and not yet bytes of the output.
    var pendingCount: Int { slots.count }
    /// Bytes ready to be sent.
    var outputByteCount: Int { output.count }

    /// Hands the output over.
    mutating func takeOutput() -> Bytes { output.take() }

    /// Forgets everything owed and ready.
    mutating func removeAll() {
        headNumber += UInt64(slots.count)
        slots.removeAll()
        heldByteCount = 0
        output.removeAll()
    }

    /// A reply that is known at once: into the output when nothing is owed before it.
    mutating func append(version: RESPVersion, _ body: (inout ReplyWriter) -> Void) {
        if slots.isEmpty {
            output.version = version
            body(&output)
        } else {
            let bytes = Self.encode(version, body)
            heldByteCount += bytes.count
            slots.append(Slot(content: .encoded(bytes), version: version))
        }
    }

    /// Keeps the next place for a reply that will come.
    mutating func reserve(_ form: ReplyForm, version: RESPVersion) -> ReplyTicket {
        slots.append(Slot(content: .pending(form), version: version))
        return ReplyTicket(number: headNumber + UInt64(slots.count - 1))
    }

    /// The request behind `ticket` was answered; `render` says what a form makes of an answer.
    /// Straight into the output when the reply is the next one due, else kept as it is.
    mutating func answer(
        _ ticket: ReplyTicket, _ answer: ClientAnswer,
        render: (ReplyForm, ClientAnswer, inout ReplyWriter) -> Void
    ) {
        let index = position(of: ticket)
        guard case .pending(let form) = slots[index].content else {
            return invariant(false, "reply \(ticket.number) was completed twice")
        }
        if index == 0 {
            output.version = slots[0].version
            render(form, answer, &output)
            removeHead()
            flushReady(render)
        } else {
            heldByteCount += answer.valueByteCount
            slots[index].content = .answered(form, answer)
        }
    }

    /// What was reserved as `encodedLater` is here.
    mutating func fulfil(
        _ ticket: ReplyTicket, _ body: (inout ReplyWriter) -> Void,
        render: (ReplyForm, ClientAnswer, inout ReplyWriter) -> Void
    ) {
        let index = position(of: ticket)
        guard case .pending(.encodedLater) = slots[index].content else {
            return invariant(false, "reply \(ticket.number) is not to be encoded now")
        }
        if index == 0 {
            output.version = slots[0].version
            body(&output)
            removeHead()
            flushReady(render)
        } else {
            let bytes = Self.encode(slots[index].version, body)
            heldByteCount += bytes.count
            slots[index].content = .encoded(bytes)
        }
    }

    /// Whether the reply behind `ticket` is the next one due.
    func isDue(_ ticket: ReplyTicket) -> Bool { ticket.number == headNumber }

    /// Writes a part of the reply behind `ticket`, which is due; `fulfil` writes the last.
    mutating func extend(_ ticket: ReplyTicket, _ body: (inout ReplyWriter) -> Void) {
        invariant(isDue(ticket), "reply \(ticket.number) is begun, \(headNumber) is due")
        output.version = slots[0].version
        body(&output)
    }

    private func position(of ticket: ReplyTicket) -> Int {
        invariant(
            ticket.number >= headNumber && ticket.number - headNumber < UInt64(slots.count),
            "reply \(ticket.number) of \(headNumber) and \(slots.count) behind it")
        return Int(ticket.number - headNumber)
    }

    private mutating func removeHead() {
        slots.removeFirst()
        headNumber += 1
    }

    private mutating func flushReady(
        _ render: (ReplyForm, ClientAnswer, inout ReplyWriter) -> Void
    ) {
        while let head = slots.first {
            switch head.content {
            case .pending: return
            case .answered(let form, let answer):
                heldByteCount -= answer.valueByteCount
                output.version = head.version
                render(form, answer, &output)
            case .encoded(let bytes):
                heldByteCount -= bytes.count
                output.writeEncoded(bytes)
            }
            removeHead()
        }
    }

    private static func encode(
        _ version: RESPVersion, _ body: (inout ReplyWriter) -> Void
    ) -> Bytes {
        var writer = ReplyWriter(version: version)
        body(&writer)
        return writer.take()
    }
}

extension ClientAnswer {
    /// Bytes of the values that the answer carries: what keeping it costs.
    var valueByteCount: Int {
        if case .read(let answer) = self { return answer.object.valueByteCount }
        return 0
    }
}
