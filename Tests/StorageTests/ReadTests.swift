// Reads of what is in no cache: tickets, shared blocks, limits, scans in pages, snapshots.
import MartletBase
import Testing

@testable import MartletStorage

struct ReadTests {
    private func key(_ index: Int) -> StorageKey {
        .object(partition: UInt16(index % 7), key: Bytes(text: "key \(index)"))
    }

    /// A store of which `count` entries are in tables and nothing in any cache.
    private func cold(
        _ count: Int = 200, _ change: (inout StorageOptions) -> Void = { _ in }
    ) throws -> Sample {
        var options = StorageOptions.tiny
        options.blockCacheBytes = 1 << 20
        change(&options)
        let disk = MemoryDisk()
        let sample = try Sample(disk, options)
        for index in 0..<count {
            var batch = WriteBatch()
            batch.put(key(index), .filled("value \(index)", 60))
            try sample.engine.write(batch)
            sample.commit()
            sample.settle()
        }
        _ = sample.log.close()
        return try Sample(disk, options)
    }

    private func value(_ index: Int) -> ReadOutcome { .found(.filled("value \(index)", 60)) }

    private func ticket(_ outcome: LoadOutcome) throws -> ReadTicket {
        guard case .pending(let ticket) = outcome else {
            Issue.record("\(outcome), not pending")
            throw StorageError.damagedRange
        }
        return ticket
    }

    @Test("a load completes once its blocks are brought, and holds its keys until released")
    func load() throws {
        let sample = try cold { $0.blockCacheBytes = 0 }
        let engine = sample.engine
        #expect(engine.get(key(3)) == .notLoaded)
        let ticket = try ticket(engine.load([key(3), key(4), .named("absent")]))
        #expect(engine.takeCompleted().isEmpty)
        #expect(sample.read() == [CompletedRead(ticket: ticket, result: .loaded)])
        #expect(engine.get(key(3)) == value(3))
        #expect(engine.get(key(4)) == value(4))
        #expect(engine.get(.named("absent")) == .absent)
        engine.release(ticket)
        #expect(engine.get(key(3)) == .notLoaded)
        #expect(engine.takeReads().isEmpty)
        sample.engine.checkInvariants()
    }

    @Test("two loads of one key ask for each block once, and each holds it until it is released")
    func shared() throws {
        let sample = try cold { $0.blockCacheBytes = 0 }
        let engine = sample.engine
        let first = try ticket(engine.load([key(3)]))
        let second = try ticket(engine.load([key(3)]))
        #expect(engine.takeReads().count == 1)
        #expect(engine.takeReads().isEmpty)
        let again = try ticket(engine.load([key(3), key(5)]))
        #expect(engine.takeReads().count <= 1)
        _ = again
        #expect(first < second && second < again)
    }

    @Test("a load released while another holds the key leaves it there")
    func heldTwice() throws {
        let sample = try cold { $0.blockCacheBytes = 0 }
        let engine = sample.engine
        let first = try ticket(engine.load([key(3)]))
        let second = try ticket(engine.load([key(3)]))
        #expect(sample.read().map(\.ticket) == [first, second])
        engine.release(first)
        #expect(engine.get(key(3)) == value(3))
        engine.release(second)
        #expect(engine.get(key(3)) == .notLoaded)
    }

    @Test("reads that would wait are refused at the limit; what is warm is not held up by them")
    func limit() throws {
        let sample = try cold { $0.readLimit = 3 }
        let engine = sample.engine
        _ = sample.get(key(0))
        var tickets: [ReadTicket] = []
        for index in 10..<13 { tickets.append(try ticket(engine.load([key(index)]))) }
        #expect(engine.load([key(20)]) == .refused)
        #expect(engine.scan(.objects, limitBytes: 1) == .refused)
        #expect(engine.get(key(0)) == value(0))
        #expect(engine.load([key(0)]) == .ready)
        #expect(sample.read().count == 3)
        #expect(engine.load([key(20)]) == .refused)
        for ticket in tickets { engine.release(ticket) }
        #expect(engine.load([key(20)]) != .refused)
    }

    @Test("what a load brought stays right when its tables are compacted away meanwhile")
    func overCompaction() throws {
        let sample = try cold { $0.blockCacheBytes = 0 }
        let engine = sample.engine
        let ticket = try ticket(engine.load([key(3)]))
        let reads = engine.takeReads()
        for index in 200..<320 {
            var batch = WriteBatch()
            batch.put(key(index), .filled("value \(index)", 60))
            try engine.write(batch)
            sample.commit()
            sample.settle()
        }
        engine.readsAnswered(reads.map { $0.run(sample.storage.files) })
        sample.read()
        #expect(engine.get(key(3)) == value(3))
        engine.release(ticket)
        sample.settle()
        #expect(sample.get(key(3)) == value(3))
    }

