// SipHash-2-4-128 against its authors' vectors.
import MartletBase
import Testing

@Suite("SipHash")
struct SipHashTests {
    /// From vectors.h of the reference implementation: the key 00 … 0f, and the input 00, 01, … of
    /// so many bytes.
    private static let vectors: [(Int, String)] = [
        (0, "a3817f04ba25a8e66df67214c7550293"), (1, "da87c1d86b99af44347659119b22fc45"),
        (2, "8177228da4a45dc7fca38bdef60affe4"), (3, "9c70b60c5267a94e5f33b6b02985ed51"),
        (7, "a1f1ebbed8dbc153c0b84aa61ff08239"), (8, "3b62a9ba6258f5610f83e264f31497b4"),
        (15, "5493e99933b0a8117e08ec0f97cfc3d9"), (16, "6ee2a4ca67b054bbfd3315bf85230577"),
        (63, "5150d1772f50834a503e069a973fbd7c"),
    ]

    @Test("It gives the hashes of the reference implementation", arguments: vectors)
    func reference(size: Int, hash: String) {
        let key = SipHash.Key(Bytes(0..<16))
        let hashed = SipHash.hash(Bytes(0..<UInt8(size)), key: key)
        var writer = ByteWriter()
        writer.write(hashed.low)
        writer.write(hashed.high)
        let digits = writer.bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }
        #expect(digits.joined() == hash)
    }

    @Test("Every bit of the key and of the input counts")
    func everyBitCounts() {
        let (key, input) = (Bytes(0..<16), Bytes(0..<21))
        var seen: Set<SipHash.Value> = [SipHash.hash(input, key: SipHash.Key(key))]
        for bit in 0..<128 {
            var bent = key
            bent[bit / 8] ^= 1 << UInt8(bit % 8)
            seen.insert(SipHash.hash(input, key: SipHash.Key(bent)))
        }
        for bit in 0..<input.count * 8 {
            var bent = input
            bent[bit / 8] ^= 1 << UInt8(bit % 8)
            seen.insert(SipHash.hash(bent, key: SipHash.Key(key)))
        }
        #expect(seen.count == 1 + 128 + 21 * 8)
    }
}
