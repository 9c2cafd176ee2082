// What differs below a leaf, from the hashes alone, or from the digests of both.
import MartletBase
import Testing

@testable import MartletAntiEntropy

@Suite("Differences of leaves")
struct LeafDifferenceTests {
    private func digests(_ count: Int, seed: UInt64) -> [UInt64] {
        var random = SeededRandom(seed: seed)
        return (0..<count).map { _ in random.next() }
    }

    @Test(
        "Up to three objects that the other leaf lacks are named by the hashes alone",
        arguments: [1, 2, 3], [3, 10, 64, 150])
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
