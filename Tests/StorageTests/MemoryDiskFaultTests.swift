// Each fault of the simulated disk does what its name says, once, and nothing else.
import MartletBase
import MartletStorage
import Testing

struct MemoryDiskFaultTests {
    private let disk = MemoryDisk()

    /// A synced file of `count` bytes 1.
    private func ones(_ name: String, _ count: Int) throws -> any DiskFile {
        let file = try disk.open(name, .empty)
        try file.write(Bytes(repeating: 1, count: count), at: 0)
        try file.sync()
        try disk.syncDirectory()
        return file
    }

    @Test("a chosen read fails, and only that one")
    func chosenRead() throws {
        let file = try ones("a", 4)
        disk.readsUntilFailure = 1
        #expect(try file.read(at: 0, count: 2) == [1, 1])
        #expect(throws: DiskError(.read, "a", at: 2, .inputOutput)) {
            try file.read(at: 2, count: 2)
        }
        #expect(try file.read(at: 2, count: 2) == [1, 1])
        #expect(disk.readCount == 3)
    }

    @Test("reads that touch an unreadable range fail at its first byte, until it is healed")
    func unreadableRange() throws {
        let file = try ones("a", 100)
        disk.makeUnreadable("a", 10..<20)
        try disk.rename("a", to: "b")
        #expect(try file.read(at: 0, count: 10).count == 10)
        #expect(try file.read(at: 20, count: 500).count == 80)
        #expect(try file.read(at: 15, count: 0) == [])
        for (offset, count, bad) in [(0, 11, 10), (0, 100, 10), (12, 3, 12), (19, 9, 19)] {
            #expect(throws: DiskError(.read, "a", at: bad, .inputOutput)) {
                try file.read(at: offset, count: count)
            }
        }
        let copy = disk.copy()
        disk.makeReadable("b")
        #expect(try file.read(at: 0, count: 100).count == 100)
        #expect(throws: DiskError(.read, "b", at: 10, .inputOutput)) {
            try copy.open("b", .reading).read(at: 0, count: 100)
        }
    }

    @Test("a short write takes its first bytes, then fails with the cause", arguments: 0..<6)
    func shortWrite(kept: Int) throws {
        let file = try ones("a", 2)
        disk.writesUntilFailure = 1
        disk.writeFailure = .short(kept, .inputOutput)
        try file.write([7], at: 0)
        #expect(throws: DiskError(.write, "a", at: 1 + min(kept, 4), .inputOutput)) {
            try file.write([2, 3, 4, 5], at: 1)
        }
        let taken = Bytes([2, 3, 4, 5].prefix(kept))
        #expect(disk.contents(of: "a") == [7] + taken + (kept == 0 ? [1] : []))
        try file.write([8], at: 0)
        #expect(disk.contents(of: "a")?.first == 8)
    }

    @Test("a full disk takes what fits, and says where it stopped")
    func noSpace() throws {
        let file = try ones("a", 2)
        _ = try ones("b", 3)
        disk.capacityBytes = 7
        #expect(try disk.space().freeBytes == 2)
        #expect(throws: DiskError(.write, "a", at: 4, .noSpace)) {
            try file.write([2, 3, 4, 5], at: 1)
        }
        #expect(disk.contents(of: "a") == [1, 2, 3, 4])
        try file.write([9, 9, 9, 9], at: 0)
        #expect(throws: DiskError(.write, "a", at: 10, .noSpace)) { try file.write([1], at: 10) }
        disk.capacityBytes = nil
        try file.write([5], at: 4)
        #expect(disk.contents(of: "a") == [9, 9, 9, 9, 5])
    }

    @Test("a lost write reports success and leaves old bytes, or zeros where there were none")
    func lostWrite() throws {
        let file = try ones("a", 4)
        disk.writesUntilFailure = 0
        disk.writeFailure = .lost
        try file.write([2, 3, 4, 5], at: 2)
        #expect(disk.contents(of: "a") == [1, 1, 1, 1, 0, 0])
        try file.write([2], at: 0)
        #expect(disk.contents(of: "a") == [2, 1, 1, 1, 0, 0])
        #expect(disk.writeCount == 3)
    }

    @Test("a misdirected write reports success and lands elsewhere, growing nothing there")
    func misdirectedWrite() throws {
        let file = try ones("a", 2)
        _ = try ones("b", 4)
        disk.writeFailure = .misdirected(to: "b", at: 2)
        disk.writesUntilFailure = 0
        try file.write([7, 8, 9], at: 1)
        #expect(disk.contents(of: "a") == [1, 1, 0, 0])
        #expect(disk.contents(of: "b") == [1, 1, 7, 8])
        disk.writeFailure = .misdirected(to: "a", at: 3)
        disk.writesUntilFailure = 0
        try file.write([5], at: 0)
        #expect(disk.contents(of: "a") == [1, 1, 0, 5])
        disk.writeFailure = .misdirected(to: "gone", at: 0)
        disk.writesUntilFailure = 0
        try file.write([6], at: 0)
        #expect(disk.contents(of: "a") == [1, 1, 0, 5])
        #expect(try disk.list() == ["a", "b"])
    }

    @Test("a bit flips for every reader, on the medium, and in what is not synced")
    func bitFlips() throws {
        var random = SeededRandom(seed: 1)
        let file = try ones("a", 3)
        try file.write([4], at: 3)
        disk.flipBit(in: "a", at: 1, bit: 7)
        disk.flipBit(in: "a", at: 3, bit: 0)
        #expect(try file.read(at: 0, count: 4) == [1, 0x81, 1, 5])
        let crashed = disk.copy()
        crashed.crash(.everything, random: &random)
        #expect(crashed.contents(of: "a") == [1, 0x81, 1])
        try file.sync()
        disk.crash(.everything, random: &random)
        #expect(disk.contents(of: "a") == [1, 0x81, 1, 5])
    }

    @Test("a written bit may be wrong")
    func flippedWrite() throws {
        let file = try ones("a", 3)
        disk.writesUntilFailure = 0
        disk.writeFailure = .flipped(bit: 9)
        try file.write([0, 0], at: 1)
        #expect(disk.contents(of: "a") == [1, 0, 2])
    }

    @Test("a failed sync forgets what it should have made durable, and later syncs do not mend it")
    func failedSync() throws {
        var random = SeededRandom(seed: 1)
        let file = try ones("a", 2)
        try file.write([2], at: 0)
        disk.syncsUntilFailure = 0
        #expect(throws: DiskError(.sync, "a", .inputOutput)) { try file.sync() }
        #expect(try file.read(at: 0, count: 2) == [2, 1])
        try file.write([3], at: 1)
        try file.sync()
        disk.crash(.everything, random: &random)
        #expect(disk.contents(of: "a") == [1, 3])
    }

    @Test("a failed sync of the directory forgets the names, and later syncs do not mend it")
    func failedDirectorySync() throws {
        var random = SeededRandom(seed: 1)
        _ = try ones("a", 1)
        try disk.open("new", .empty).sync()
        disk.syncsUntilFailure = 0
        #expect(throws: DiskError(.sync, ".", .inputOutput)) { try disk.syncDirectory() }
        try disk.rename("new", to: "newer")
        #expect(try disk.list() == ["a", "newer"])
        try disk.syncDirectory()
        disk.crash(.everything, random: &random)
        #expect(try disk.list() == ["a"])
    }

    @Test("a handle for reading changes nothing")
    func readingHandle() throws {
        _ = try ones("a", 2)
        let operations = disk.operationCount
        let file = try disk.open("a", .reading)
        #expect(try file.read(at: 0, count: 9) == [1, 1])
        #expect(throws: DiskError(.write, "a", at: 1, .notPermitted)) {
            try file.write([2], at: 1)
        }
        #expect(throws: DiskError(.truncate, "a", at: 1, .notPermitted)) {
            try file.truncate(to: 1)
        }
        #expect(throws: DiskError(.open, "b", .notFound)) { try disk.open("b", .reading) }
        #expect(disk.operationCount == operations)
    }

    /// The errors and the last contents of a short life under `faults`.
    private func life(_ faults: DiskFaults, seed: UInt64) throws -> (errors: [String], end: Bytes) {
        let disk = MemoryDisk()
        let file = try disk.open("a", .empty)
        _ = try disk.open("b", .empty)
        disk.inject(faults, random: SeededRandom(seed: seed, stream: "disk"))
        var errors: [String] = []
        for index in 0..<60 {
            do {
                try file.write(Bytes(repeating: UInt8(index + 1), count: 100), at: index * 100)
                _ = try file.read(at: 0, count: 10)
                try file.sync()
            } catch { errors.append("\(error)") }
        }
        return (errors, try #require(disk.contents(of: "a")))
    }

    @Test("faults by chance come alone, come again with the same seed, and not at a chance of 0")
    func byChance() throws {
        // Which are told by an error, and which lie.
        let told = [
            \DiskFaults.readErrorChance, \.writeErrorChance, \.noSpaceChance, \.syncErrorChance,
        ]
        let lies = [
            \DiskFaults.lostWriteChance, \.misdirectedWriteChance, \.flippedBitChance,
        ]
        let clean = try life(DiskFaults(), seed: 1)
        #expect(clean.errors.isEmpty)
        for chance in told + lies {
            var faults = DiskFaults()
            faults[keyPath: chance] = 0.3
            let first = try life(faults, seed: 1)
            #expect(first.errors.isEmpty == lies.contains(chance))
            if lies.contains(chance) { #expect(first.end != clean.end) }
            let again = try life(faults, seed: 1)
            #expect(again.errors == first.errors && again.end == first.end)
            let other = try life(faults, seed: 2)
            #expect(other.errors != first.errors || other.end != first.end)
        }
    }
}
