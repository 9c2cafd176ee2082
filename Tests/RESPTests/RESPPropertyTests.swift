// Seeded properties: what one side writes the other reads, and no bytes at all make a parser trap,
// hang, or answer differently when they arrive in other pieces.
import MartletBase
import MartletRESP
import Testing

extension SeededRandom {
    /// Some bytes, protocol characters more often than chance would have them.
    fileprivate mutating func bytes(below bound: Int) -> Bytes {
        let frequent = Bytes(text: "\r\n$*\"' 0123456789-+:_,#(=!%~>|?")
        return (0..<below(bound)).map { _ in
            chance(0.5) ? frequent[below(frequent.count)] : UInt8(below(256))
        }
    }

    /// `stream` in pieces of random sizes.
    fileprivate mutating func pieces(of stream: Bytes) -> [Bytes] {
        var pieces: [Bytes] = []
        var start = 0
        while start < stream.count {
            let end = min(stream.count, start + 1 + below(24))
            pieces.append(Bytes(stream[start..<end]))
            start = end
        }
        return pieces
    }

    /// `stream` with some bytes replaced, removed or inserted.
    fileprivate mutating func mutated(_ stream: Bytes) -> Bytes {
        var stream = stream
        for _ in 0...below(4) where !stream.isEmpty {
            let index = below(stream.count)
            switch below(3) {
            case 0: stream[index] = UInt8(below(256))
            case 1: stream.remove(at: index)
            default: stream.insert(contentsOf: bytes(below: 6), at: index)
            }
        }
        return stream
    }

    /// A value that RESP3 can carry, as a server writes it.
    fileprivate mutating func reply(depth: Int) -> RESPValue {
        switch below(depth > 0 ? 13 : 9) {
        case 0: return .null
        case 1: return .integer(Int64(truncatingIfNeeded: next() >> UInt64(below(64))))
        case 2: return .boolean(chance(0.5))
        case 3:
            let bits = Double(bitPattern: next())
            return .double(bits.isNaN ? unit() : bits)
        case 4: return .error(RESPReplyError("CODE m\(below(100))"))
        case 5: return .verbatim(format: chance(0.5) ? "txt" : "mkd", bytes(below: 40))
        case 6: return .bulk(bytes(below: 40))
        case 7: return .simple("s\(below(100))")
        case 8: return .bigNumber("-\(below(100))000000000000000000000")
        case 9:
            return .map(
                (0..<below(4)).map { _ in
                    RESPPair(reply(depth: depth - 1), reply(depth: depth - 1))
                })
        case let kind:
            let values = (0..<below(4)).map { _ in reply(depth: depth - 1) }
            return kind == 10 ? .array(values) : kind == 11 ? .set(values) : .push(values)
        }
    }
}

@Suite("RESP properties")
struct RESPPropertyTests {
    @Test("Commands written are the commands read", arguments: UInt64(1)...8)
    func commandRoundTrip(seed: UInt64) {
        var random = SeededRandom(seed: seed, stream: "commands")
        var writer = CommandWriter()
        let commands = (0..<40).map { _ in
            (0...random.below(6)).map { _ in random.bytes(below: 60) }
        }
        for command in commands { writer.write(command) }
        let transcript = CommandTranscript(random.pieces(of: writer.take()))
        #expect(transcript.commands == commands, "seed \(seed)")
        #expect(transcript.error == nil, "seed \(seed)")
    }

    @Test("Replies written in RESP3 are the values read", arguments: UInt64(1)...8)
    func replyRoundTrip(seed: UInt64) {
        var random = SeededRandom(seed: seed, stream: "replies")
        var writer = ReplyWriter(version: .resp3)
        let replies = (0..<60).map { _ in random.reply(depth: 4) }
        for reply in replies { writer.write(reply) }
        let transcript = ReplyTranscript(random.pieces(of: writer.take()))
        #expect(transcript.messages == replies, "seed \(seed)")
        #expect(transcript.error == nil, "seed \(seed)")
    }

    @Test("Mutated streams never trap, and read alike in any pieces", arguments: UInt64(1)...16)
    func mutations(seed: UInt64) {
        var random = SeededRandom(seed: seed, stream: "mutations")
        var limits = RESPLimits()
        limits.lineByteLimit = 64
        limits.bulkByteLimit = 200
        limits.replyByteLimit = 400
        limits.commandByteLimit = 400
        let commands = Bytes(text: CommandParserTests.transcript)
        let replies = Bytes(text: ReplyParserTests.transcript.map(\.0).joined())
        for round in 0..<60 {
            for origin in [commands, replies, random.bytes(below: 200)] {
                let stream = random.mutated(origin)
                let pieces = random.pieces(of: stream)
                #expect(
                    CommandTranscript([stream], limits: limits)
                        == CommandTranscript(pieces, limits: limits),
                    "seed \(seed), round \(round)")
                #expect(
                    ReplyTranscript([stream], limits: limits)
                        == ReplyTranscript(pieces, limits: limits),
                    "seed \(seed), round \(round)")
            }
        }
    }
}
