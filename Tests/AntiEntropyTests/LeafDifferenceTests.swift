// What differs below a leaf, from the hashes alone, or from the digests of both.
import MartletBase
import MartletWire
import Testing

@testable import MartletAntiEntropy

@Suite("Differences of leaves")
struct LeafDifferenceTests {
    private func digests(_ count: Int, seed: UInt64) -> [UInt64] {
        var random = SeededRandom(seed: seed)
        return (0..<count).map { _ in random.next() }
    }

    @Test(
        "Up to four objects that the other leaf lacks are named by the hashes alone",
        arguments: [1, 2, 3, 4], [4, 10, 64, 150])
    func surplusIsNamed(missing: Int, count: Int) {
        for seed in 0..<20 as Range<UInt64> {
            let ours = digests(count, seed: seed)
            var random = SeededRandom(seed: seed, stream: "choice")
            var gone: Set<Int> = []
            while gone.count < missing { gone.insert(random.below(count)) }
            let difference = gone.reduce(0 as UInt64) { $0 ^ ours[$1] }
            #expect(LeafDifference.name(difference, among: ours) == gone.sorted())
        }
    }

    @Test("What the other leaf has beyond this one cannot be named here")
    func missingIsNotNamed() {
        let ours = digests(64, seed: 1)
        let theirs = digests(2, seed: 2)
        #expect(LeafDifference.name(theirs[0], among: ours) == nil)
        #expect(LeafDifference.name(theirs[0] ^ theirs[1] ^ ours[3], among: ours) == nil)
        #expect(LeafDifference.name(5, among: []) == nil)
        #expect(LeafDifference.name(0, among: ours) == [])
    }

    @Test("Four bytes of each hash are enough to name what is missing in a leaf")
    func namedByFourBytes() {
        for seed in 0..<64 as Range<UInt64> {
            let window = HashWindow(start: Int(seed), byteCount: 4)
            let ours = digests(64, seed: seed)
            let gone = [3, 17, 40, 63].prefix(1 + Int(seed % 4))
            let theirs = ours.indices.filter { !gone.contains($0) }.reduce(0) { $0 ^ ours[$1] }
            let difference = window(ours.reduce(0, ^)) ^ window(theirs)
            let named = LeafDifference.name(difference, among: ours.map { window($0) })
            #expect(named == Array(gone), "seed \(seed)")
        }
    }

    @Test("The digests of both tell what either lacks")
    func bothWays() {
        let common = digests(50, seed: 3)
        let ours = common + digests(3, seed: 4)
        let theirs = digests(4, seed: 5) + common.reversed()
        let difference = LeafDifference.between(ours, theirs)
        #expect(difference.surplus == [50, 51, 52])
        #expect(difference.missing == theirs.prefix(4).sorted())
    }
}
