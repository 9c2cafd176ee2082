// The messages that decide an epoch as bytes: they read back, they stay what they were, and
// whatever else comes is a typed error.
import MartletBase
import MartletRing
import MartletWire
import Testing

@Suite("Messages of decrees") struct DecreeMessageTests {
    @Test("Every kind reads back as it was, and not cut short or with something behind it")
    func roundTrip() throws {
        for seed in 0..<100 as Range<UInt64> {
            var sample = Sample(seed: seed)
            for message in sample.decrees() {
                let bytes = bytes(message)
                #expect(try read(bytes) == message, "seed \(seed)")
                #expect(throws: FormatError.self) { try read(bytes + [0]) }
                for length in 0..<bytes.count where length < 40 || seed == 0 {
                    #expect(throws: FormatError.self) { try read(Bytes(bytes[..<length])) }
                }
            }
        }
    }

    @Test("Any bytes are a message or a typed error")
    func hostile() {
        for seed in 0..<4_000 as Range<UInt64> {
            var sample = Sample(seed: seed)
            let decrees = sample.decrees()
            var bent = bytes(decrees[sample.random.below(decrees.count)])
            for _ in 0...sample.random.below(4) {
                let at = sample.random.below(bent.count)
                switch sample.random.below(4) {
                case 0: bent[at] ^= 1 << UInt8(sample.random.below(8))
                case 1: bent[at] = UInt8(truncatingIfNeeded: sample.random.next())
                case 2: bent.insert(0xFF, at: at)
                default: if bent.count > 1 { bent.remove(at: at) }
                }
            }
            do {
                let message = try read(bent)
                #expect(try read(bytes(message)) == message, "seed \(seed)")
            } catch {
                #expect(error is FormatError, "seed \(seed)")
            }
        }
    }

    @Test("Unknown kinds and rounds beyond the last are refused")
    func refused() {
        let node = Bytes(repeating: 1, count: 8)
        #expect { try read([5, 1, 1] + node) } throws: {
            reason($0) == .invalid("kind of decree message")
        }
        let beyond: Bytes = [0x81] + Bytes(repeating: 0x80, count: 7) + [0x40]
        #expect { try read([0, 1] + beyond + node) } throws: { reason($0) == .tooLarge("round") }
        #expect { try read([4, 1, 1] + node + beyond + node) } throws: {
            reason($0) == .tooLarge("round")
        }
        #expect { try read([1, 1, 1] + node + [2]) } throws: { reason($0) == .invalid("flag") }
    }

    @Test("The bytes of each kind are what they were")
    func golden() {
        let ballot = Ballot(round: 300, proposer: NodeID(rawValue: 2))
        let other = Ballot(round: 301, proposer: NodeID(rawValue: 3))
        var sample = Sample(seed: 1)
        let topology = sample.topology()
        let ring = hexDigits(topology.encoded())
        let first = "ac020200000000000000"
        let second = "ad020300000000000000"
        func hex(_ step: DecreeMessage.Step) -> String {
            hexDigits(bytes(DecreeMessage(epoch: 5, ballot: ballot, step)))
        }
        #expect(hex(.prepare) == "0005" + first)
        #expect(hex(.promised(accepted: nil)) == "0105" + first + "00")
        let accepted = AcceptedDecree(ballot: other, topology: topology)
        #expect(hex(.promised(accepted: accepted)) == "0105" + first + "01" + second + ring)
        #expect(hex(.accept(topology)) == "0205" + first + ring)
        #expect(hex(.accepted) == "0305" + first)
        #expect(hex(.refused(promised: other)) == "0405" + first + second)
    }

    @Test("Ballots are in the order of their rounds, and of their proposers in one round")
    func order() {
        let ballots = [(0, 0), (0, 1), (1, 0), (1, 9), (2, 3)].map {
            Ballot(round: UInt64($0.0), proposer: NodeID(rawValue: UInt64($0.1)))
        }
        #expect(ballots.shuffled().sorted() == ballots)
        #expect(ballots[0] == .lowest)
    }

    private func bytes(_ message: DecreeMessage) -> Bytes {
        var writer = ByteWriter()
        message.encode(into: &writer)
        return writer.take()
    }

    private func read(_ bytes: Bytes) throws -> DecreeMessage {
        var reader = ByteReader(bytes)
        let message = try DecreeMessage(from: &reader)
        try reader.expectEnd()
        return message
    }

    private func reason(_ error: any Error) -> FormatError.Reason? {
        (error as? FormatError)?.reason
    }
}

extension Sample {
    fileprivate mutating func ballot() -> Ballot {
        Ballot(round: random.next() >> UInt64(2 + random.below(62)), proposer: node())
    }

    /// One message of each kind.
    fileprivate mutating func decrees() -> [DecreeMessage] {
        let accepted = AcceptedDecree(ballot: ballot(), topology: topology())
        let steps: [DecreeMessage.Step] = [
            .prepare, .promised(accepted: nil), .promised(accepted: accepted),
            .accept(topology()), .accepted, .refused(promised: ballot()),
        ]
        return steps.map { DecreeMessage(epoch: random.next(), ballot: ballot(), $0) }
    }
}
