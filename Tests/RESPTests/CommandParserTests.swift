// Transcripts of the command parser: bytes in, commands out, however the bytes were cut.
import MartletBase
import MartletRESP
import Testing

@Suite("CommandParser")
struct CommandParserTests {
    static let transcript =
        "*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$4\r\na\r\nb\r\n*1\r\n$4\r\nPING\r\n*0\r\n*-1\r\n\r\n"
        + "set 'a b' \"c\\r\\n\"\r\n  \n*2\r\n$3\r\nGET\r\n$0\r\n\r\nPING\n"
    static let commands = [
        ["SET", "k", "a\r\nb"], ["PING"], ["set", "a b", "c\r\n"], ["GET", ""], ["PING"],
    ].map { $0.map { Bytes(text: $0) } }

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

    @Test("Each malformed stream ends with Redis's words, however it is cut")
    func malformed() {
        let expected: [(String, String)] = [
            ("*x\r\n", "invalid multibulk length"),
            ("*\r\n", "invalid multibulk length"),
            ("*03\r\n", "invalid multibulk length"),
            ("*1\rx", "invalid multibulk length"),
            ("*9999999999999999999\r\n", "invalid multibulk length"),
            ("*1\r\n:4\r\n", "expected '$', got ':'"),
            ("*1\r\n\r\n", "expected '$', got '\\x0d'"),
            ("*1\r\n$-1\r\n", "invalid bulk length"),
            ("*1\r\n$a\r\n", "invalid bulk length"),
            ("*1\r\n$-0\r\n", "invalid bulk length"),
            ("*1\r\n$4\r\nPINGxx", "expected CR LF after a bulk string"),
            ("get \"a\r\n", "unbalanced quotes in request"),
            ("get 'a'b\r\n", "unbalanced quotes in request"),
        ]
        for (stream, text) in expected {
            let whole = CommandTranscript(stream)
            #expect(
                whole.error?.description == "Protocol error: " + text, "\(stream.debugDescription)")
            #expect(CommandTranscript(stream.utf8.map { [$0] }) == whole)
        }
    }

    @Test("Commands before an error come out, and the error is thrown for ever")
    func errorIsFinal() throws {
        var parser = CommandParser()
        parser.append(Bytes(text: "PING\r\n*1\r\n!"))
        #expect(try parser.next()?.name == "PING")
        for _ in 0..<2 {
            #expect(throws: RESPError.expectedBulk(got: UInt8(ascii: "!"))) { try parser.next() }
            parser.append(Bytes(text: "PING\r\n"))
            #expect(parser.bufferedByteCount == 0)
        }
    }

    @Test("Every limit is kept at its value and refused one beyond")
    func limits() {
        var limits = RESPLimits()
        limits.argumentLimit = 2
        limits.bulkByteLimit = 8
        limits.commandByteLimit = 30
        limits.lineByteLimit = 6
        let expected: [(String, RESPError?)] = [
            ("*2\r\n$1\r\na\r\n$1\r\nb\r\n", nil),
            ("*3\r\n", .tooManyArguments(announced: 3, limit: 2)),
            ("*1\r\n$8\r\n12345678\r\n", nil),
            ("*1\r\n$9\r\n", .bulkTooLong(announced: 9, limit: 8)),
            // 4 + 14 + 12 bytes are the whole 30.
            ("*2\r\n$8\r\n12345678\r\n$6\r\n123456\r\n", nil),
            ("*2\r\n$8\r\n12345678\r\n$7\r\n", .commandTooLong(limit: 30)),
            ("123456\r\n", nil),
            ("1234567\r\n", .inlineTooLong(limit: 6)),
            ("12345678", .inlineTooLong(limit: 6)),
        ]
        for (stream, error) in expected {
            #expect(CommandTranscript(stream, limits: limits).error == error, "\(stream)")
            #expect(CommandTranscript(stream.utf8.map { [$0] }, limits: limits).error == error)
        }
        #expect(
            CommandTranscript("*2097152\r\n").error
                == .tooManyArguments(announced: 2_097_152, limit: 65_536))
    }

    @Test("What a parser holds follows what has arrived, small arguments dear, and goes with it")
    func heldBytes() throws {
        var parser = CommandParser()
        #expect(parser.heldByteCount == 0)
        parser.append(Bytes(text: "*50000\r\n$9\r\n"))
        #expect(try parser.next() == nil)
        #expect(parser.heldByteCount < 1_000, "an announcement costs nothing")
        parser.append(Bytes(text: "123456789\r\n"))
        parser.append(Bytes(text: String(repeating: "$1\r\na\r\n", count: 10_000)))
        #expect(try parser.next() == nil)
        #expect(parser.heldByteCount > 500_000, "an array for each letter")
        parser.append(Bytes(text: String(repeating: "$1\r\na\r\n", count: 39_999)))
        #expect(try parser.next()?.arguments.count == 50_000)
        #expect(parser.heldByteCount <= 16 << 10, "an idle connection keeps a small buffer at most")
        parser.append(Bytes(text: "*2\r\n$3\r\nGET\r\n$1000000\r\n"))
        parser.append(Bytes(repeating: 7, count: 999_999))
        #expect(try parser.next() == nil)
        #expect(parser.heldByteCount >= 999_999)
    }

    @Test(
        "Arguments around the size from which they are large come out alike, cut anywhere",
        arguments: [65_535, 65_536, 65_537])
    func largeArguments(length: Int) {
        let value = (0..<length).map { UInt8(truncatingIfNeeded: $0 &* 7) }
        var writer = CommandWriter()
        let commands = [[value], [Bytes(text: "SET"), [1], value], [Bytes(text: "PING")]]
        for command in commands { writer.write(command) }
        let stream = writer.take()
        let header = Bytes(text: "*1\r\n$65536\r\n").count
        for cut in [1, header, header + 1, length, header + length, header + length + 1] {
            let pieces = [stream[..<cut], stream[cut..<(2 * cut)], stream[(2 * cut)...]]
            let transcript = CommandTranscript(pieces.map { Array($0) })
            #expect(transcript.error == nil && transcript.commands == commands, "\(cut)")
        }
        var broken = stream
        broken[header + length] = 0
        #expect(CommandTranscript([broken]).error == .unterminatedBulk)
    }

    @Test("A large value in small pieces comes out whole, between two small commands")
    func largeValue() {
        let value = Bytes(repeating: 7, count: 1 << 20)
        var writer = CommandWriter()
        let commands = [[Bytes(text: "PING")], [Bytes(text: "SET"), [1], value], [[65], []]]
        for command in commands { writer.write(command) }
        let stream = writer.take()
        let pieces = stride(from: 0, to: stream.count, by: 16 << 10).map {
            Bytes(stream[$0..<min(stream.count, $0 + 16 << 10)])
        }
        #expect(CommandTranscript(pieces).commands == commands)
    }

    @Test("A name folds to its keyword in any case; what no keyword can be matches none")
    func keywords() {
        #expect(Keyword(Bytes(text: "mArTlEt.DeLeTe")) == "MARTLET.DELETE")
        #expect(Keyword(Bytes(text: "@[`{az")) == Keyword(Bytes(text: "@[`{AZ")))
        #expect(Keyword([0xE1, 0xFA]) != Keyword([0xC1, 0xDA]))
        #expect(Keyword(Bytes(text: "GETX")) != "GET")
        #expect(Keyword(Bytes(text: "GET") + [0]) == .unmatchable)
        #expect(Keyword(Bytes(repeating: 65, count: 17)) == .unmatchable)
        #expect(Keyword(Bytes(repeating: 97, count: 16)).description == "AAAAAAAAAAAAAAAA")
        for byte in UInt8.min...UInt8.max where byte > 0 {
            let isLower = (0x61...0x7A).contains(byte)
            #expect(Keyword([65, byte]).low == UInt64(isLower ? byte - 32 : byte) << 8 | 65)
        }
    }
}

