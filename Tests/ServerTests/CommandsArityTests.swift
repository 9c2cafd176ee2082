// Every command's arity, from what COMMAND itself says: one word too few, one too many.
import MartletBase
import MartletRESP
import MartletServer
import Testing

@Suite("Arity")
struct CommandsArityTests {
    private struct Entry {
        var words: [String]
        var arity: Int
    }

    /// Every command and subcommand, as COMMAND lists them.
    private static func entries(_ client: TestClient) throws -> [Entry] {
        let commands = try #require(try client.ask("COMMAND")?.elements)
        return try commands.flatMap { try entries(of: $0) }
    }

    private static func entries(of value: RESPValue) throws -> [Entry] {
        let fields = try #require(value.elements)
        guard let name = fields[0].text, case .integer(let arity) = fields[1] else { return [] }
        let words = name.split(separator: "|").map(String.init)
        let inner = try (fields[9].elements ?? []).flatMap { try entries(of: $0) }
        return [Entry(words: words, arity: Int(arity))] + inner
    }

    @Test("Every command with too few words, or too many, is refused in Redis's words")
    func everyCommand() throws {
        let client = try TestClient()
        let entries = try Self.entries(client)
        #expect(entries.count > 60)
        for entry in entries {
            let name = entry.words.joined(separator: "|")
            let error = "-ERR wrong number of arguments for '\(name)' command\r\n"
            let least = abs(entry.arity)
            if least > entry.words.count {
                let missing = least - 1 - entry.words.count
                let line = (entry.words + Array(repeating: "1", count: missing))
                    .joined(separator: " ")
                #expect(client.say(line) == error, "\(line)")
            }
            if entry.arity > 0 {
                let line = (entry.words + Array(repeating: "1", count: least))
                    .joined(separator: " ")
                #expect(client.say(line) == error, "\(line)")
            }
        }
    }

    @Test("Every command with as many words as it needs gives one reply, whatever they say")
    func oneReply() throws {
        // After MULTI and QUIT there is no PING to be answered.
        for entry in try Self.entries(try TestClient())
        where ![["quit"], ["multi"]].contains(entry.words) {
            let client = try TestClient()
            let words =
                entry.words
                + Array(repeating: "x", count: max(0, abs(entry.arity) - entry.words.count))
            var replies = ReplyParser()
            replies.append(Bytes(text: client.say(words.joined(separator: " "), "PING")))
            _ = try #require(try replies.next(), "\(words)")
            let pong = try replies.next()
            #expect(pong == .simple("PONG") || pong == nil && words == ["reset"], "\(words)")
            let rest = try replies.next()
            #expect(rest == nil, "\(words)")
        }
    }

    @Test("An odd MSET is refused as Redis refuses it")
    func oddMSET() throws {
        #expect(
            try TestClient().say("MSET a 1 b")
                == "-ERR wrong number of arguments for 'mset' command\r\n")
    }
}
