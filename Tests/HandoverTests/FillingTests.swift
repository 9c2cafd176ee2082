// A node is filled: from nothing and from some, from sources that differ, over losses of all kinds.
import MartletBase
import MartletHandover
import MartletRing
import MartletStorage
import MartletVersions
import MartletWire
import Testing

@Suite("Filling") struct FillingTests {
    /// Nodes 0 to 2 hold `count` keys each, and node 3 is to take the place of node 2.
    static func moving(
        _ count: Int, partitions: Int = 4, bytes: Int = 100, seed: UInt64 = 1,
        _ adjust: (inout HandoverOptions) -> Void = { _ in }
    ) throws -> Stand {
        var stand = try Stand(4, partitions: partitions, seed: seed, adjust)
        stand.learn(try stand.ring(1, homes: [0, 1, 2]))
        var value = Bytes(repeating: 0, count: bytes)
        for number in 0..<count {
            for index in value.indices { value[index] = UInt8(stand.random.below(256)) }
            for node in 0..<3 { try stand.put(0, "key \(number)", value, to: node) }
        }
        return stand
    }

    static func move(_ stand: inout Stand, since: UInt64 = 2) throws {
        stand.learn(
            try stand.ring(since, homes: [0, 1, 3], former: [0, 1, 2], since: since))
    }

    @Test("A node that holds nothing is filled, and what is equal then costs nothing")
    func empty() throws {
        var stand = try Self.moving(2_000)
        try Self.move(&stand)
        stand.start()
        #expect(stand.run { $0.isFilled(3) })
        #expect(try stand.isSame(0, 3))
        #expect(stand.parts[3].handover.filled.map(\.since) == [2, 2, 2, 2])
        let counters = stand.counters(3)
        #expect(counters.objectsReceived == 2_000)
        #expect(counters.fills == 4)
        // One source sends all; two are asked once for each run of leaves.
        let empty = stand.sent.count {
            if case .chunk(let chunk) = $0.message { chunk.payload.isEmpty } else { false }
        }
        #expect(empty == 8)
        #expect(stand.parts[3].toldFilled >= 1)
        // Incompressible values: what is sent is little more.
        #expect(counters.bytesReceived < 2_000 * 140)
    }

    @Test("What is filled already is not sent again")
    func halfFilled() throws {
        var stand = try Self.moving(2_000, bytes: 100)
        try Self.move(&stand)
        for partition in 0..<4 {
            for entry in try stand.entries(0, UInt16(partition)) where entry.key.hash >> 63 == 0 {
                try stand.copy(entry, to: 3)
            }
        }
        stand.start()
        #expect(stand.run { $0.isFilled(3) })
        #expect(try stand.isSame(0, 3))
        let counters = stand.counters(3)
        #expect((900...1_100).contains(counters.objectsReceived))
    }

    @Test("What is new among much that is held brings none of that again")
    func digests() throws {
        var stand = try Self.moving(3_000, partitions: 1)
        try Self.move(&stand)
        for entry in try stand.entries(0, 0) { try stand.copy(entry, to: 3) }
        for number in 0..<10 { try stand.put(0, "new \(number)") }
        // And something that only the target holds, in many leaves.
        for number in 0..<100 { try stand.put(3, "own \(number)") }
        stand.start()
        #expect(stand.run { $0.isFilled(3) })
        #expect(stand.counters(3).objectsReceived == 10)
        #expect(stand.count(3) == 3_110)
    }

    @Test("Under writes a move brings each object about once, and so does what is left over")
    func underWrites() throws {
        var stand = try Self.moving(2_000, bytes: 200) { $0.chunkBytes = 8 << 10 }
        try Self.move(&stand)
        var number: UInt64 = 1
        var homes = [0, 1, 2, 3]
        stand.meanwhile = { stand in
            number += 1
            guard number < 400 else { return }
            let value = Bytes(repeating: UInt8(truncatingIfNeeded: number), count: 200)
            // Some homes miss it.
            let missing = homes[stand.random.below(homes.count)]
            for node in homes where node != missing {
                try? stand.put(0, "new \(number)", value, to: node)
            }
        }
        stand.start()
        #expect(stand.run { $0.isFilled(3) })
        homes = [0, 1, 3]
        let written = number
        stand.learn(try stand.ring(3, homes: homes))
        #expect(stand.run(for: .seconds(30)) { $0.count(2) == 0 })
        let received = (0..<4).map { stand.counters($0).objectsReceived }
        #expect(received[3] < 2_000 + 2 * written)
        // What they had missed, from the one that leaves.
        #expect(received[0] + received[1] + received[2] < written)
        let bytes = (0..<4).reduce(0) { $0 + stand.counters($1).bytesReceived }
        #expect(bytes < (2_000 + 2 * written) * 240)
    }