    @Test("a load shows what was written or dropped since it began, also once that is in a table")
    func overFlush() throws {
        let sample = try cold { $0.blockCacheBytes = 0 }
        let engine = sample.engine
        let early = try ticket(engine.load([key(3), key(4), key(5), key(6)]))
        sample.read()
        let late = try ticket(engine.load([key(10), key(12)]))
        var batch = WriteBatch()
        batch.put(key(3), [3])
        batch.delete(key(4))
        batch.drop(.objects, partition: 5)
        batch.put(key(10), [10])
        try engine.write(batch)
        for index in 0..<9 { try sample.put("filler \(index)", String(repeating: "x", count: 400)) }
        sample.settle()
        sample.read()
        #expect(engine.layers.allSatisfy { $0.memtable.find(key(3)) == nil })
        let outcomes = [3, 4, 5, 6, 10, 12].map { engine.get(key($0)) }
        #expect(outcomes == [.found([3]), .absent, .absent, value(6), .found([10]), .absent])
        engine.release(early)
        engine.release(late)
        #expect([3, 4, 5, 6, 10, 12].map { sample.get(key($0)) } == outcomes)
    }

    @Test("a scan gives a range in order, in pages of any size", arguments: [1, 500, 5000])
    func scanPages(limit: Int) throws {
        let sample = try cold()
        var seen: [ScanPage.Entry] = []
        var cursor: StorageKey?
        repeat {
            var outcome = sample.engine.scan(
                .objects, partitions: 2...4, after: cursor, limitBytes: limit)
            if case .pending(let ticket) = outcome {
                let completed = sample.read()
                #expect(completed.map(\.ticket) == [ticket])
                guard case .page(let page)? = completed.first?.result else { return }
                outcome = .page(page)
            }
            guard case .page(let page) = outcome else { return }
            let bytes = page.entries.reduce(0) { $0 + $1.key.key.count + $1.value.count }
            #expect(!page.entries.isEmpty && (bytes <= limit + 200 || page.entries.count == 1))
            seen += page.entries
            cursor = page.next
        } while cursor != nil
        #expect(seen.map(\.key) == seen.map(\.key).sorted())
        #expect(Set(seen.map(\.key.partition)) == [2, 3, 4])
        #expect(seen.count == (0..<200).count { (2...4).contains($0 % 7) })
        let none = try sample.engine.scanNow(.objects, partitions: 100...200, limitBytes: 1)
        #expect(none == ScanPage())
    }

    @Test("a scan that resumes sees what was written ahead of it and repeats nothing")
    func scanResumes() throws {
        let sample = try Sample(MemoryDisk())
        let keys = (0..<50).map { StorageKey.object(partition: 0, key: [UInt8($0)]) }.sorted()
        for (index, key) in keys.enumerated() where index % 2 == 0 {
            var batch = WriteBatch()
            batch.put(key, [])
            try sample.engine.write(batch)
        }
        let page = try sample.engine.scanNow(.objects, limitBytes: 1300)
        let reached = page.entries.count * 2 - 1
        var batch = WriteBatch()
        for (index, key) in keys.enumerated() where index % 2 == 1 { batch.put(key, [1]) }
        batch.delete(keys[0])
        batch.delete(keys[48])
        batch.delete(try #require(page.next))
        try sample.engine.write(batch)
        let rest = try sample.engine.scanNow(.objects, after: page.next, limitBytes: .max)
        #expect(rest.next == nil)
        #expect(rest.entries.map(\.key) == keys[reached...].filter { $0 != keys[48] })
        sample.engine.checkInvariants()
    }

    @Test("a load holds all of its keys, however little the cache does")
    func loadsTogether() throws {
        // Room for one block: what one key brings in puts out what another had there.
        let sample = try cold { $0.blockCacheBytes = 700 }
        for index in stride(from: 0, to: 198, by: 3) {
            _ = sample.get(key(index))
            let keys = [key(index), key(index + 1), key(index + 2)]
            guard case .pending(let ticket) = sample.engine.load(keys) else { continue }
            sample.read()
            for offset in 0..<3 {
                #expect(sample.engine.get(keys[offset]) == value(index + offset))
            }
            sample.engine.release(ticket)
        }
    }

    @Test("snapshots are limited, show their moment, and give their place back")
    func snapshots() throws {
        let sample = try cold { $0.snapshotLimit = 2 }
        let engine = sample.engine
        var kept = [engine.snapshot(), engine.snapshot()]
        #expect(engine.snapshot() == nil)
        for index in 0..<200 {
            var batch = WriteBatch()
            batch.delete(key(index))
            try engine.write(batch)
            sample.commit()
            sample.settle()
        }
        #expect(try engine.scanNow(.objects, limitBytes: .max).entries.isEmpty)
        let tables = try sample.disk.list().count { TableFormat.number($0) != nil }
        #expect(tables > engine.version.tables.count, "tables that a snapshot shows are kept")
        let page = try engine.scanNow(.objects, limitBytes: .max, in: kept[0])
        #expect(page.entries.count == 200)
        kept = []
        #expect(engine.snapshot() != nil)
        sample.settle()
        let left = try sample.disk.list().count { TableFormat.number($0) != nil }
        #expect(left == engine.version.tables.count)
    }
}
