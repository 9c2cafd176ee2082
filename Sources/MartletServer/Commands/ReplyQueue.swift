// Replies in the order of their commands although requests complete in any order: the promise
// that lets a client pipeline. Knows no command and no socket; who calls decides how an answer
// reads.
//
//     slots    [ pending | answered | pending | encoded ]     a ticket is a position from the start
//                 │ head completes: it and what is ready behind it become bytes, a piece at a time
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
enum ReplyForm: Hashable {
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
        /// Written as far as it is there.
        case gathered(Gathering)

        /// Whether something of it could be written.
        var isReady: Bool {
            switch self {
            case .pending: false
            case .answered, .encoded: true
            case .gathered(let gathering): gathering.isReady
            }
        }
    }

    private struct Slot {
        var content: Content
        /// The protocol in force when the command came: HELLO changes it for those behind it.
        var version: RESPVersion
    }

    /// What is ready waits as it is once the output holds so many bytes: making bytes of it takes
    /// time, which one turn does not have for all that a client may have asked for.
    static let pieceLimit = 1 << 20

    private var slots = Deque<Slot>()
    private var headNumber: UInt64 = 0
    private var output = ReplyWriter()
    /// Bytes of values and replies that are there and not yet bytes of the output.
    private(set) var heldByteCount = 0

    /// Replies that are owed and not yet bytes of the output.
    var pendingCount: Int { slots.count }
    /// Bytes of the output.
    var outputByteCount: Int { output.count }
    /// Whether there is something to send.
    var hasOutput: Bool { !output.isEmpty || isHeadReady }
    private var isHeadReady: Bool { !slots.isEmpty && slots[0].content.isReady }

    /// Hands a piece of the output over: `pieceLimit` bytes and one value more, at most.
    mutating func takeOutput(
        render: (ReplyForm, ClientAnswer, inout ReplyWriter) -> Void
    ) -> Bytes {
        if output.isEmpty { writeReady(render) }
        return output.take()
    }

    /// `byteCount` bytes more, or less, are held for a reply that is being gathered.
    mutating func hold(_ byteCount: Int) { heldByteCount += byteCount }

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
        if index == 0, output.count < Self.pieceLimit {
            output.version = slots[0].version
            render(form, answer, &output)
            removeHead()
            writeReady(render)
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
        let bytes = Self.encode(slots[index].version, body)
        heldByteCount += bytes.count
        slots[index].content = .encoded(bytes)
        if index == 0 { writeReady(render) }
    }

    /// Whether the reply behind `ticket` is the next one due.
    func isDue(_ ticket: ReplyTicket) -> Bool { ticket.number == headNumber }

    /// Writes what is there of a reply whose place was reserved as `encodedLater`; again when there
    /// is more.
    mutating func write(
        _ gathering: Gathering,
        render: (ReplyForm, ClientAnswer, inout ReplyWriter) -> Void
    ) {
        let index = position(of: gathering.ticket)
        slots[index].content = .gathered(gathering)
        if index == 0 { writeReady(render) }
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

    private mutating func writeReady(
        _ render: (ReplyForm, ClientAnswer, inout ReplyWriter) -> Void
    ) {
        while isHeadReady, output.count < Self.pieceLimit {
            let head = slots[0]
            output.version = head.version
            switch head.content {
            case .pending: return
            case .answered(let form, let answer):
                heldByteCount -= answer.valueByteCount
                render(form, answer, &output)
            case .encoded(let bytes):
                heldByteCount -= bytes.count
                output.writeEncoded(bytes)
            case .gathered(let gathering):
                heldByteCount -= gathering.writeReady(to: &output, limit: Self.pieceLimit)
                guard gathering.isWritten else { continue }
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
