// What an acceptor keeps, as bytes: it reads back, and what cannot be is a typed error.
import MartletBase
import MartletConsensus
import MartletRing
import MartletWire
import Testing

@Suite("The acceptor's record")
struct AcceptorRecordTests {
    /// As a node keeps it: nothing, a promise, and something accepted.
    private func records() -> [AcceptorRecord] {
        var nodes = Transcript(3)
        var records = [AcceptorRecord(epoch: 1)]
        nodes.propose(ring(3, epoch: 2, weight: 5), as: 1, by: 1)
        records.append(nodes.chains[0].record)
        nodes.deliver { _ in true }
        nodes.deliver { _ in true }
        nodes.deliver { $0.to == 2 }
        records.append(nodes.chains[1].record)
        return records
    }

    private func bytes(_ record: AcceptorRecord) -> Bytes {
        var writer = ByteWriter()
        record.encode(into: &writer)
        return writer.take()
    }

    private func read(_ bytes: Bytes) throws -> AcceptorRecord {
        var reader = ByteReader(bytes)
        let record = try AcceptorRecord(from: &reader)
        try reader.expectEnd()
        return record
    }

    @Test("It reads back as it was, and not when it is cut short")
    func roundTrip() throws {
        for record in records() {
            let bytes = bytes(record)
            #expect(try read(bytes) == record)
            for length in 0..<bytes.count {
                #expect(throws: FormatError.self) { try read(Bytes(bytes[..<length])) }
            }
        }
        #expect(records()[2].accepted?.topology == ring(3, epoch: 2, weight: 5))
    }

    @Test("The bytes are what they were")
    func golden() {
        #expect(bytes(records()[0]) == [1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0])
        #expect(bytes(records()[1]) == [1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0])
        let start = bytes(records()[2]).prefix(21)
        #expect(start == [1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0])
    }

    @Test("What cannot be is refused")
    func refused() {
        let accepted = bytes(records()[2])
        var other = accepted
        other[0] = 2
        #expect { try read(other) } throws: { reason($0) == .unsupportedVersion(2) }
        other = accepted
        other[1] = 7
        #expect {
            try read(other)
        } throws: {
            reason($0) == .invalid("epoch of an accepted decree")
        }
        other = accepted
        other[2] = 0
        #expect {
            try read(other)
        } throws: {
            reason($0) == .invalid("accepted beyond what was promised")
        }
        other = accepted
        other[11] = 2
        #expect { try read(other) } throws: { reason($0) == .invalid("flag") }
    }

    @Test("Bent bytes are a record or a typed error")
    func bent() {
        let accepted = bytes(records()[2])
        for seed in 0..<2_000 as Range<UInt64> {
            var random = SeededRandom(seed: seed)
            var other = accepted
            for _ in 0...random.below(3) {
                other[random.below(other.count)] = UInt8(truncatingIfNeeded: random.next())
            }
            do { _ = try read(other) } catch {
                #expect(error is FormatError, "seed \(seed)")
            }
        }
    }

    private func reason(_ error: any Error) -> FormatError.Reason? {
        (error as? FormatError)?.reason
    }
}
