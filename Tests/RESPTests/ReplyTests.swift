// Replies: golden bytes in both protocols, and transcripts of the client's parser.
import MartletBase
import MartletRESP
import Testing

@Suite("ReplyWriter")
struct ReplyWriterTests {
    @Test("Each reply is spelled as its protocol has it")
    func golden() {
        let expected: [(write: (inout ReplyWriter) -> Void, resp2: String, resp3: String)] = [
            ({ $0.writeOK() }, "+OK\r\n", "+OK\r\n"),
            ({ $0.writeSimple("a\r\nb") }, "+a  b\r\n", "+a  b\r\n"),
            ({ $0.writeError("bad\nthing") }, "-ERR bad thing\r\n", "-ERR bad thing\r\n"),
            ({ $0.writeError("no", code: "NOPROTO") }, "-NOPROTO no\r\n", "-NOPROTO no\r\n"),
            (
                { $0.writeError(.expectedBulk(got: 10)) },
                "-ERR Protocol error: expected '$', got '\\x0a'\r\n",
                "-ERR Protocol error: expected '$', got '\\x0a'\r\n"
            ),
            ({ $0.writeInteger(0) }, ":0\r\n", ":0\r\n"),
            ({ $0.writeInteger(1) }, ":1\r\n", ":1\r\n"),
            ({ $0.writeInteger(-7) }, ":-7\r\n", ":-7\r\n"),
            ({ $0.writeInteger(.min) }, ":\(Int.min)\r\n", ":\(Int.min)\r\n"),
            ({ $0.writeInteger(.max) }, ":\(Int.max)\r\n", ":\(Int.max)\r\n"),
            ({ $0.writeBulk([]) }, "$0\r\n\r\n", "$0\r\n\r\n"),
            ({ $0.writeBulk("0123456789") }, "$10\r\n0123456789\r\n", "$10\r\n0123456789\r\n"),
            ({ $0.writeNull() }, "$-1\r\n", "_\r\n"),
            ({ $0.writeNullArray() }, "*-1\r\n", "_\r\n"),
            ({ $0.writeArrayHeader(3) }, "*3\r\n", "*3\r\n"),
            ({ $0.writeMapHeader(3) }, "*6\r\n", "%3\r\n"),
            ({ $0.writeSetHeader(3) }, "*3\r\n", "~3\r\n"),
            ({ $0.writePushHeader(3) }, "*3\r\n", ">3\r\n"),
            ({ $0.writeBoolean(true) }, ":1\r\n", "#t\r\n"),
            ({ $0.writeBoolean(false) }, ":0\r\n", "#f\r\n"),
            ({ $0.writeDouble(1) }, "$1\r\n1\r\n", ",1\r\n"),
            ({ $0.writeDouble(-0.25) }, "$5\r\n-0.25\r\n", ",-0.25\r\n"),
            ({ $0.writeDouble(-.infinity) }, "$4\r\n-inf\r\n", ",-inf\r\n"),
            ({ $0.writeDouble(.nan) }, "$3\r\nnan\r\n", ",nan\r\n"),
            ({ $0.writeVerbatim("hé") }, "$3\r\nhé\r\n", "=7\r\ntxt:hé\r\n"),
            ({ $0.write(.bigNumber("-12")) }, "$3\r\n-12\r\n", "(-12\r\n"),
            (
                { $0.write(.map([RESPPair(.simple("a"), .error(RESPReplyError("NO b\nc")))])) },
                "*2\r\n+a\r\n-NO b c\r\n", "%1\r\n+a\r\n-NO b c\r\n"
            ),
        ]
        for (write, resp2, resp3) in expected {
            for (version, text) in [(RESPVersion.resp2, resp2), (.resp3, resp3)] {
                var writer = ReplyWriter(version: version)
                write(&writer)
                #expect(writer.bytes.text == text)
            }
        }
    }

    @Test("Taking or removing what was written starts anew")
    func reuse() {
        var writer = ReplyWriter()
        writer.writeOK()
        #expect(writer.count == 5 && !writer.isEmpty)
        let taken = writer.take()
        #expect(writer.isEmpty)
        writer.writeEncoded(taken)
        #expect(writer.bytes == taken)
        writer.removeAll()
        #expect(writer.isEmpty)
    }
}

@Suite("ReplyParser")
struct ReplyParserTests {
    static let transcript: [(String, RESPValue)] = [
        ("+OK\r\n", .simple("OK")), ("-ERR no way\r\n", .error(RESPReplyError("ERR no way"))),
        ("!7\r\nERR a\r\n\r\n", .error(RESPReplyError("ERR a\r\n"))),
        (":-12\r\n", .integer(-12)), (":+5\r\n", .integer(5)), ("$-1\r\n", .null),
        ("*-1\r\n", .null), ("_\r\n", .null), ("$4\r\na\r\nb\r\n", .bulk(Bytes(text: "a\r\nb"))),
        ("$0\r\n\r\n", .bulk([])), ("#t\r\n", .boolean(true)), ("#f\r\n", .boolean(false)),
        (",1.5e3\r\n", .double(1500)), (",inf\r\n", .double(.infinity)),
        (",-inf\r\n", .double(-.infinity)),
        ("(-12345678901234567890\r\n", .bigNumber("-12345678901234567890")),
        ("=6\r\ntxt:ab\r\n", .verbatim(format: "txt", [97, 98])),
        ("*0\r\n", .array([])), ("%0\r\n", .map([])), ("~1\r\n_\r\n", .set([.null])),
        (">2\r\n+a\r\n:1\r\n", .push([.simple("a"), .integer(1)])),
        (
            "*3\r\n*1\r\n:1\r\n%1\r\n+k\r\n*0\r\n$-1\r\n",
            .array([.array([.integer(1)]), .map([RESPPair(.simple("k"), .array([]))]), .null])
        ),
        ("|1\r\n+ttl\r\n*1\r\n:9\r\n:1\r\n", .integer(1)),
        ("*2\r\n|0\r\n:1\r\n|1\r\n+a\r\n+b\r\n:2\r\n", .array([.integer(1), .integer(2)])),
    ]

