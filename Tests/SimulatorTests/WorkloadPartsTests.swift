// The parts that workloads are made of: what carts and counters say, and which keys are popular.
import MartletBase
@testable import MartletSimulator
import Testing

@Suite("Parts of workloads")
struct WorkloadPartsTests {
    /// Every tally of two ids with counts below three.
    static let small: [Tally] = (0..<9).map { number in
        var tally = Tally()
        tally[4] = number % 3
        tally[7] = number / 3
        return tally
    }

    @Test("Tallies merge as a lattice does, and never lose a count", arguments: small)
    func tallyMerges(left: Tally) {
        for right in Self.small {
            var merged = left
            merged.merge(right)
            var mirrored = right
            mirrored.merge(left)
            #expect(merged == mirrored)
            for id in [4, 7] { #expect(merged[id] == max(left[id], right[id])) }
            var again = merged
            again.merge(right)
            #expect(again == merged)
        }
    }

    @Test("A value says what its tally did, and whose it is", arguments: small)
    func tallyReadsBack(tally: Tally) {
        let value = History.value(of: 12, saying: tally)
        #expect(Tally(in: value) == tally)
        #expect(History.operation(of: value) == 12)
    }

    @Test("What is no tally is none", arguments: ["", "w1", "w1.4", "w1.4=x", "w1.4=0", "w1.=2"])
    func hostileTallies(text: String) {
        #expect(Tally(in: Bytes(text: text)) == nil)
    }

    @Test("Under Zipf's law the k-th key gets a k-th of what the first gets")
    func zipf() throws {
        let table = try #require(PopularityTable(.zipf, keyCount: 10))
        var random = SeededRandom(seed: 1, stream: "zipf")
        var counts = [Int](repeating: 0, count: 10)
        for _ in 0..<60_000 { counts[table.draw(&random)] += 1 }
        for key in 0..<10 {
            let expected = counts[0] / (key + 1)
            #expect(abs(counts[key] - expected) < expected / 8, "\(counts)")
        }
    }
}
