// The topology as bytes: the golden encoding, the way back, and bytes from who knows where.
import MartletBase
import MartletRing
import Testing

@Suite("Topology codec")
struct TopologyCodecTests {
    @Test("The encoding is the one that the grammar draws")
    func goldenBytes() throws {
        let head: Bytes = [3, 7, 8, 7, 6, 5, 4, 3, 2, 1, 7] + Bytes(text: "hirundo") + [2, 1]
        let first: Bytes = [1, 0, 0, 0, 0, 0, 0, 0, 2] + Bytes(text: "n1") + [1, 97, 1, 0, 0]
        let second: Bytes =
            [2, 0, 0, 0, 0, 0, 0, 0, 2] + Bytes(text: "n2") + [1, 98, 172, 2, 0, 0]
        let third: Bytes = [3, 0, 0, 0, 0, 0, 0, 0, 2] + Bytes(text: "n3") + [1, 98, 1, 0, 0]
        // The secret that `handmade` draws.
        var random = SeededRandom(seed: 1)
        var words = ByteWriter()
        for _ in 0..<4 { words.write(random.next() as UInt64) }
        let golden: Bytes =
            head + [3] + first + second + third + [0, 1, 2, 0] + [0, 0] + words.bytes
        let topology = try handmade()
        #expect(topology.encoded() == golden)
        #expect(topology.digest == 13_415_220_997_647_461_691)
        var reader = ByteReader(golden)
        #expect(try Topology(from: &reader) == topology)
        #expect(reader.isAtEnd)
    }

    @Test("What was planned reads back equal", arguments: 0..<40)
    func roundTrip(seed: Int) throws {
        let topology = try RandomRequest(seed: UInt64(seed)).plan().topology
        var reader = ByteReader(topology.encoded() + [0xFF])
        let read = try Topology(from: &reader)
        #expect(read == topology)
        #expect(read.digest == topology.digest)
        #expect(reader.remaining == 1)
    }

    @Test("Topologies that differ have different digests")
    func digests() throws {
        let digests = try [
            handmade(), handmade(epoch: 8), handmade(clusterName: "hirundx"),
            handmade(homes: [1, 0, 2, 0]),
        ].map(\.digest)
        #expect(Set(digests).count == 4)
    }

    @Test("The secret makes topologies differ, and shows in no digest and no text")
    func secrets() throws {
        let (one, other) = try (handmade(), handmade(clusterSeed: 2))
        #expect(one != other)
        #expect(one.digest == other.digest)
        #expect("\(one.secret)" == "(secret)")
        #expect(String(reflecting: one) == String(reflecting: try handmade()))
        #expect(Mirror(reflecting: one.secret).children.isEmpty)
    }

    @Test("Every cut is a typed error")
    func cuts() throws {
        let good = try handmade().encoded()
        for end in 0..<good.count {
            var reader = ByteReader(good, 0..<end)
            #expect(throws: FormatError.self) { try Topology(from: &reader) }
        }
    }

    @Test("Every changed byte gives a typed error or a sound topology")
    func changedBytes() throws {
        let good = try handmade().encoded()
        for offset in good.indices {
            for byte in UInt8.min...UInt8.max where byte != good[offset] {
                var bytes = good
                bytes[offset] = byte
                var reader = ByteReader(bytes)
                do throws(FormatError) {
                    try Topology(from: &reader).checkInvariants()
                } catch {
                    #expect(error.offset <= bytes.count)
                }
            }
        }
    }

    @Test("Counts that the bytes cannot hold are refused before memory is taken")
    func hostileCounts() {
        let head: Bytes = [3, 1, 0, 0, 0, 0, 0, 0, 0, 0, 1, 120, 3]
        let huge: Bytes = [255, 255, 255, 255, 255, 255, 255, 255, 127]
        let one: Bytes = [1, 1, 0, 0, 0, 0, 0, 0, 0, 1, 110, 0, 1, 0, 0]
        let cases: [(Bytes, FormatError.Reason)] = [
            ([1], .unsupportedVersion(1)),
            (head + [15], .invalid("partition exponent")),
            (head + [14] + huge, .truncated),
            (head + [14] + one + [0, 0], .truncated),
            (head + [0] + one + [0] + huge, .truncated),
            (head + [0] + one + [0, 0] + huge, .truncated),
            (head + [0] + one + [0, 0, 1, 0, 1, 1, 1], .invalid("former home")),
            (
                head + [0, 0, 0, 0] + Bytes(repeating: 7, count: 32),
                .invalid("topology: \(TopologyError.noMembers)")
            ),
        ]
        for (bytes, reason) in cases {
            var reader = ByteReader(bytes)
            do throws(FormatError) {
                _ = try Topology(from: &reader)
                Issue.record("read \(bytes)")
            } catch {
                #expect(error.reason == reason)
            }
        }
    }
}
