// The memtable at its edges: nothing in it, growth, large records, empty ones, keys that collide.
import MartletBase
import Testing

@testable import MartletStorage

struct MemtableTests {
    private func key(_ name: String) -> StorageKey {
        .object(partition: 3, key: Bytes(text: name))
    }

    @Test("an empty memtable finds nothing and takes next to no memory")
    func empty() throws {
        let memtable = Memtable(expectedBytes: 64 << 20)
        #expect(memtable.find(key("a")) == nil)
        #expect(memtable.block(.objects, 3) == nil)
        #expect(!memtable.holds(.objects, 3))
        #expect(memtable.partitions(of: .objects).isEmpty)
        #expect(memtable.byteCount < 1024)
        memtable.checkInvariants()
    }

    @Test("one entry does not fill a memtable of the least size")
    func oneEntry() throws {
        let memtable = Memtable(expectedBytes: 1024)
        try memtable.set(key("a"), [1])
        #expect(memtable.byteCount < 1024)
    }

    @Test("a delete is found as such, counts as no live key, and is in the block")
    func deletes() throws {
        let memtable = Memtable(expectedBytes: 1024)
        try memtable.set(key("a"), [1])
        let mark = memtable.mark
        try memtable.set(key("a"), nil)
        try memtable.set(key("b"), nil)
        #expect(memtable.find(key("a")) == .deleted)
        #expect(memtable.liveCount == 0 && memtable.keyCount == 2 && memtable.recordCount == 3)
        #expect(try memtable.entries(.objects, 3).map(\.value) == [nil, nil])
        #expect(try memtable.entries(.objects, 3, before: mark).map(\.value) == [[1]])
        #expect(memtable.holds(.objects, 3) && !memtable.holds(.hints, 3))
        try memtable.set(key("a"), [2])
        #expect(memtable.find(key("a")) == .value([2]))
        #expect(memtable.liveCount == 1)
        memtable.checkInvariants()
    }

    @Test("empty keys and values are keys and values")
    func emptyParts() throws {
        let memtable = Memtable(expectedBytes: 1024)
        let hint = StorageKey.hint(partition: 3, key: [], home: NodeID(rawValue: 5))
        try memtable.set(key(""), [])
        try memtable.set(hint, [7])
        #expect(memtable.find(key("")) == .value([]))
        #expect(memtable.find(hint) == .value([7]))
        #expect(memtable.find(.state("")) == nil)
        #expect(try memtable.entries(.hints, 3) == [MemtableEntry(key: hint, value: [7])])
        memtable.checkInvariants()
    }

    @Test("all keys are found through every growth, and memory stays near what they take")
    func growth() throws {
        let memtable = Memtable(expectedBytes: 1 << 20, seed: 9)
        for number in 0..<5000 {
            try memtable.set(key("\(number)"), Bytes(text: "value \(number)"))
            if number & (number + 1) == 0 { memtable.checkInvariants() }
        }
        for number in 0..<5000 {
            #expect(memtable.find(key("\(number)")) == .value(Bytes(text: "value \(number)")))
            #expect(memtable.find(key("-\(number)")) == nil)
        }
        #expect(memtable.recordCount == 5000 && memtable.liveCount == 5000)
        #expect(memtable.byteCount < 5000 * 96)
        #expect(try memtable.entries(.objects, 3).count == 5000)
        memtable.checkInvariants()
    }

    @Test("records around and above the size of a chunk lie beside small ones")
    func largeRecords() throws {
        let memtable = Memtable(expectedBytes: 1024)
        let sizes = [
            1, RecordArena.firstChunkBytes, RecordArena.firstChunkBytes * 5, 2,
            RecordArena.sharedLimitBytes - 100, RecordArena.sharedLimitBytes - 24,
            RecordArena.sharedLimitBytes, 3, RecordArena.chunkLimitBytes,
            3 * RecordArena.chunkLimitBytes + 5, 4,
        ]
        for size in sizes { try memtable.set(key("\(size)"), Bytes(repeating: 7, count: size)) }
        for size in sizes {
            #expect(memtable.find(key("\(size)")) == .value(Bytes(repeating: 7, count: size)))
        }
        #expect(memtable.byteCount < sizes.reduce(0, +) + (1 << 20))
        memtable.checkInvariants()
    }

    @Test("a first record larger than a chunk is found like any other")
    func largeFirst() throws {
        for size in [RecordArena.firstChunkBytes, RecordArena.chunkLimitBytes] {
            let memtable = Memtable(expectedBytes: 1024)
            try memtable.set(key("a"), Bytes(repeating: 1, count: size))
            try memtable.set(key("b"), [2])
            #expect(memtable.find(key("a")) == .value(Bytes(repeating: 1, count: size)))
            memtable.checkInvariants()
        }
    }

    @Test("hints for several homes share a hash and are told apart, found and sorted")
    func equalHashes() throws {
        let memtable = Memtable(expectedBytes: 1024)
        let name = Bytes(text: "shared")
        let homes = (0..<50).map { UInt64($0) &* 0x9E37_79B9_7F4A_7C15 }
        let keys = homes.map {
            StorageKey.hint(partition: 1, key: name, home: NodeID(rawValue: $0))
        }
        for (index, key) in keys.enumerated() { try memtable.set(key, [UInt8(index)]) }
        try memtable.set(.object(partition: 1, key: name), [99])
        for (index, key) in keys.enumerated() {
            #expect(memtable.find(key) == .value([UInt8(index)]))
        }
        #expect(try memtable.entries(.hints, 1).map(\.key) == keys.sorted())
        memtable.checkInvariants()
    }

    @Test("keys that all belong at the end of the index wrap around to its beginning")
    func wrapping() throws {
        let seed: UInt64 = 4
        let memtable = Memtable(expectedBytes: 1024, seed: seed)
        var keys: [StorageKey] = []
        for number in 0... {
            if keys.count == 30 { break }
            let key = key("\(number)")
            let bytes = key.key
            if KeyProbe(key, bytes.raw, seed: seed).fingerprint >> 26 == 63 { keys.append(key) }
        }
        for (index, key) in keys.enumerated() { try memtable.set(key, [UInt8(index)]) }
        for (index, key) in keys.enumerated() {
            #expect(memtable.find(key) == .value([UInt8(index)]))
        }
        memtable.checkInvariants()
        for number in 0..<100 { try memtable.set(key("more \(number)"), [0]) }
        memtable.checkInvariants()
    }

    @Test("two keys of one fingerprint are two keys")
    func equalFingerprints() throws {
        var numbers: [UInt32: Int] = [:]
        var pairs: [(StorageKey, StorageKey)] = []
        for number in 0... {
            if pairs.count == 2 { break }
            let key = key("\(number)")
            let bytes = key.key
            let fingerprint = KeyProbe(key, bytes.raw, seed: 0).fingerprint
            if let other = numbers.updateValue(number, forKey: fingerprint) {
                pairs.append((self.key("\(other)"), key))
            }
        }
        let memtable = Memtable(expectedBytes: 1024)
        for (first, second) in pairs {
            try memtable.set(first, [1])
            #expect(memtable.find(second) == nil)
            try memtable.set(second, [2])
            #expect(memtable.find(first) == .value([1]))
            #expect(memtable.find(second) == .value([2]))
        }
        memtable.checkInvariants()
    }
}
