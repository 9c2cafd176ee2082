// What a node is no home of is handed back to all who are, and dropped only then; what it held of
// an earlier time does not come back when it is to be a home again.
import MartletBase
import MartletHandover
import MartletRing
import MartletStorage
import MartletVersions
import MartletWire
import Testing

@Suite("Leaving") struct LeavingTests {
    /// Nodes 0, 1 and 3 are homes; node 2 was one, and holds all and something that nobody has.
    static func left(
        seed: UInt64 = 1, _ adjust: (inout HandoverOptions) -> Void = { _ in }
    ) throws -> Stand {
        var stand = try FillingTests.moving(200, seed: seed, adjust)
        try FillingTests.move(&stand)
        stand.start()
        try #require(stand.run { $0.isFilled(3) })
        for number in 0..<10 { try stand.put(2, "last \(number)") }
        stand.learn(try stand.ring(3, homes: [0, 1, 3]))
        return stand
    }

    static let homes = [0, 1, 3]

    @Test("What is left over is dropped once every home has it")
    func taken() throws {
        var stand = try Self.left()
        #expect(stand.count(2) == 210)
        #expect(stand.run(for: .seconds(1)) { $0.count(2) == 0 })
        for node in Self.homes {
            for number in 0..<10 { #expect(stand.holds(node, "last \(number)")) }
        }
        #expect(stand.counters(2).drops == 4)
        #expect(stand.parts[2].handover.transfers.isEmpty)
        // After a restart there is nothing more to be said.
        stand.crash(2)
        try stand.restart(2)
        let before = stand.sent.count
        stand.run(for: .seconds(60))
        #expect(stand.sent.count == before)
    }

    @Test("Nothing is dropped while one home has not taken it", arguments: [0, 1, 3])
    func oneAway(away: Int) throws {
        var stand = try FillingTests.moving(50)
        stand.learn(try stand.ring(3, homes: [0, 1, 3]))
        stand.start()
        stand.crash(away)
        stand.run(for: .seconds(60))
        #expect(stand.count(2) == 50)
        #expect(
            stand.parts[2].handover.transfers.allSatisfy { $0.purpose == .leave && $0.done == 2 })
        try stand.restart(away)
        #expect(stand.run(for: .seconds(1)) { $0.count(2) == 0 })
    }

