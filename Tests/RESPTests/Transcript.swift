// What a parser makes of a stream that comes in pieces: the harness of both parsers' tests.
import MartletBase
import MartletRESP

/// What both parsers are to whoever feeds them.
protocol StreamParser {
    associatedtype Message: Equatable
    init(limits: RESPLimits)
    mutating func append(_ received: Bytes)
    mutating func next() throws(RESPError) -> Message?
}

extension CommandParser: StreamParser {}
extension ReplyParser: StreamParser {}

/// All messages in some pieces, and the error that ended them.
struct Transcript<Parser: StreamParser>: Equatable {
    var messages: [Parser.Message] = []
    var error: RESPError?

    init(_ pieces: [Bytes], limits: RESPLimits = RESPLimits()) {
        var parser = Parser(limits: limits)
        for piece in pieces where error == nil {
            parser.append(piece)
            do throws(RESPError) {
                while let message = try parser.next() { messages.append(message) }
            } catch {
                self.error = error
            }
        }
    }

    init(_ text: String, limits: RESPLimits = RESPLimits()) {
        self.init([Bytes(text: text)], limits: limits)
    }
}

typealias CommandTranscript = Transcript<CommandParser>
typealias ReplyTranscript = Transcript<ReplyParser>

extension Transcript<CommandParser> {
    /// The words of each command.
    var commands: [[Bytes]] { messages.map(\.arguments) }
}
