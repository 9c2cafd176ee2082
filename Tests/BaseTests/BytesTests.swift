// What the writer writes the reader reads, and nothing else does it take.
import MartletBase
import Testing

@Suite("Reading and writing bytes") struct BytesTests {
    @Test("Everything that is written reads back", arguments: [1, 2, 3, 4] as [UInt64])
    func roundTrip(seed: UInt64) throws {
        var random = SeededRandom(seed: seed)
        let items = (0..<200).map { _ in Item.random(&random) }
        var writer = ByteWriter()
        for item in items { item.write(into: &writer) }
        let bytes = writer.take()
        #expect(writer.count == 0)

        var reader = ByteReader(bytes)
        for item in items {
            let read = try item.reading(&reader)
            #expect(read == item)
        }
        #expect(reader.isAtEnd)
        try reader.expectEnd()
    }

    @Test("Integers are little-endian")
    func littleEndian() {
        var writer = ByteWriter()
        writer.write(UInt8(0x01))
        writer.write(UInt16(0x0203))
        writer.write(UInt32(0x0405_0607))
        writer.write(UInt64(0x0809_0A0B_0C0D_0E0F))
        #expect(
            writer.bytes == [
                1, 3, 2, 7, 6, 5, 4, 0x0F, 0x0E, 0x0D, 0x0C, 0x0B, 0x0A, 9, 8,
            ])
    }

    @Test(
        "Varints take seven bits a byte, lowest first",
        arguments: [
            (0, [0x00]), (1, [0x01]), (0x7F, [0x7F]), (0x80, [0x80, 0x01]),
            (0x3FFF, [0xFF, 0x7F]), (0x4000, [0x80, 0x80, 0x01]),
            (1 << 63, [0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01]),
            (.max, [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x01]),
        ] as [(UInt64, Bytes)])
    func varints(value: UInt64, bytes: Bytes) throws {
        var writer = ByteWriter()
        writer.writeVarint(value)
        #expect(writer.bytes == bytes)
        var reader = ByteReader(bytes)
        let read = try reader.readVarint()
        #expect(read == value)
    }

    @Test(
        "A varint is refused when it is longer than it need be, or than 64 bits",
        arguments: [
            [0x80, 0x00], [0xFF, 0x80, 0x00], [0x80, 0x80, 0x80, 0x00],
            [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x02],
            [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x80, 0x01],
        ] as [Bytes])
    func overlongVarints(bytes: Bytes) {
        var reader = ByteReader(bytes)
        #expect { try reader.readVarint() } throws: {
            ($0 as? FormatError)?.reason == .invalid("varint")
        }
    }

    @Test(
        "A varint reads the same whatever stands behind it, and however much", arguments: 0..<64)
    func varintsAmidBytes(width: UInt64) throws {
        var random = SeededRandom(seed: width)
        for value in [1 << width, UInt64.max >> (63 - width), random.next() >> (63 - width)] {
            for (count, filler) in [(0, 0), (6, 0xFF), (7, 0), (8, 0x80), (20, 0xFF)] {
                var writer = ByteWriter()
                writer.writeVarint(value)
                let end = writer.count
                for _ in 0..<count { writer.write(UInt8(filler)) }
                var reader = ByteReader(writer.bytes)
                #expect(try reader.readVarint() == value)
                #expect(reader.offset == end)
            }
        }
    }

    @Test(
        "A varint that is refused is refused at one place, whatever stands behind it",
        arguments: [
            [0x80, 0x00], [0x80, 0x80, 0x80, 0x00],
            [0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x00],
            [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x00],
            [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x02],
        ] as [Bytes])
    func refusedVarintsAmidBytes(bytes: Bytes) {
        for count in 0..<12 {
            var reader = ByteReader(bytes + Bytes(repeating: 0xFF, count: count))
            #expect { try reader.readVarint() } throws: {
                $0 as? FormatError == FormatError(.invalid("varint"), at: bytes.count)
            }
        }
    }

    @Test("Bytes that end early are truncated, at every length")
    func truncation() throws {
        var writer = ByteWriter()
        writer.write(UInt64(7))
        writer.writePrefixed(Bytes(text: "swift"))
        writer.writeVarint(300)
        for length in 0..<writer.count {
            var reader = ByteReader(writer.bytes, 0..<length)
            #expect {
                _ = try reader.readUInt64()
                _ = try reader.readPrefixed()
                _ = try reader.readVarint()
            } throws: {
                ($0 as? FormatError)?.reason == .truncated
            }
        }
    }

    @Test("A hostile count is refused before anything is reserved for it")
    func hostileCounts() throws {
        for count in [5, 1 << 31, 1 << 62, UInt64.max] {
            var writer = ByteWriter()
            writer.writeVarint(count)
            writer.writeRaw([1, 2, 3, 4])
            var reader = ByteReader(writer.bytes)
            #expect(throws: FormatError.self) { _ = try reader.readCount() }
            var again = ByteReader(writer.bytes)
            #expect(throws: FormatError.self) { try again.readPrefixed() }
        }
        var reader = ByteReader([2, 1, 2, 3, 4])
        let count = try reader.readCount(minimumSize: 2)
        #expect(count == 2)
        var tight = ByteReader([2, 1, 2, 3])
        #expect(throws: FormatError.self) { try tight.readCount(minimumSize: 2) }
    }

    @Test("Text must be UTF-8, flags zero or one, and nothing may follow")
    func otherRefusals() {
        var text = ByteReader([2, 0xC3, 0x28])
        #expect { try text.readPrefixedText() } throws: {
            ($0 as? FormatError)?.reason == .invalid("UTF-8")
        }
        var flag = ByteReader([2])
        #expect { try flag.readFlag() } throws: {
            ($0 as? FormatError)?.reason == .invalid("flag")
        }
        let rest = ByteReader([0])
        #expect { try rest.expectEnd() } throws: {
            ($0 as? FormatError) == FormatError(.invalid("trailing bytes"), at: 0)
        }
    }

    @Test("An error names its place in the underlying bytes")
    func offsets() {
        var reader = ByteReader([0, 0, 0, 1, 2], 3..<5)
        #expect { try reader.readUInt32() } throws: { ($0 as? FormatError)?.offset == 3 }
        #expect(FormatError(.truncated, at: 3).description == "truncated at offset 3")
        #expect(
            FormatError(.unsupportedVersion(9), at: 0).description
                == "unsupported format version 9 at offset 0")
    }

    @Test(
        "Through cursors the same is written and read as value by value, to the last byte of room",
        arguments: 0..<40 as Range<UInt64>)
    func cursors(seed: UInt64) throws {
        var random = SeededRandom(seed: seed)
        let numbers = (0..<20).map { _ in random.next() >> UInt64(random.below(64)) }
        let raw = (0..<random.below(20)).map { UInt8($0) }
        var plain = ByteWriter()
        for number in numbers { plain.writeVarint(number) }
        plain.write(UInt8(7))
        plain.write(UInt32(8))
        plain.write(numbers[0])
        plain.writePrefixed(raw)
        var writer = ByteWriter()
        writer.write(atMost: plain.count) { cursor in
            for number in numbers { cursor.writeVarint(number) }
            cursor.write(UInt8(7))
            cursor.write(UInt32(8))
            cursor.write(numbers[0])
            cursor.writePrefixed(raw, 0..<raw.count)
        }
        #expect(writer.bytes == plain.bytes)

        var reader = ByteReader(writer.bytes)
        let read = try reader.read { cursor throws(FormatError) in
            try numbers.map { _ throws(FormatError) in try cursor.readVarint() }
        }
        #expect(read == numbers)
        #expect(try reader.readUInt8() == 7 && reader.readUInt32() == 8)
        #expect(try reader.readUInt64() == numbers[0] && reader.readPrefixed() == raw)
        try reader.expectEnd()
    }

    @Test("A patch changes four bytes and no others")
    func patches() {
        var writer = ByteWriter()
        writer.writeRaw([1, 2, 3, 4, 5, 6])
        writer.patch(0xAABB_CCDD, at: 1)
        #expect(writer.bytes == [1, 0xDD, 0xCC, 0xBB, 0xAA, 6])
    }
}