    @Test(
        "What changes while it is offered is offered again, and what was said of it is not believed"
    )
    func changed() throws {
        var stand = try Self.left()
        var count = 0
        stand.meanwhile = { stand in
            count += 1
            if count == 6 { for node in 0..<40 { try? stand.put(2, "later \(node)") } }
        }
        #expect(stand.run(for: .seconds(30)) { $0.count(2) == 0 })
        #expect(stand.counters(2).marks.contains(.leftoverChanged))
        for node in Self.homes {
            for number in 0..<40 { #expect(stand.holds(node, "later \(number)")) }
        }
    }

    @Test("A home answers only once what it took is synced, and only where it is one")
    func synced() throws {
        var stand = try Self.left()
        stand.run { $0.count(2) == 0 }
        for sent in stand.sent {
            guard case .taken(let taken) = sent.message else { continue }
            #expect(taken.epoch == 3)
            #expect(Self.homes.contains { Stand.id($0) == sent.from.node })
        }
        // A node that is none does not even ask.
        let root = UInt64(1)
        let offer = HandoverLeftover(epoch: 3, entries: [.init(partition: 0, root: root)])
        let before = stand.sent.count
        stand.act(2) {
            $0.messageReceived(.leftover(offer), from: Peer(Stand.id(0)), at: $1, into: &$2)
        }
        #expect(stand.sent.count == before)
    }

    @Test("A drop that the storage did not take is asked for again")
    func undropped() throws {
        var stand = try Self.left()
        var count = 0
        stand.refusesDrops = {
            count += 1
            return count <= 2
        }
        #expect(!stand.run(for: .seconds(4)) { $0.count(2) == 0 })
        #expect(stand.run(for: .seconds(4)) { $0.count(2) == 0 })
        #expect(stand.counters(2).drops == 4)
    }

    @Test("Of more leftovers than may wait the rest is put off, and taken all the same")
    func many() throws {
        var stand = try Stand(4, partitions: 512)
        stand.learn(try stand.ring(1, homes: [0, 1, 2]))
        for number in 0..<800 { try stand.put(2, "key \(number)", [1], to: 2) }
        stand.learn(try stand.ring(2, homes: [0, 1, 3]))
        stand.start()
        #expect(stand.run(for: .seconds(60)) { $0.count(2) == 0 })
        #expect(stand.counters(0).marks.contains(.leftoverPutOff))
        for node in Self.homes { #expect(stand.count(node) == 800) }
        #expect(stand.counters(2).drops > 256)
    }

    @Test("A target with keys that were deleted meanwhile does not bring them back")
    func cleared() throws {
        var stand = try FillingTests.moving(100)
        // Node 3 was a home long ago: what it holds the others removed since, and judge so.
        for number in 0..<20 { try stand.put(3, "deleted \(number)") }
        try stand.put(3, "never seen")
        stand.isStale = { $0.text.hasPrefix("deleted") }
        try FillingTests.move(&stand)
        #expect(stand.parts[3].handover.isClearing(Partition(index: 0)))
        stand.start()
        #expect(stand.run { $0.isFilled(3) })
        #expect(stand.counters(3).drops == 4)
        for node in 0..<4 {
            for number in 0..<20 { #expect(!stand.holds(node, "deleted \(number)")) }
            #expect(stand.holds(node, "never seen"))
            #expect(stand.count(node) == 101)
        }
    }

    @Test("Clearing goes on after a restart, and waits for all who hold the partition")
    func clearingRestarts() throws {
        var stand = try FillingTests.moving(50)
        for number in 0..<20 { try stand.put(3, "old \(number)") }
        try FillingTests.move(&stand)
        stand.start()
        stand.crash(1)
        stand.run(for: .seconds(20))
        #expect(stand.parts[3].handover.isClearing(Partition(index: 0)))
        #expect(stand.parts[3].handover.transfers.allSatisfy { $0.purpose == .clear })
        stand.crash(3)
        try stand.restart(3)
        #expect(stand.parts[3].handover.isClearing(Partition(index: 0)))
        stand.run(for: .seconds(20))
        #expect(stand.counters(3).objectsReceived == 0)
        try stand.restart(1)
        #expect(stand.run { $0.isFilled(3) })
        #expect(stand.count(3) == 70)
    }

    @Test("A home that is to leave and is one again keeps what it has")
    func cancelled() throws {
        var stand = try FillingTests.moving(50)
        try FillingTests.move(&stand)
        stand.start()
        stand.run { $0.isFilled(3) }
        stand.learn(try stand.ring(3, homes: [0, 1, 2]))
        #expect(stand.count(2) == 50)
        // It is the target that has to be rid of it.
        #expect(stand.run(for: .seconds(1)) { $0.count(3) == 0 })
        #expect(stand.count(2) == 50)
    }

    @Test(
        "Over a network that loses and doubles nothing is dropped that is not held elsewhere",
        arguments: 0..<20)
    func faults(seed: UInt64) throws {
        var stand = try FillingTests.moving(100, bytes: 30, seed: seed) {
            $0.chunkBytes = 4 << 10
            $0.patience = .milliseconds(50)
        }
        for number in 0..<40 { try stand.put(2, "last \(number)") }
        stand.learn(try stand.ring(3, homes: [0, 1, 3]))
        stand.fate = { sent, random in
            Array(repeating: sent.message, count: [0, 1, 1, 1, 2][random.below(5)])
        }
        var count: UInt64 = 1
        stand.meanwhile = { stand in
            count += 1
            if count < 60, count.isMultiple(of: 7) {
                try? stand.put(2, "last \(stand.random.below(40))", dot: count)
            }
        }
        stand.start()
        for _ in 0..<3 {
            stand.run(for: .milliseconds(stand.random.below(100)))
            let node = Self.homes[stand.random.below(3)]
            stand.crash(node)
            stand.run(for: .milliseconds(stand.random.below(3_000)))
            try stand.restart(node)
        }
        var expected: [String: Object] = [:]
        for number in 0..<40 {
            let key = "last \(number)"
            expected[key] = stand.held(2, key)
            if expected[key]?.isEmpty == true { expected[key] = stand.held(0, key) }
        }
        stand.meanwhile = { _ in }
        #expect(stand.run(for: .seconds(120)) { $0.count(2) == 0 })
        for node in Self.homes {
            for (key, object) in expected { #expect(stand.held(node, key) == object) }
        }
    }
}
