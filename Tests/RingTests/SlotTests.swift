// Slots against Redis Cluster's own numbers, and partitions against slots.
import MartletBase
import MartletRing
import Testing

@Suite("Slots and partitions")
struct SlotTests {
    @Test("The checksum is CRC-16/XMODEM")
    func checksum() {
        let check = Bytes(text: "123456789")
        #expect(CRC16.checksum(check, 0..<check.count) == 0x31C3)
        #expect(CRC16.checksum([], 0..<0) == 0)
    }

    @Test(
        "Keys fall into the slots that Redis gives them",
        arguments: [
            ("foo", 12182), ("bar", 5061), ("hello", 866), ("123456789", 12739), ("", 0),
            ("somekey", 11058), ("foo{hash_tag}", 2515), ("bar{hash_tag}", 2515),
        ])
    func knownSlots(key: String, slot: Int) {
        #expect(Slot(ofKey: Bytes(text: key)) == Slot(index: slot))
    }

    @Test(
        "The hashtag is what stands between the first { and the first } after it, unless empty",
        arguments: [
            ("{user1000}.following", "user1000"), ("foo{}{bar}", "foo{}{bar}"),
            ("foo{{bar}}zap", "{bar"), ("foo{bar}{zap}", "bar"), ("}foo{bar}", "bar"),
            ("foo{bar", "foo{bar"), ("foo}bar", "foo}bar"), ("{}", "{}"), ("a{", "a{"),
        ])
    func hashtag(key: String, hashed: String) {
        let bytes = Bytes(text: key)
        #expect(Array(bytes[Slot.hashedRange(of: bytes)]).text == hashed)
    }

    @Test("Keys with one hashtag share a slot")
    func sharedSlot() {
        let following = Slot(ofKey: Bytes(text: "{user1000}.following"))
        #expect(following == Slot(ofKey: Bytes(text: "{user1000}.followers")))
        #expect(following == Slot(ofKey: Bytes(text: "user1000")))
    }

    @Test("There are 16384 slots and no others")
    func bounds() {
        #expect(Slot(index: -1) == nil)
        #expect(Slot(index: 16384) == nil)
        #expect(Slot(index: 16383)?.index == 16383)
    }

    @Test("A partition count is a power of two from 1 to 16384")
    func partitionCounts() {
        let allowed = (-1...20000).filter { PartitionCount($0) != nil }
        #expect(allowed == (0...14).map { 1 << $0 })
        #expect(PartitionCount(exponent: 15) == nil)
        #expect(PartitionCount.standard.value == 1024)
    }

    @Test("Partitions are equal, adjoining runs that hold every slot once", arguments: 0...14)
    func runs(exponent: Int) throws {
        let count = try #require(PartitionCount(exponent: UInt8(exponent)))
        var next = 0
        for partition in count.partitions {
            let slots = count.slots(of: partition)
            #expect(Int(slots.lowerBound.index) == next)
            #expect(count.partition(of: slots.lowerBound) == partition)
            #expect(count.partition(of: slots.upperBound) == partition)
            next += Slot.count / count.value
            #expect(Int(slots.upperBound.index) == next - 1)
        }
        #expect(next == Slot.count)
    }
}
