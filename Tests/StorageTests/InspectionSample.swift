// Directories to inspect: an engine driven through writes, drops, flushes and compactions over a
// `MemoryDisk`, and left there.
import MartletBase
import MartletStorage
import Testing

/// A directory that an engine has left, and what the engine held.
struct InspectionSample {
    let disk: MemoryDisk
    /// Everything that the engine answered when it stopped, in scan order.
    let entries: [ScanPage.Entry]

    /// Small memtables and tables, so that every level and several segments come about.
    init(seed: UInt64, writes: Int = 150, options: StorageOptions = .tiny) throws {
        disk = MemoryDisk()
        let sample = try Sample(disk, options)
        var random = SeededRandom(seed: seed)
        for index in 0..<writes {
            var batch = WriteBatch()
            if index % 97 == 96 {
                batch.drop(.objects, partition: UInt16(random.below(4)))
            }
            for _ in 0...random.below(3) {
                let key = Self.key(&random)
                if random.chance(0.2) {
                    batch.delete(key)
                } else {
                    let text = String(repeating: "v\(index) ", count: 1 + random.below(8))
                    batch.put(key, Bytes(text: text))
                }
            }
            try sample.engine.write(batch)
            if random.chance(0.5) {
                sample.commit()
                sample.settle(limit: random.below(20))
            }
        }
        sample.commit()
        entries = try sample.everything()
        _ = sample.log.close()
    }

    private static func key(_ random: inout SeededRandom) -> StorageKey {
        let name = Bytes(text: "k\(random.below(60))")
        switch random.below(8) {
        case 0: return .state("s\(random.below(3))")
        case 1:
            let home = NodeID(rawValue: UInt64(1 + random.below(2)))
            return .hint(partition: 3, key: name, home: home)
        default: return .object(partition: UInt16(random.below(4)), key: name)
        }
    }

    /// The names of its files of one kind.
    func names(_ prefix: String) throws -> [String] {
        try disk.list().filter { $0.hasPrefix(prefix) }
    }

    /// Overwrites a file by what `change` makes of it.
    func damage(_ name: String, _ change: (inout Bytes) -> Void) throws {
        var bytes = try #require(disk.contents(of: name))
        change(&bytes)
        disk.setContents(of: name, to: bytes)
    }

    /// What `body` sees of the directory; fails when that changes anything.
    func inspecting<Value>(_ body: (StorageInspection) throws -> Value) throws -> Value {
        let operations = disk.operationCount
        let inspection = try StorageInspection(disk)
        defer {
            inspection.close()
            #expect(disk.operationCount == operations, "an inspection changed the disk")
        }
        return try body(inspection)
    }

    func survey() throws -> StorageSurvey { try inspecting { $0.survey() } }

    func verify() throws -> StorageCheck { try inspecting { $0.verify { _ in } } }

    /// All entries that a walk gives, and what it passed over.
    func walk(
        _ filter: EntryFilter = EntryFilter()
    ) throws -> (entries: [ScanPage.Entry], damage: [StorageDamage]) {
        try inspecting { inspection in
            let walk = try EntryWalk(inspection, filter)
            var entries: [ScanPage.Entry] = []
            while let entry = walk.next() { entries.append(entry) }
            return (entries, walk.damage)
        }
    }
}