/// One thing to write.
private enum Item: Equatable {
    case byte(UInt8)
    case short(UInt16)
    case word(UInt32)
    case long(UInt64)
    case varint(UInt64)
    case flag(Bool)
    case prefixed(Bytes)
    case text(String)

    static func random(_ random: inout SeededRandom) -> Item {
        switch random.below(8) {
        case 0: .byte(UInt8(truncatingIfNeeded: random.next()))
        case 1: .short(UInt16(truncatingIfNeeded: random.next()))
        case 2: .word(UInt32(truncatingIfNeeded: random.next()))
        case 3: .long(random.next())
        case 4: .varint(random.next() >> UInt64(random.below(64)))
        case 5: .flag(random.chance(0.5))
        case 6:
            .prefixed((0..<random.below(300)).map { UInt8(truncatingIfNeeded: $0) })
        default: .text(String(repeating: "ß", count: random.below(100)))
        }
    }

    func write(into writer: inout ByteWriter) {
        switch self {
        case .byte(let value): writer.write(value)
        case .short(let value): writer.write(value)
        case .word(let value): writer.write(value)
        case .long(let value): writer.write(value)
        case .varint(let value): writer.writeVarint(value)
        case .flag(let value): writer.write(value)
        case .prefixed(let value): writer.writePrefixed(value)
        case .text(let value): writer.writePrefixed(value)
        }
    }

    /// What `reader` holds where this item was written.
    func reading(_ reader: inout ByteReader) throws -> Item {
        switch self {
        case .byte: .byte(try reader.readUInt8())
        case .short: .short(try reader.readUInt16())
        case .word: .word(try reader.readUInt32())
        case .long: .long(try reader.readUInt64())
        case .varint: .varint(try reader.readVarint())
        case .flag: .flag(try reader.readFlag())
        case .prefixed: .prefixed(try reader.readPrefixed())
        case .text: .text(try reader.readPrefixedText())
        }
    }
}
