// CRC32C against its published vectors, and the two implementations against each other.
import CMartletChecksum
import MartletBase
import Testing

@Suite("CRC32C") struct ChecksumTests {
    /// The check value of the polynomial's catalogue entry, and RFC 3720, appendix B.4.
    @Test(
        "The published vectors",
        arguments: [
            (Bytes(text: "123456789"), 0xE306_9283),
            (Bytes(), 0),
            (Bytes(repeating: 0, count: 32), 0x8A91_36AA),
            (Bytes(repeating: 0xFF, count: 32), 0x62A8_AB43),
            (Bytes(0..<32), 0x46DD_794E),
            (Bytes((0..<32).reversed()), 0x113F_DB5C),
        ] as [(Bytes, UInt32)])
    func vectors(bytes: Bytes, expected: UInt32) {
        #expect(Checksum.crc32c(bytes) == expected)
        #expect(portable(bytes) == expected)
    }

    @Test("The processor's instruction and the portable code agree, at every length and offset")
    func implementationsAgree() {
        var random = SeededRandom(seed: 32)
        let bytes = (0..<300).map { _ in UInt8(truncatingIfNeeded: random.next()) }
        for start in 0..<9 {
            for end in start..<bytes.count {
                let part = Bytes(bytes[start..<end])
                #expect(Checksum.crc32c(bytes, start..<end) == portable(part))
            }
        }
    }

    @Test("A checksum can be taken in parts")
    func parts() {
        let bytes = Bytes(text: "the heraldic swift that never lands")
        let whole = Checksum.crc32c(bytes)
        for cut in 0...bytes.count {
            let head = Checksum.crc32c(bytes, 0..<cut)
            #expect(Checksum.crc32c(bytes, cut..<bytes.count, extending: head) == whole)
        }
    }

    @Test("Any single flipped bit is noticed")
    func flips() {
        var bytes = Bytes(text: "acknowledged")
        let whole = Checksum.crc32c(bytes)
        for bit in 0..<bytes.count * 8 {
            bytes[bit / 8] ^= 1 << UInt8(bit % 8)
            #expect(Checksum.crc32c(bytes) != whole)
            bytes[bit / 8] ^= 1 << UInt8(bit % 8)
        }
    }

    private func portable(_ bytes: Bytes) -> UInt32 {
        unsafe bytes.withUnsafeBytes { buffer in
            unsafe martlet_crc32c_portable(0, buffer.baseAddress, buffer.count)
        }
    }
}
