// What makes a byte stream unreadable. Each of these ends the connection: after one, nobody can say
// where the next message begins. The errors that a server replies with and carries on are not here.

/// Why a parser gave up on its peer. Texts are Redis's where Redis has one.
public enum RESPError: Error, Hashable, Sendable {
    /// The count behind `*` is no number.
    case invalidMultibulkLength
    /// More arguments announced than `RESPLimits.argumentLimit`.
    case tooManyArguments(announced: Int, limit: Int)
    /// Something other than `$` where an argument begins.
    case expectedBulk(got: UInt8)
    /// The length behind `$` is no number, or negative.
    case invalidBulkLength
    /// A bulk string announced beyond `RESPLimits.bulkByteLimit`.
    case bulkTooLong(announced: Int, limit: Int)
    /// The bytes of a bulk string are not followed by CR LF.
    case unterminatedBulk
    /// A command beyond `RESPLimits.commandByteLimit`.
    case commandTooLong(limit: Int)
    /// An inline command beyond `RESPLimits.lineByteLimit`.
    case inlineTooLong(limit: Int)
    /// A quote in an inline command that does not close, or closes inside a word.
    case unbalancedQuotes

    /// A reply begins with a byte that names no type.
    case unknownReplyType(UInt8)
    /// A count or length in a reply is no number.
    case invalidReplyLength
    /// The text of a scalar reply is not of the type that its first byte named.
    case invalidScalar(type: UInt8)
    /// A line of a reply beyond `RESPLimits.lineByteLimit`.
    case replyLineTooLong(limit: Int)
    /// A reply beyond `RESPLimits.replyByteLimit`.
    case replyTooLong(limit: Int)
    /// A reply with more elements than `RESPLimits.replyElementLimit`.
    case tooManyElements(limit: Int)
    /// A reply nested deeper than `RESPLimits.replyDepthLimit`.
    case nestedTooDeep(limit: Int)
    /// A streamed string or aggregate of RESP3, which no server that we speak to sends.
    case streamedReply
}

extension RESPError: CustomStringConvertible {
    /// The text to send behind `-ERR ` before closing; one line, printable whatever the peer sent.
    public var description: String { "Protocol error: \(detail)" }

    private var detail: String {
        switch self {
        case .invalidMultibulkLength: "invalid multibulk length"
        case .tooManyArguments(let announced, let limit):
            "invalid multibulk length: \(announced) arguments, the limit is \(limit)"
        case .expectedBulk(let byte): "expected '$', got '\(Self.printable(byte))'"
        case .invalidBulkLength: "invalid bulk length"
        case .bulkTooLong(let announced, let limit):
            "invalid bulk length: \(announced) bytes, the limit is \(limit)"
        case .unterminatedBulk: "expected CR LF after a bulk string"
        case .commandTooLong(let limit): "too big command, the limit is \(limit) bytes"
        case .inlineTooLong: "too big inline request"
        case .unbalancedQuotes: "unbalanced quotes in request"
        case .unknownReplyType(let byte): "unknown reply type '\(Self.printable(byte))'"
        case .invalidReplyLength: "invalid length in a reply"
        case .invalidScalar(let type): "invalid reply of type '\(Self.printable(type))'"
        case .replyLineTooLong(let limit): "too long a line in a reply, the limit is \(limit) bytes"
        case .replyTooLong(let limit): "too big reply, the limit is \(limit) bytes"
        case .tooManyElements(let limit): "too many elements in a reply, the limit is \(limit)"
        case .nestedTooDeep(let limit): "reply nested too deep, the limit is \(limit)"
        case .streamedReply: "streamed replies are not supported"
        }
    }

    private static func printable(_ byte: UInt8) -> String {
        if (0x20..<0x7F).contains(byte) { return String(UnicodeScalar(byte)) }
        let digits = String(byte, radix: 16)
        return "\\x" + (digits.count == 1 ? "0" : "") + digits
    }
}
