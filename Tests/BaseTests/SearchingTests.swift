// The binary search, against a walk.
import MartletBase
import Testing

@Suite("Searching")
struct SearchingTests {
    @Test("The partition index is where a walk finds it, in every small array")
    func exhaustive() {
        for count in 0...9 {
            let numbers = Array(0..<count)
            for bound in -1...count {
                let walked = numbers.firstIndex { $0 >= bound } ?? count
                #expect(numbers.partitionIndex { $0 < bound } == walked)
            }
        }
    }
}
