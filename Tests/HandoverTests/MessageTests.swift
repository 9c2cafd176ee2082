// The messages of hand-over as bytes: each reads back, is what it was, and whatever else comes is
// refused.
import MartletBase
import MartletWire
import Testing

@Suite("Messages of hand-over as bytes") struct MessageTests {
    private static let samples: [(HandoverMessage, String)] = [
        (
            .pull(
                HandoverPull(
                    number: 300, partition: 0x0102, epoch: 5, depth: 4, first: 14,
                    leaves: [1, 0x0203], after: HandoverCursor(hash: 9, key: [0x61]),
                    limitBytes: 256)),
            "00ac020201050" + "40e0002" + "0100000000000000" + "0302000000000000"
                + "0209000000000000000161" + "00" + "8002"
        ),
        (
            .pull(
                HandoverPull(
                    number: 1, partition: 0, epoch: 1, depth: 0, first: 0, leaves: [7],
                    after: nil, limitBytes: 0)),
            "0001000001000000" + "01" + "0700000000000000" + "000000"
        ),
        (
            .pull(
                HandoverPull(
                    number: 1, partition: 0, epoch: 1, depth: 0, first: 0, leaves: [7],
                    after: nil, held: .init(until: 8, digests: [9, 10]), limitBytes: 0)),
            "0001000001000000" + "01" + "0700000000000000" + "0001" + "0800000000000000"
                + "02" + "0900000000000000" + "0a00000000000000" + "00"
        ),
        (
            .chunk(
                HandoverChunk(
                    number: 2, partition: 3, payload: [], next: HandoverCursor(hash: 10),
                    wanted: 11)),
            "01020300" + "00" + "010a00000000000000" + "010b00000000000000"
                + "0000000000000000"
        ),
        (
            .chunk(
                HandoverChunk(
                    number: 2, partition: 3, payload: [8, 9], next: HandoverCursor(hash: 10))),
            "01020300" + "020809" + "010a00000000000000" + "00" + "0000000000000000"
        ),
        (
            .refused(HandoverRefusal(number: 4, partition: 5, reason: .busy)),
            "0204050002"
        ),
        (
            .leftover(
                HandoverLeftover(
                    epoch: 6,
                    entries: [.init(partition: 1, root: 2), .init(partition: 4, root: 3)])),
            "030602" + "010200000000000000" + "020300000000000000"
        ),
        (
            .taken(HandoverTaken(epoch: 7, partition: 8, root: 9)),
            "04070800" + "0900000000000000"
        ),
    ]

    @Test("The bytes of every message are what they were")
    func golden() throws {
        for (message, expected) in Self.samples {
            var writer = ByteWriter()
            message.encode(into: &writer)
            let digits = writer.bytes.map { byte in
                let text = String(byte, radix: 16)
                return text.count == 1 ? "0" + text : text
            }
            #expect(digits.joined() == expected)
            var reader = ByteReader(writer.bytes)
            #expect(try HandoverMessage(from: &reader) == message)
            #expect(reader.isAtEnd)
        }
    }

    @Test("A message that was cut or bent is read or refused, never trapped on")
    func hostile() {
        var random = SeededRandom(seed: 16, stream: "bent")
        for (message, _) in Self.samples {
            var writer = ByteWriter()
            message.encode(into: &writer)
            for length in 0..<writer.count {
                var reader = ByteReader(writer.bytes, 0..<length)
                #expect(throws: FormatError.self) { try HandoverMessage(from: &reader) }
            }
            for _ in 0..<2_000 {
                var bytes = writer.bytes
                for _ in 0...random.below(3) {
                    bytes[random.below(bytes.count)] = UInt8(random.below(256))
                }
                var reader = ByteReader(bytes)
                guard let read = try? HandoverMessage(from: &reader) else { continue }
                var again = ByteWriter()
                read.encode(into: &again)
                #expect(again.bytes == Array(bytes[..<reader.offset]))
            }
        }
    }

    @Test("A run of leaves that no tree has is refused")
    func runs() {
        for (depth, first, count) in [(4, 15, 2), (17, 0, 1), (10, 0, 0), (10, 0, 65)] {
            var bytes: Bytes = [0, 1, 0, 0, 1, UInt8(depth), UInt8(first), 0, UInt8(count)]
            bytes += Bytes(repeating: 0, count: 8 * 65 + 2)
            var reader = ByteReader(bytes)
            #expect {
                try HandoverMessage(from: &reader)
            } throws: {
                ($0 as? FormatError)?.reason == .invalid("run of leaves")
            }
        }
    }
}