    @Test("A transcript gives the same replies whole, cut in two anywhere, and byte by byte")
    func everySplit() {
        let bytes = Bytes(text: Self.transcript.map(\.0).joined())
        let replies = Self.transcript.map(\.1)
        for cut in 0...bytes.count {
            let transcript = ReplyTranscript([Bytes(bytes[..<cut]), Bytes(bytes[cut...])])
            #expect(transcript.messages == replies, "cut at \(cut)")
        }
        #expect(ReplyTranscript(bytes.map { [$0] }).messages == replies)
        guard case .double(let number)? = ReplyTranscript(",nan\r\n").messages.first else {
            Issue.record("nan is a double")
            return
        }
        #expect(number.isNaN)
    }

    @Test("What no protocol says is refused by name, however it is cut")
    func malformed() {
        let expected: [(String, RESPError)] = [
            ("?", .unknownReplyType(UInt8(ascii: "?"))), ("\r\n", .unknownReplyType(13)),
            ("$?\r\n", .streamedReply), ("*?\r\n", .streamedReply), ("%?\r\n", .streamedReply),
            (";4\r\n", .streamedReply), (".\r\n", .streamedReply),
            ("$-2\r\n", .invalidReplyLength), ("%-1\r\n", .invalidReplyLength),
            ("!-1\r\n", .invalidReplyLength), ("*1x", .invalidReplyLength),
            ("$1\r\nabc", .unterminatedBulk),
            ("=3\r\nabc\r\n", .invalidScalar(type: UInt8(ascii: "="))),
            ("=4\r\nabcd\r\n", .invalidScalar(type: UInt8(ascii: "="))),
            (":\r\n", .invalidScalar(type: UInt8(ascii: ":"))),
            (":1.0\r\n", .invalidScalar(type: UInt8(ascii: ":"))),
            (":9223372036854775808\r\n", .invalidScalar(type: UInt8(ascii: ":"))),
            (",0x1p3\r\n", .invalidScalar(type: UInt8(ascii: ","))),
            (",e\r\n", .invalidScalar(type: UInt8(ascii: ","))),
            ("(12a\r\n", .invalidScalar(type: UInt8(ascii: "("))),
            ("#x\r\n", .invalidScalar(type: UInt8(ascii: "#"))),
            ("_x\r\n", .invalidScalar(type: UInt8(ascii: "_"))),
            ("+a\n", .invalidScalar(type: UInt8(ascii: "+"))),
            ("+\n", .invalidScalar(type: UInt8(ascii: "+"))),
        ]
        for (stream, error) in expected {
            #expect(ReplyTranscript(stream).error == error, "\(stream.debugDescription)")
            #expect(ReplyTranscript(stream.utf8.map { [$0] }).error == error)
        }
    }

    @Test("Every limit is kept at its value and refused one beyond")
    func limits() {
        var limits = RESPLimits()
        limits.bulkByteLimit = 16
        limits.lineByteLimit = 6
        limits.replyByteLimit = 40
        limits.replyElementLimit = 4
        limits.replyDepthLimit = 2
        let expected: [(String, RESPError?)] = [
            ("$16\r\n0123456789abcdef\r\n", nil),
            ("$17\r\n", .bulkTooLong(announced: 17, limit: 16)),
            ("+123456\r\n", nil), ("+1234567\r\n", .replyLineTooLong(limit: 6)),
            ("+12345678", .replyLineTooLong(limit: 6)),
            ("*2\r\n$16\r\n0123456789abcdef\r\n$7\r\n1234567\r\n+\r\n", nil),
            ("*3\r\n$16\r\n0123456789abcdef\r\n$7\r\n1234567\r\n+\r\n", .replyTooLong(limit: 40)),
            ("*4\r\n", nil), ("*5\r\n", .tooManyElements(limit: 4)),
            ("%2\r\n", nil), ("%3\r\n", .tooManyElements(limit: 4)),
            ("*2\r\n*3\r\n", .tooManyElements(limit: 4)),
            ("*1\r\n*1\r\n:1\r\n", nil), ("*1\r\n*1\r\n*0\r\n", .nestedTooDeep(limit: 2)),
        ]
        for (stream, error) in expected {
            #expect(ReplyTranscript(stream, limits: limits).error == error, "\(stream)")
            #expect(ReplyTranscript(stream.utf8.map { [$0] }, limits: limits).error == error)
        }
        #expect(
            ReplyTranscript("*999999999999999999\r\n").error == .tooManyElements(limit: 4_194_304))
    }

    @Test("An error reply splits into its code and its message")
    func replyError() {
        let error = RESPReplyError("WRONGTYPE not a string")
        #expect(error.code == "WRONGTYPE" && error.message == "not a string")
        #expect(RESPReplyError("").code == "")
    }
}
