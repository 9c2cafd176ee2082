// Lines in front of keys: who is next, and what a line waits for.
import MartletBase
import MartletRing
@testable import MartletReplication
@testable import MartletStorage
import Testing

@Suite("Key queues") struct KeyQueueTests {
    private let a = Location(partition: Partition(index: 0), key: Bytes(text: "a"))
    private let b = Location(partition: Partition(index: 0), key: Bytes(text: "b"))

    @Test("Each key has a line of its own, and tasks leave it in the order of their coming")
    func order() {
        var queue = KeyQueue<Int>()
        #expect(queue.isEmpty)
        for task in 1...6 { queue.append(task, at: task % 2 == 0 ? a : b) }
        #expect(queue.count == 6)
        var left: [Int] = []
        for location in [a, b] {
            while let task = queue.first(at: location) {
                left.append(task)
                queue.removeFirst(at: location)
            }
            #expect(queue.hasLine(at: location), "until it is closed")
            queue.close(at: location)
        }
        #expect(left == [2, 4, 6, 1, 3, 5])
        #expect(queue.isEmpty && queue.count == 0)
    }

    @Test("A completed read names the line that waited for it, once, and is released once")
    func tickets() {
        var queue = KeyQueue<Int>()
        queue.append(1, at: a)
        queue.append(2, at: b)
        queue.begin(ReadTicket(rawValue: 7, owner: .replication), at: a)
        queue.begin(ReadTicket(rawValue: 8, owner: .replication), at: b)
        #expect(queue.completed(ReadTicket(rawValue: 8, owner: .replication)) == b)
        #expect(queue.completed(ReadTicket(rawValue: 8, owner: .replication)) == nil)
        #expect(queue.completed(ReadTicket(rawValue: 9, owner: .replication)) == nil)
        #expect(queue.takeTicket(at: b) == ReadTicket(rawValue: 8, owner: .replication))
        #expect(queue.takeTicket(at: b) == nil)
        #expect(queue.completed(ReadTicket(rawValue: 7, owner: .replication)) == a)
    }

    @Test("An empty line has no first, and removing from it changes nothing")
    func emptyLine() {
        var queue = KeyQueue<Int>()
        queue.removeFirst(at: a)
        #expect(queue.count == 0 && queue.first(at: a) == nil && !queue.hasLine(at: a))
    }
}
