// The client's hot path: bytes of a connection in, replies out, RESP2 and RESP3 alike. Matches no
// reply with its request; what it throws ends the connection.
//
// Aggregates under way wait on an explicit stack, so that depth is a limit and not a recursion.
public import MartletBase

/// Parses a server's bytes as they arrive. Append each read, then call `next` until it gives nil.
///
/// A partial reply keeps its place: no finished element is parsed twice. Memory follows the bytes
/// received, never a count that was only announced.
public struct ReplyParser: Sendable {
    private let limits: RESPLimits
    private var input = InputBuffer()
    /// Aggregates that still await elements, outermost first.
    private var open: [OpenAggregate] = []
    /// A blob whose header has been read and whose bytes have not all arrived.
    private var pendingBlob: (type: UInt8, length: Int)?
    /// Bytes of the present reply so far, counting a pending blob as whole.
    private var replyByteCount = 0
    /// Elements announced in the present reply so far.
    private var elementCount = 0
    private var failure: RESPError?

    /// A parser at the start of a connection.
    public init(limits: RESPLimits = RESPLimits()) {
        self.limits = limits
    }

    /// Bytes received and not yet turned into values.
    public var bufferedByteCount: Int { input.count }

    /// Takes what was read from the connection. Amortised O(n).
    public mutating func append(_ received: RawSpan) {
        if failure == nil { input.append(received) }
    }

    /// Takes what was read from the connection. Amortised O(n).
    public mutating func append(_ received: Bytes) {
        unsafe append(received.span.bytes)
    }

    /// The next whole reply, or nil until more bytes come; attributes are read and dropped. Once it
    /// has thrown it throws the same for ever: close the connection.
    public mutating func next() throws(RESPError) -> RESPValue? {
        if let failure { throw failure }
        do {
            return try parse()
        } catch {
            failure = error
            input.discard()
            open = []
            throw error
        }
    }

    private mutating func parse() throws(RESPError) -> RESPValue? {
        while true {
            switch try step() {
            case .incomplete: return nil
            case .opened: continue
            case .value(let value):
                if let reply = deliver(value) {
                    replyByteCount = 0
                    elementCount = 0
                    return reply
                }
            }
        }
    }

    /// What reading one element came to.
    private enum Step {
        /// More bytes are needed.
        case incomplete
        /// An aggregate or attribute whose elements follow.
        case opened
        /// A scalar, or an aggregate of nothing.
        case value(RESPValue)
    }

    private mutating func step() throws(RESPError) -> Step {
        if pendingBlob != nil { return try takeBlob() }
        guard input.count > 0 else { return .incomplete }
        let type = input.bytes[input.start]
        switch type {
        case UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: ":"), UInt8(ascii: "_"),
            UInt8(ascii: ","), UInt8(ascii: "#"), UInt8(ascii: "("):
            guard let line = try takeLine() else { return .incomplete }
            guard let value = RESPValue(type: type, line: line) else {
                throw .invalidScalar(type: type)
            }
            return .value(value)
        case UInt8(ascii: "$"), UInt8(ascii: "="), UInt8(ascii: "!"):
            return try beginBlob(type)
        case UInt8(ascii: "*"), UInt8(ascii: "%"), UInt8(ascii: "~"), UInt8(ascii: ">"),
            UInt8(ascii: "|"):
            return try beginAggregate(type)
        case UInt8(ascii: ";"), UInt8(ascii: "."):
            throw .streamedReply
        default:
            throw .unknownReplyType(type)
        }
    }

    /// The line after its type byte, consumed; nil until its line end has arrived.
    private mutating func takeLine() throws(RESPError) -> Bytes? {
        let tooLong = RESPError.replyLineTooLong(limit: limits.lineByteLimit)
        guard let count = input.countBeforeLineFeed() else {
            // The type byte and a CR do not count.
            guard input.count <= limits.lineByteLimit + 2 else { throw tooLong }
            return nil
        }
        guard count <= limits.lineByteLimit + 2 else { throw tooLong }
        guard count >= 2, input.hasLineEnd(at: count - 1) else {
            throw .invalidScalar(type: input.bytes[input.start])
        }
        let line = input.copy(from: 1, count: count - 2)
        try charge(count + 1)
        input.consume(count + 1)
        return line
    }

    /// A length line's number, not yet consumed; nil until the line has arrived.
    private func takeLength() throws(RESPError) -> (number: Int, lineCount: Int)? {
        if input.count > 1, input.bytes[input.start + 1] == UInt8(ascii: "?") {
            throw .streamedReply
        }
        switch input.length() {
        case .incomplete: return nil
        case .invalid: throw .invalidReplyLength
        case .number(let number, let lineCount): return (number, lineCount)
        }
    }

    private mutating func charge(_ byteCount: Int) throws(RESPError) {
        replyByteCount += byteCount
        guard replyByteCount <= limits.replyByteLimit else {
            throw .replyTooLong(limit: limits.replyByteLimit)
        }
    }
}

