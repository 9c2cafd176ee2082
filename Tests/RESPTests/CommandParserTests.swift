// Transcripts of the command parser: bytes in, commands out, however the bytes were cut.
import MartletBase
import MartletRESP
import Testing

/// All commands in `pieces`, or the error that ended them, with what came before it.
struct CommandTranscript: Equatable {
    var commands: [[String]] = []
    var error: RESPError?

    init(_ pieces: [Bytes], limits: RESPLimits = RESPLimits()) {
        var parser = CommandParser(limits: limits)
        for piece in pieces where error == nil {
            parser.append(piece)
            do {
                while let command = try parser.next() {
                    commands.append(command.arguments.map(\.text))
                }
            } catch {
                self.error = error
            }
        }
    }

    init(_ text: String, limits: RESPLimits = RESPLimits()) {
        self.init([Bytes(text: text)], limits: limits)
    }
}

@Suite("CommandParser")
struct CommandParserTests {
    static let transcript =
        "*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$4\r\na\r\nb\r\n*1\r\n$4\r\nPING\r\n" + "*0\r\n*-1\r\n\r\n"
        + "set 'a b' \"c\\r\\n\"\r\n  \n" + "*2\r\n$3\r\nGET\r\n$0\r\n\r\n" + "PING\n"
    static let commands = [
        ["SET", "k", "a\r\nb"], ["PING"], ["set", "a b", "c\r\n"], ["GET", ""], ["PING"],
    ]

    @Test("A transcript gives the same commands whole, cut in two anywhere, and byte by byte")
    func everySplit() {
        let bytes = Bytes(text: Self.transcript)
        for cut in 0...bytes.count {
            let transcript = CommandTranscript([Bytes(bytes[..<cut]), Bytes(bytes[cut...])])
            #expect(transcript.commands == Self.commands, "cut at \(cut)")
            #expect(transcript.error == nil, "cut at \(cut)")
        }
        #expect(CommandTranscript(bytes.map { [$0] }).commands == Self.commands)
    }
}
