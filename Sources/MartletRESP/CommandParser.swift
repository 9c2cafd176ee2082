// The server's hot path: bytes of a connection in, commands out. Knows no command by name and
// answers nothing; what it throws ends the connection.
//
//   command   = multibulk / inline
//   multibulk = "*" count CRLF count*( "$" length CRLF length*BYTE CRLF )
//   inline    = *( words and quotes, see InlineCommand ) LF
public import MartletBase

/// Parses a client's bytes as they arrive. Append each read, then call `next` until it gives nil.
///
/// A partial command keeps its place: each byte is looked at once, however it was cut. Memory
/// follows the bytes received, never a count that was only announced: room that is reserved is
/// touched only then.
public struct CommandParser: Sendable {
    /// From so many bytes on an argument is not copied out of the input, which takes time: its room
    /// is reserved at once, and used as bytes come.
    private static let largeArgumentByteCount = 64 << 10
    /// Arguments for which room is made on the strength of an announcement.
    private static let reservedArgumentLimit = 16
    /// Bytes of memory that an argument takes beside its own: the reference, the array's header,
    /// and what the allocator adds.
    private static let argumentOverhead = 56

    private let limits: RESPLimits
    private var input = InputBuffer()
    /// The arguments of the present command that have arrived whole.
    private var arguments: [Bytes] = []
    /// Bytes of those arguments.
    private var argumentByteCount = 0
    /// Arguments of the present command still to come; 0 between commands.
    private var awaited = 0
    /// The length of the argument under way, once its header has been read.
    private var bulkLength: Int?
    /// What is there of that argument where it is a large one: it is gathered where it stays.
    private var large: Bytes = []
    /// Bytes of the present command so far, counting the argument under way as whole.
    private var commandByteCount = 0
    /// The previous command's name: most commands repeat it, and then share its bytes.
    private var lastName: Bytes = []
    private var failure: RESPError?

    /// A parser at the start of a connection.
    public init(limits: RESPLimits = RESPLimits()) {
        self.limits = limits
    }

    /// Bytes received and not yet turned into commands or arguments.
    public var bufferedByteCount: Int { input.count + large.count }

    /// Bytes of memory that what has arrived and is not yet a command takes. O(1).
    public var heldByteCount: Int {
        input.capacity + large.count + argumentByteCount
            + arguments.count * Self.argumentOverhead
    }

    /// Takes what was read from the connection. Amortised O(n).
    public mutating func append(_ received: RawSpan) {
        if failure != nil { return }
        var taken = 0
        if let bulkLength, bulkLength >= Self.largeArgumentByteCount, input.count == 0 {
            taken = min(bulkLength - large.count, received.byteCount)
            let part = received.extracting(first: taken)
            unsafe part.withUnsafeBytes { unsafe large.append(contentsOf: $0) }
        }
        if taken < received.byteCount { input.append(received.extracting(droppingFirst: taken)) }
    }

    /// Takes what was read from the connection. Amortised O(n).
    public mutating func append(_ received: Bytes) {
        unsafe append(received.span.bytes)
    }

    /// The next whole command, or nil until more bytes come. Once it has thrown it throws the same
    /// for ever: reply with `-ERR`, the error's text, and close.
    public mutating func next() throws(RESPError) -> RESPCommand? {
        if let failure { throw failure }
        do {
            return try parse()
        } catch {
            failure = error
            input.discard()
            large = []
            arguments = []
            argumentByteCount = 0
            throw error
        }
    }

    private mutating func parse() throws(RESPError) -> RESPCommand? {
        while awaited == 0 {
            guard input.count > 0 else { return nil }
            if input.bytes[input.start] == UInt8(ascii: "*") {
                guard try beginMultibulk() else { return nil }
            } else {
                guard let words = try takeInline() else { return nil }
                if !words.isEmpty { return RESPCommand(words) }
            }
        }
        while awaited > 0 {
            guard try takeArgument() else { return nil }
        }
        let name = Keyword(arguments[0])
        defer {
            arguments = []
            argumentByteCount = 0
        }
        return RESPCommand(name: name, arguments: arguments)
    }