@Suite("Inline commands")
struct InlineCommandTests {
    @Test("Words and quotes are read by Redis's rules")
    func quoting() {
        let expected: [(String, [String])] = [
            ("a  b\tc", ["a", "b", "c"]),
            ("  lead and trail  ", ["lead", "and", "trail"]),
            ("\"\" ''", ["", ""]),
            ("\"a b\" 'c d'", ["a b", "c d"]),
            ("pre\"fix ed\"", ["prefix ed"]),
            ("\"\\n\\r\\t\\b\\a\\\"\\\\\\q\"", ["\n\r\t\u{8}\u{7}\"\\q"]),
            ("\"\\x41\\x4a\\xzz\"", ["AJxzz"]),
            ("'it\\'s' 'a\\nb'", ["it's", "a\\nb"]),
            ("a\\nb", ["a\\nb"]),
            ("cut\0here", ["cut"]),
        ]
        for (line, words) in expected {
            let transcript = CommandTranscript(line + "\r\n")
            #expect(transcript.commands == [words.map { Bytes(text: $0) }], "\(line)")
        }
        #expect(CommandTranscript("\"\\xff\\x00\"\n").commands == [[[0xFF, 0]]])
    }

    @Test(
        "A quote that does not close, or closes inside a word, is refused",
        arguments: ["\"a", "'a", "\"a\\\"", "'a\\'", "\"a\"b", "'a'\"b\"", "\"", "a'"])
    func unbalanced(line: String) {
        #expect(CommandTranscript(line + "\n").error == .unbalancedQuotes)
    }
}
