// Parcels as bytes: every object reads back, what objects have in common is told once, and each has
// one form.
import MartletBase
import MartletVersions
import MartletWire
import Testing

@Suite("Parcels as bytes") struct ParcelTests {
    private static let first = Actor(node: NodeID(rawValue: 1), incarnation: 2)
    private static let second = Actor(node: NodeID(rawValue: 3), incarnation: 300)
    private static let wall = WallTime(milliseconds: 0x0102)

    private static func sibling(
        _ actor: Actor, _ counter: UInt64, _ content: Sibling.Content, before: UInt64 = 0,
        count: UInt64 = 0, expiry: WallTime? = nil
    ) -> Sibling {
        let time = HybridTimestamp(WallTime(milliseconds: wall.milliseconds - before))
        return Sibling(
            dot: Dot(actor: actor, counter: counter),
            timestamp: HybridTimestamp(bits: time.bits | count), content: content,
            expiry: expiry)
    }

    private func parcel(_ objects: Object...) -> PeerMessage {
        .replication(
            .parcel(
                Parcel(
                    operation: OperationID(rawValue: 300), patience: .milliseconds(1),
                    entries: objects.enumerated().map {
                        Parcel.Entry(key: [UInt8(0x61 + $0)], object: $1)
                    })))
    }

    @Test("The bytes of every shape are what they were")
    func golden() throws {
        var plain = Object()
        plain.record(
            Self.sibling(Self.second, 5, .value([7, 8]), before: 3), seen: Context())
        var overwritten = Object()
        overwritten.record(
            Self.sibling(Self.first, 300, .value([9]), before: 9), seen: Context())
        overwritten.record(
            Self.sibling(
                Self.second, 1, .tombstone, count: 4, expiry: WallTime(milliseconds: 6)),
            seen: overwritten.context)
        var siblings = Object()
        siblings.record(Self.sibling(Self.first, 1, .value([1])), seen: Context())
        siblings.record(Self.sibling(Self.second, 1, .value([]), before: 1), seen: Context())
        let message = parcel(plain, overwritten, siblings, Object())
        #expect(
            hexDigits(message.encoded)
                == "19ac02e807" + "0000020100000000"
                + "02" + "010000000000000002" + "0300000000000000ac02" + "04"
                // plain with a value | one dot; a; second's fifth; 3 ms before; the value
                + "0b" + "0161" + "0105" + "06" + "020708"
                // plain, expires | two dots; b; the sibling's first; count 4 within its ms; expiry
                + "15" + "0162" + "0101" + "00ac02" + "010400" + "0600000000000000"
                // two dots; c; horizon; two siblings, each with a value
                + "10" + "0163" + "00010101" + "00" + "02" + "020001" + "00" + "0101"
                + "020101" + "02" + "00"
                // nothing at all; d; the beginning of time
                + "00" + "0164" + "8404" + "00")
        #expect(try PeerMessage(bytes: message.encoded) == message)
    }

    @Test("A plain object costs little beside its key and value", arguments: [1, 40])
    func size(actors: Int) throws {
        var object = Object()
        for number in 1...actors {
            let actor = Actor(node: NodeID(rawValue: UInt64(number)), incarnation: 1)
            object.record(
                Self.sibling(actor, 1_000, .value(Bytes(repeating: 1, count: 100))),
                seen: object.context)
        }
        let message = parcel(object)
        let next = parcel(object, object)
        #expect(try PeerMessage(bytes: next.encoded) == next)
        let overhead = next.encoded.count - message.encoded.count - 101
        #expect(overhead == 4 + 3 * actors + (actors < 31 ? 0 : 1))
    }

    @Test("What has another form, or names what is not there, is refused")
    func refused() {
        // One actor, and one entry that begins with `bytes`.
        func reason(_ bytes: Bytes) -> FormatError.Reason? {
            let head: Bytes = [25, 1, 0, 0, 0, 9, 0, 0, 0, 0, 0]
            let actors: Bytes = [2] + [1, 0, 0, 0, 0, 0, 0, 0, 0] + [2, 0, 0, 0, 0, 0, 0, 0, 0]
            do {
                _ = try PeerMessage(bytes: head + actors + [1] + bytes)
                return nil
            } catch { return (error as? FormatError)?.reason }
        }
        #expect(reason([0x0B, 1, 0x61, 0, 1, 0, 0]) == nil)
        #expect(reason([0x02, 1, 0x61, 0, 0]) == .invalid("shape"))
        #expect(reason([0x03, 1, 0x61, 0, 0, 0, 0]) == .invalid("dot count"))
        #expect(reason([0xF8, 2, 1, 0x61, 0, 0, 0, 0]) == .invalid("dot count"))
        #expect(reason([0x0B, 1, 0x61, 2, 1, 0, 0]) == .invalid("actor index"))
        #expect(reason([0x0B, 1, 0x61, 0, 0, 0, 0]) == .invalid("counter"))
        #expect(reason([0x13, 1, 0x61, 0, 1, 0, 1, 0, 0]) == .invalid("actor order"))
        #expect(reason([0x10, 1, 0x61, 1, 1, 0, 1, 0, 0]) == .invalid("actor order"))
        #expect(reason([0x0B, 1, 0x61, 0, 1, 20, 0]) == .invalid("time"))
        #expect(reason([0x0B, 1, 0x61, 0, 1, 1, 0, 0, 0]) == .invalid("time"))
        // A plain object told in the other form.
        #expect(reason([0x08, 1, 0x61, 0, 1, 0, 1, 2, 0, 1, 0, 0]) == .invalid("shape"))
        #expect(reason([0x08, 1, 0x61, 0, 1, 0, 1, 8, 0, 1, 0, 0]) == .invalid("flags"))
        #expect(reason([0x08, 1, 0x61, 0, 1, 0, 1, 2, 0, 9, 0, 0]) == .invalid("sibling dots"))
    }

    @Test("A parcel of more than its limit is refused")
    func limit() {
        let count = Parcel.entryLimit + 1
        let entries = (0..<count).map { _ in Parcel.Entry(key: [1], object: Object()) }
        let parcel = Parcel(
            operation: OperationID(rawValue: 1), patience: .zero, entries: entries)
        #expect {
            try PeerMessage(bytes: PeerMessage.replication(.parcel(parcel)).encoded)
        } throws: {
            ($0 as? FormatError)?.reason == .tooLarge("parcel")
        }
    }
}