// Strings, verbatim texts and blob errors: a length, then that many bytes.
extension ReplyParser {
    private mutating func beginBlob(_ type: UInt8) throws(RESPError) -> Step {
        guard let (length, lineCount) = try takeLength() else { return .incomplete }
        let isNull = length == -1 && type == UInt8(ascii: "$")
        guard length >= 0 || isNull else { throw .invalidReplyLength }
        guard length <= limits.bulkByteLimit else {
            throw .bulkTooLong(announced: length, limit: limits.bulkByteLimit)
        }
        try charge(lineCount + (isNull ? 0 : length + 2))
        input.consume(lineCount)
        if isNull { return .value(.null) }
        pendingBlob = (type, length)
        return try takeBlob()
    }

    private mutating func takeBlob() throws(RESPError) -> Step {
        guard let (type, length) = pendingBlob, input.count >= length + 2 else {
            return .incomplete
        }
        guard input.hasLineEnd(at: length) else { throw .unterminatedBulk }
        let blob = input.copy(from: 0, count: length)
        input.consume(length + 2)
        pendingBlob = nil
        switch type {
        case UInt8(ascii: "$"): return .value(.bulk(blob))
        case UInt8(ascii: "!"): return .value(.error(RESPReplyError(blob.text)))
        default:
            guard length >= 4, blob[3] == UInt8(ascii: ":") else {
                throw .invalidScalar(type: type)
            }
            return .value(.verbatim(format: Bytes(blob[..<3]).text, Bytes(blob[4...])))
        }
    }
}

// Arrays, maps, sets, pushes and attributes: a count, then that many values.
extension ReplyParser {
    /// An aggregate whose elements are arriving.
    private struct OpenAggregate: Sendable {
        var type: UInt8
        var awaited: Int
        var elements: [RESPValue] = []

        /// The finished value; nil for an attribute, which only annotates the value after it.
        var value: RESPValue? {
            switch type {
            case UInt8(ascii: "*"): .array(elements)
            case UInt8(ascii: "~"): .set(elements)
            case UInt8(ascii: ">"): .push(elements)
            case UInt8(ascii: "%"):
                .map(
                    stride(from: 0, to: elements.count - 1, by: 2).map {
                        RESPPair(elements[$0], elements[$0 + 1])
                    })
            default: nil
            }
        }
    }

    private mutating func beginAggregate(_ type: UInt8) throws(RESPError) -> Step {
        guard let (count, lineCount) = try takeLength() else { return .incomplete }
        let isNull = count == -1 && type == UInt8(ascii: "*")
        guard count >= 0 || isNull else { throw .invalidReplyLength }
        try charge(lineCount)
        let isPaired = type == UInt8(ascii: "%") || type == UInt8(ascii: "|")
        let awaited = isNull ? 0 : isPaired ? 2 * count : count
        elementCount += awaited
        guard elementCount <= limits.replyElementLimit else {
            throw .tooManyElements(limit: limits.replyElementLimit)
        }
        guard open.count < limits.replyDepthLimit else {
            throw .nestedTooDeep(limit: limits.replyDepthLimit)
        }
        input.consume(lineCount)
        if isNull { return .value(.null) }
        let aggregate = OpenAggregate(type: type, awaited: awaited)
        if awaited == 0 { return aggregate.value.map(Step.value) ?? .opened }
        open.append(aggregate)
        return .opened
    }

    /// Puts a value where it belongs and closes what it completes; gives back a whole reply.
    private mutating func deliver(_ value: RESPValue) -> RESPValue? {
        var value = value
        while let last = open.indices.last {
            open[last].elements.append(value)
            open[last].awaited -= 1
            if open[last].awaited > 0 { return nil }
            guard let finished = open.removeLast().value else { return nil }
            value = finished
        }
        return value
    }
}