    /// Reads `*N`; a count of zero or less announces nothing and is skipped, as Redis does.
    private mutating func beginMultibulk() throws(RESPError) -> Bool {
        switch input.length() {
        case .incomplete: return false
        case .invalid: throw .invalidMultibulkLength
        case .number(let count, let lineCount):
            guard count <= limits.argumentLimit else {
                throw .tooManyArguments(announced: count, limit: limits.argumentLimit)
            }
            input.consume(lineCount)
            awaited = max(0, count)
            commandByteCount = lineCount
            arguments.reserveCapacity(min(awaited, Self.reservedArgumentLimit))
            return true
        }
    }

    /// Reads one `$len`, its bytes and their line end; false until all are there.
    @inline(__always)
    private mutating func takeArgument() throws(RESPError) -> Bool {
        if bulkLength == nil {
            guard try takeBulkHeader() else { return false }
        }
        guard let length = bulkLength else { return false }
        if length >= Self.largeArgumentByteCount { return try takeLargeArgument(length) }
        guard input.count >= length &+ 2 else { return false }
        guard input.hasLineEnd(at: length) else { throw .unterminatedBulk }
        if arguments.isEmpty {
            let range = input.start..<input.start &+ length
            if !lastName.elementsEqual(input.bytes[range]) {
                lastName = input.copy(from: 0, count: length)
            }
            arguments.append(lastName)
        } else {
            arguments.append(input.copy(from: 0, count: length))
        }
        argumentByteCount &+= length
        input.consume(length &+ 2)
        bulkLength = nil
        awaited &-= 1
        return true
    }

    private mutating func takeLargeArgument(_ length: Int) throws(RESPError) -> Bool {
        if large.isEmpty { large.reserveCapacity(length) }
        let part = min(length - large.count, input.count)
        large.append(contentsOf: input.bytes[input.start..<input.start + part])
        input.consume(part)
        guard large.count == length, input.count >= 2 else { return false }
        guard input.hasLineEnd(at: 0) else { throw .unterminatedBulk }
        arguments.append(large)
        large = []
        argumentByteCount += length
        input.consume(2)
        bulkLength = nil
        awaited -= 1
        return true
    }

    @inline(__always)
    private mutating func takeBulkHeader() throws(RESPError) -> Bool {
        guard input.count > 0 else { return false }
        let type = input.bytes[input.start]
        guard type == UInt8(ascii: "$") else { throw .expectedBulk(got: type) }
        switch input.length() {
        case .incomplete: return false
        case .invalid: throw .invalidBulkLength
        case .number(let length, let lineCount):
            guard length >= 0 else { throw .invalidBulkLength }
            guard length <= limits.bulkByteLimit else {
                throw .bulkTooLong(announced: length, limit: limits.bulkByteLimit)
            }
            commandByteCount &+= lineCount &+ length &+ 2
            guard commandByteCount <= limits.commandByteLimit else {
                throw .commandTooLong(limit: limits.commandByteLimit)
            }
            input.consume(lineCount)
            bulkLength = length
            return true
        }
    }

    /// Reads one line of words; empty for a blank line, nil until its line feed has arrived.
    private mutating func takeInline() throws(RESPError) -> [Bytes]? {
        let whole = input.countBeforeLineFeed()
        // One byte more may be the CR that does not count.
        guard whole ?? input.count <= limits.lineByteLimit + 1 else {
            throw .inlineTooLong(limit: limits.lineByteLimit)
        }
        guard let count = whole else { return nil }
        var line = input.copy(from: 0, count: count)
        if line.last == .carriageReturn { line.removeLast() }
        guard line.count <= limits.lineByteLimit else {
            throw .inlineTooLong(limit: limits.lineByteLimit)
        }
        input.consume(count + 1)
        return try InlineCommand.words(of: line)
    }
}
