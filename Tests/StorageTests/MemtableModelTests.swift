// Random writes to a memtable against a plain dictionary, now and as of every mark.
import MartletBase
import Testing

@testable import MartletStorage

struct MemtableModelTests {
    /// What a memtable held when a mark was taken: of each key the value, nil for a delete.
    private struct Moment {
        let mark: Memtable.Mark
        let entries: [StorageKey: Bytes?]
    }

    private func randomKey(_ random: inout SeededRandom) -> StorageKey {
        let name = Bytes(
            text: String(repeating: "k", count: random.below(12)) + "\(random.below(9))")
        let partition = UInt16(random.below(4) * 300)
        switch random.below(8) {
        case 0: return .state("s\(random.below(4))")
        case 1...2:
            let home = NodeID(rawValue: UInt64(random.below(3)))
            return .hint(partition: partition, key: name, home: home)
        case 3: return .object(partition: partition, key: [])
        default: return .object(partition: partition, key: name)
        }
    }

    private func randomValue(_ random: inout SeededRandom) -> Bytes? {
        if random.chance(0.25) { return nil }
        let length = random.chance(0.02) ? random.below(9000) : random.below(60)
        return Bytes((0..<length).map { _ in UInt8(random.below(256)) })
    }

    private func expectEqual(_ memtable: Memtable, _ moment: Moment, _ note: String) throws {
        let expected = moment.entries.keys.sorted().map {
            MemtableEntry(key: $0, value: moment.entries[$0] ?? nil)
        }
        var seen: [MemtableEntry] = []
        for space in StorageKey.Space.allCases {
            for partition in memtable.partitions(of: space) {
                seen += try memtable.entries(space, partition, before: moment.mark)
            }
        }
        #expect(seen == expected, "\(note), \(moment.mark)")
    }

    @Test("a memtable holds at every mark what a dictionary held", arguments: 0..<20)
    func agreesWithDictionary(seed: UInt64) throws {
        var random = SeededRandom(seed: seed, stream: "memtable model")
        let note = "seed \(seed)"
        let memtable = Memtable(expectedBytes: 1 << 12 + random.below(12), seed: random.next())
        var entries: [StorageKey: Bytes?] = [:]
        var moments = [Moment(mark: memtable.mark, entries: entries)]
        for _ in 0..<random.below(1200) {
            let key = randomKey(&random)
            let value = randomValue(&random)
            try memtable.set(key, value)
            entries[key] = .some(value)
            if random.chance(0.01) {
                moments.append(Moment(mark: memtable.mark, entries: entries))
                memtable.checkInvariants()
            }
            let other = randomKey(&random)
            let expected = entries[other].map { value in
                value.map { Memtable.Found.value($0) } ?? .deleted
            }
            #expect(memtable.find(other) == expected, "\(note), \(other)")
        }
        memtable.checkInvariants()
        moments.append(Moment(mark: memtable.mark, entries: entries))
        for moment in moments { try expectEqual(memtable, moment, note) }
        #expect(memtable.liveCount == entries.count { $0.value != nil }, "\(note)")
        for key in entries.keys.sorted() { #expect(memtable.holds(key.space, key.partition)) }
    }
}