    @Test("What one of three sources has alone arrives")
    func union() throws {
        var stand = try Self.moving(300)
        for node in 0..<3 {
            for number in 0..<20 { try stand.put(node, "only \(node) \(number)") }
        }
        try Self.move(&stand)
        stand.start()
        #expect(stand.run { $0.isFilled(3) })
        for node in 0..<3 {
            for number in 0..<20 { #expect(stand.holds(3, "only \(node) \(number)")) }
        }
        #expect(stand.count(3) == 360)
    }

    @Test("A majority is enough where no more is reachable, and less is not")
    func majority() throws {
        var stand = try Self.moving(100)
        try Self.move(&stand)
        stand.start()
        stand.crash(0)
        stand.crash(1)
        #expect(!stand.run(for: .seconds(60)) { $0.isFilled(3) })
        #expect(stand.parts[3].handover.filled.isEmpty)
        #expect(stand.parts[3].handover.transfers.allSatisfy { $0.done == 1 && !$0.isComplete })
        try stand.restart(0)
        #expect(stand.run { $0.isFilled(3) })
        #expect(stand.parts[3].handover.transfers.allSatisfy { $0.done == 2 && $0.isComplete })
        #expect(stand.count(3) == 100)
    }

    @Test("A source answers only once it knows the ring")
    func epoch() throws {
        var stand = try Self.moving(100)
        let next = try stand.ring(2, homes: [0, 1, 3], former: [0, 1, 2], since: 2)
        stand.learn(next, only: [0, 3])
        stand.start()
        #expect(!stand.run(for: .seconds(2)) { $0.isFilled(3) })
        #expect(stand.counters(1).marks.contains(.refusedBehind))
        // What was written before the last of a majority learnt it arrives, wherever it is.
        try stand.put(1, "late")
        try stand.put(2, "late")
        stand.learn(next)
        #expect(stand.run { $0.isFilled(3) })
        #expect(stand.holds(3, "late"))
    }

    @Test("What a source had when it learned the epoch arrives, whatever is written meanwhile")
    func writes() throws {
        var stand = try Self.moving(600) { $0.chunkBytes = 4 << 10 }
        for node in 0..<3 { try stand.put(node, "before \(node)") }
        try Self.move(&stand)
        stand.start()
        var number: UInt64 = 1
        stand.meanwhile = { stand in
            number += 1
            let node = stand.random.below(3)
            let key = "key \(stand.random.below(600))"
            try? stand.put(node, key, [UInt8(truncatingIfNeeded: number)], dot: number)
        }
        #expect(stand.run { $0.isFilled(3) })
        for number in 0..<600 { #expect(stand.holds(3, "key \(number)")) }
        for node in 0..<3 { #expect(stand.holds(3, "before \(node)")) }
    }

    @Test("A source that goes midway is replaced by another")
    func sourceLost() throws {
        var stand = try Self.moving(2_000) { $0.chunkBytes = 4 << 10 }
        try Self.move(&stand)
        stand.start()
        #expect(stand.run { $0.counters(3).objectsReceived > 300 })
        stand.crash(0)
        #expect(stand.run { $0.isFilled(3) })
        #expect(stand.counters(3).marks.contains(.pullCut))
        #expect(try stand.isSame(1, 3))
        // All of one, and a part of another that was equal by then.
        #expect(stand.counters(3).objectsReceived < 3_000)
    }

    @Test("A target that restarts goes on near where it was")
    func restart() throws {
        var stand = try Self.moving(2_000, partitions: 1) {
            $0.chunkBytes = 4 << 10
            $0.checkpointBytes = 16 << 10
        }
        try Self.move(&stand)
        stand.start()
        #expect(stand.run { $0.counters(3).objectsReceived > 1_500 })
        let first = stand.counters(3)
        stand.crash(3)
        try stand.restart(3)
        #expect(stand.parts[3].handover.counters.marks.contains(.fillRecalled))
        #expect(stand.run { $0.isFilled(3) })
        #expect(try stand.isSame(0, 3))
        let second = stand.counters(3)
        #expect(first.objectsReceived + second.objectsReceived >= 2_000)
        #expect(
            first.bytesReceived + second.bytesReceived < 2_000 * 130 + (16 << 10) + (32 << 10))
        // Filled is filled after another.
        stand.crash(3)
        try stand.restart(3)
        #expect(stand.isFilled(3))
        #expect(stand.counters(3).chunksReceived == 0)
    }

    @Test("A chunk that was bent is asked for again")
    func bent() throws {
        var stand = try Self.moving(1_000, seed: 5) { $0.chunkBytes = 4 << 10 }
        try Self.move(&stand)
        stand.fate = { sent, random in
            guard case .chunk(var chunk) = sent.message, !chunk.payload.isEmpty,
                random.chance(0.3)
            else { return [sent.message] }
            chunk.payload[random.below(chunk.payload.count)] ^= 1 << UInt8(random.below(8))
            return [.chunk(chunk)]
        }
        stand.start()
        #expect(stand.run { $0.isFilled(3) })
        #expect(stand.counters(3).marks.contains(.chunkUnreadable))
        #expect(try stand.isSame(0, 3))
    }

    @Test("A chunk that the storage does not take is asked for again")
    func incomplete() throws {
        var stand = try Self.moving(500) { $0.chunkBytes = 4 << 10 }
        try Self.move(&stand)
        var count = 0
        stand.refusesMerges = {
            count += 1
            return count.isMultiple(of: 3)
        }
        stand.start()
        #expect(stand.run { $0.isFilled(3) })
        #expect(stand.counters(3).marks.contains(.mergeIncomplete))
        #expect(try stand.isSame(0, 3))
    }

    @Test("Another target voids what was proven, and what was not cut short goes on")
    func retarget() throws {
        var stand = try Self.moving(200)
        try Self.move(&stand)
        stand.start()
        #expect(stand.run { $0.isFilled(3) })
        // Written to nobody but one old home, before it learns of the change.
        try stand.put(1, "only there")
        stand.learn(try stand.ring(3, homes: [0, 3, 1], former: [0, 1, 2], since: 2))
        #expect(stand.isFilled(3))
        stand.learn(try stand.ring(4, homes: [3, 0, 2], former: [0, 1, 2], since: 4))
        #expect(!stand.isFilled(3))
        #expect(stand.counters(3).marks.contains(.fillContinued))
        #expect(stand.run { $0.isFilled(3) })
        #expect(stand.parts[3].handover.filled.allSatisfy { $0.since == 4 })
        #expect(stand.holds(3, "only there"))
        stand.learn(try stand.ring(5, homes: [3, 0, 2]))
        #expect(stand.parts[3].handover.filled.isEmpty)
    }

    @Test("Where homes become fewer all are filled, each from the others")
    func fewer() throws {
        var stand = try Self.moving(50)
        for node in 0..<3 { try stand.put(node, "only \(node)") }
        stand.learn(try stand.ring(2, homes: [0, 1], former: [0, 1, 2], since: 2))
        stand.start()
        #expect(stand.run { $0.isFilled(0) && $0.isFilled(1) })
        for node in 0..<2 {
            for other in 0..<3 { #expect(stand.holds(node, "only \(other)")) }
            #expect(stand.counters(node).marks.contains(.clearingBegun) == false)
        }
    }

    @Test("Data that is lost midway is asked for again")
    func damage() throws {
        var stand = try Self.moving(100)
        try Self.move(&stand)
        stand.start()
        #expect(stand.run { $0.isFilled(3) })
        stand.act(3) { $0.damageFound(in: [1], at: $1, into: &$2) }
        #expect(!stand.isFilled(3))
        #expect(stand.run { $0.isFilled(3) })
    }

    @Test("Data that was lost before the ring is known again is asked for again")
    func damageAtStart() throws {
        var stand = try Self.moving(100)
        try Self.move(&stand)
        stand.start()
        #expect(stand.run { $0.isFilled(3) })
        stand.crash(3)
        let ring = stand.parts[3].topology
        stand.parts[3].topology = nil
        try stand.restart(3)
        stand.act(3) { $0.damageFound(in: [1], at: $1, into: &$2) }
        stand.learn(try #require(ring), only: [3])
        #expect(stand.parts[3].handover.filled.map(\.partition.index) == [0, 2, 3])
        #expect(stand.run { $0.isFilled(3) })
    }

    @Test("A node that comes back with an older ring neither drops nor believes what is not so")
    func olderRing() throws {
        var stand = try Self.moving(400, partitions: 1) {
            $0.chunkBytes = 4 << 10
            $0.checkpointBytes = 4 << 10
        }
        let former = try #require(stand.parts[3].topology)
        try Self.move(&stand)
        stand.start()
        #expect(stand.run { $0.counters(3).objectsReceived > 200 })
        stand.crash(3)
        let ring = stand.parts[3].topology
        stand.parts[3].topology = former
        try stand.restart(3)
        stand.run(for: .seconds(30))
        #expect(stand.count(3) > 100)
        stand.learn(try #require(ring), only: [3])
        #expect(stand.run { $0.isFilled(3) })
        #expect(stand.count(3) == 400)
        #expect(stand.counters(3).objectsReceived < 300)
    }

    @Test("Shards of several nodes meet in pairs", arguments: [[1, 2, 4, 3], [4, 1, 1, 2]])
    func shards(counts: [Int]) throws {
        var stand = try Stand(shards: counts, partitions: 16)
        stand.learn(try stand.ring(1, homes: [0, 1, 2]))
        for number in 0..<300 { try stand.put(number % 3, "key \(number)") }
        try Self.move(&stand)
        stand.start()
        #expect(stand.run { $0.isFilled(3) })
        #expect(stand.count(3) == 300)
    }

    @Test("An object that is larger than a chunk travels alone")
    func large() throws {
        var stand = try Self.moving(20, partitions: 1) { $0.chunkBytes = 4 << 10 }
        for node in 0..<3 {
            try stand.put(0, "large", Bytes(repeating: 7, count: 200_000), to: node)
        }
        try Self.move(&stand)
        stand.start()
        #expect(stand.run { $0.isFilled(3) })
        #expect(stand.held(3, "large") == stand.held(0, "large"))
        #expect(stand.count(3) == 21)
    }

    @Test("No more is asked for in a second than may be")
    func pace() throws {
        var stand = try Self.moving(1_000, bytes: 1_000) {
            $0.bytesPerSecond = 100 << 10
            $0.chunkBytes = 8 << 10
        }
        try Self.move(&stand)
        stand.start()
        #expect(stand.run { $0.isFilled(3) })
        let rate =
            Double(stand.counters(3).bytesReceived) / Double(stand.now.nanoseconds) * 1e9
        #expect(rate < 1.15 * Double(100 << 10))
        #expect(rate > 0.8 * Double(100 << 10))
    }

    @Test(
        "Over a network that loses, doubles and holds up everything is filled, and nothing is lost",
        arguments: 0..<30)
    func faults(seed: UInt64) throws {
        var stand = try Self.moving(200, bytes: 50, seed: seed) {
            $0.chunkBytes = 4 << 10
            $0.checkpointBytes = 4 << 10
            $0.patience = .milliseconds(50)
        }
        for tag in 0..<8 {
            for node in 0..<3 { try stand.put(node, "{\(tag)} only \(node)") }
        }
        try Self.move(&stand)
        stand.fate = { sent, random in
            Array(repeating: sent.message, count: [0, 1, 1, 1, 2][random.below(5)])
        }
        stand.start()
        for _ in 0..<3 {
            stand.run(for: .milliseconds(stand.random.below(200)))
            let node = stand.random.below(4)
            stand.crash(node)
            stand.run(for: .milliseconds(stand.random.below(200)))
            try stand.restart(node)
        }
        #expect(stand.run { $0.isFilled(3) })
        for number in 0..<200 { #expect(stand.holds(3, "key \(number)")) }
        // Of each partition a majority was gone through.
        for tag in 0..<8 {
            #expect((0..<3).count { stand.holds(3, "{\(tag)} only \($0)") } >= 2)
        }
    }
}
