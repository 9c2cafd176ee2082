// Randomness and hashing that must be the same in every process, build and version.
import MartletBase
import Testing

@Suite("Seeded randomness and stable hashing") struct RandomTests {
    /// The reference output of SplitMix64 for seed 0.
    @Test("A stream gives SplitMix64's published numbers")
    func goldenStream() {
        var random = SeededRandom(seed: 0)
        let numbers = (0..<3).map { _ in random.next() }
        #expect(
            numbers == [0xE220_A839_7B1D_CDAF, 0x6E78_9E6A_A1B9_65F4, 0x06C4_5D18_8009_454F])
    }

    @Test("A labelled stream depends on seed and label, and on nothing else")
    func goldenLabels() {
        var disk = SeededRandom(seed: 42, stream: "disk")
        var network = SeededRandom(seed: 42, stream: "network")
        var otherSeed = SeededRandom(seed: 43, stream: "disk")
        let first = (disk.next(), network.next(), otherSeed.next())
        #expect(first.0 == goldenDisk)
        #expect(first.1 != goldenDisk && first.2 != goldenDisk)
    }

    @Test("Hashes are what they were", arguments: goldenHashes)
    func goldenHash(text: String, seed: UInt64, expected: UInt64) {
        #expect(StableHash.hash(Bytes(text: text), seed: seed) == expected)
    }

    @Test("Bytes that differ in length alone, or by zeros at the end, hash apart")
    func lengths() {
        let hashes = (0..<40).map { StableHash.hash(Bytes(repeating: 0, count: $0)) }
        #expect(Set(hashes).count == hashes.count)
    }

    @Test("Draws stay below their bound and reach all of it", arguments: [1, 2, 3, 10, 257])
    func bounds(bound: Int) {
        var random = SeededRandom(seed: UInt64(bound))
        var counts = [Int](repeating: 0, count: bound)
        for _ in 0..<bound * 200 { counts[random.below(bound)] += 1 }
        #expect(counts.allSatisfy { (100...300).contains($0) })
    }

    @Test("A draw below a bound is what it was")
    func goldenDraws() {
        var random = SeededRandom(seed: 1)
        let draws = (0..<12).map { _ in random.below(10) }
        #expect(draws == goldenBelowTen)
    }

    @Test("Chances are kept, and never and always are exact")
    func chances() {
        var random = SeededRandom(seed: 5)
        let hits = (0..<10_000).count { _ in random.chance(0.25) }
        #expect((2_300...2_700).contains(hits))
        for _ in 0..<1_000 {
            let (never, always, unit) = (random.chance(0), random.chance(1), random.unit())
            #expect(!never && always && (0..<1).contains(unit))
        }
    }
}

// Computed by an independent implementation in another language.
private let goldenDisk: UInt64 = 0xC572_0C88_ACED_6448
private let goldenBelowTen = [5, 7, 9, 4, 4, 7, 8, 5, 2, 7, 4, 6]
private let goldenHashes: [(String, UInt64, UInt64)] = [
    ("", 0, 0xDA23_C72C_7CEA_E328),
    ("a", 0, 0xEE0D_CDD0_CC6C_C00A),
    ("martlet", 0, 0x1683_2425_CCC8_551C),
    ("martlet1", 0, 0x8C4F_3B62_976B_F278),
    ("martlet", 1, 0xB41A_0955_EFF3_1746),
]
