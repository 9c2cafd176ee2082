// The table of what is in flight, against a dictionary.
import Testing

@testable import MartletBase

@Suite("Sliding tables")
struct SlidingTableTests {
    @Test(
        "It holds what a dictionary would, in the order of numbers",
        arguments: 0..<30 as Range<UInt64>)
    func model(seed: UInt64) {
        var random = SeededRandom(seed: seed)
        var table = SlidingTable<Int>()
        var model: [UInt64: Int] = [:]
        for step in 0..<2_000 {
            if random.chance(0.52) {
                let number = table.append(step)
                #expect(model[number] == nil)
                model[number] = step
            } else {
                let number = 1 + UInt64(random.below(step + 2))
                #expect(table.remove(number) == model.removeValue(forKey: number))
            }
            let probe = UInt64(random.below(step + 3))
            #expect(table[probe] == model[probe])
            #expect(table.contains(probe) == (model[probe] != nil))
            #expect(table.count == model.count)
        }
        #expect(table.numbers == model.keys.sorted())
    }

    @Test("Its numbers may begin anywhere")
    func first() {
        var table = SlidingTable<String>(first: 1 << 50)
        #expect(table[1 << 50] == nil && table.numbers.isEmpty)
        #expect(table.append("a") == 1 << 50)
        for _ in 0..<100 { _ = table.append("b") }
        #expect(table[1 << 50] == "a" && table[1] == nil && table.remove(1) == nil)
        #expect(table.remove(1 << 50) == "a" && table.count == 100)
    }

    @Test("Its window is no longer than from the oldest value to the newest")
    func window() {
        var table = SlidingTable<Int>()
        for step in 0..<100_000 {
            let number = table.append(step)
            if number > 10 { table.remove(number - 10) }
        }
        #expect(table.slots.count <= 128)
    }
}
