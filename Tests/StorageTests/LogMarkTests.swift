// What is told missing at a start, since the log's mark demands it; and what is not, since it was
// never promised.
import MartletBase
import Testing

@testable import MartletStorage

struct LogMarkTests {
    private static let secondSegment = "log-0000000002.mlog"

    /// Segments of one write each.
    private static var narrow: StorageOptions {
        var options = StorageOptions.small
        options.segmentBytes = 4 << 10
        return options
    }

    /// A disk with a few writes on it, stopped cleanly or killed.
    private func disk(
        _ writes: Int, _ options: StorageOptions = .small, clean: Bool
    ) throws -> MemoryDisk {
        let disk = MemoryDisk()
        let sample = try Sample(disk, options)
        for index in 0..<writes { try sample.put("k\(index)", String(repeating: "x", count: 900)) }
        if clean { _ = sample.log.close() }
        disk.unlock()
        return disk
    }

    private func refusal(_ disk: MemoryDisk, _ options: StorageOptions = .small) -> StorageError? {
        #expect(throws: StorageError.self) { try Sample(disk, options) }
    }

    @Test("the only segment of a young store is missed when it is removed", arguments: [0, 3])
    func onlySegment(writes: Int) throws {
        for clean in [true, false] {
            let disk = try disk(writes, clean: clean)
            try disk.remove(firstSegment)
            #expect(refusal(disk) == .missingSegment(file: firstSegment))
            #expect(refusal(disk)?.description.contains("--in-place-of") == true)
        }
    }

    @Test("the newest of several segments is missed when it is removed", arguments: [true, false])
    func newestSegment(clean: Bool) throws {
        let disk = try disk(6, Self.narrow, clean: clean)
        #expect(try disk.list().contains(Self.secondSegment))
        try disk.remove(Self.secondSegment)
        #expect(refusal(disk, Self.narrow) == .missingSegment(file: Self.secondSegment))
    }

    @Test("after a clean stop a cut at any byte of the newest segment is missed")
    func cutAfterCleanStop() throws {
        let disk = try disk(3, clean: true)
        let whole = try #require(disk.contents(of: firstSegment))
        for cut in 0..<whole.count {
            disk.setContents(of: firstSegment, to: Bytes(whole[..<cut]))
            switch refusal(disk) {
            case .cutLog(firstSegment, let end, LogPosition(rawValue: 3)): #expect(end.rawValue < 3)
            case .corruptLog(firstSegment, _, _): #expect(cut < LogFormat.segmentHeaderBytes)
            case let other: Issue.record("cut at \(cut): \(String(describing: other))")
            }
        }
        disk.setContents(of: firstSegment, to: whole)
        #expect(try Sample(disk).report.batches == 3)
    }

    @Test("after a kill what the last start had found must be there, and no more")
    func cutAfterKill() throws {
        let disk = try disk(2, clean: false)
        let two = try #require(disk.contents(of: firstSegment))
        let sample = try Sample(disk)
        let synced = sample.disk.syncCount
        for index in 2..<5 { try sample.put("k\(index)", "late") }
        #expect(sample.disk.syncCount - synced == 3, "a sync for each write and none for the mark")
        disk.unlock()
        disk.setContents(of: firstSegment, to: Bytes(two.dropLast()))
        guard case .cutLog = refusal(disk) else {
            Issue.record("\(String(describing: refusal(disk)))")
            return
        }
        disk.setContents(of: firstSegment, to: two)
        #expect(try Sample(disk).report.batches == 2)
    }

    @Test("a header of the newest segment that does not read back is damage, not a torn making")
    func headerLost() throws {
        let disk = try disk(0, clean: false)
        disk.setContents(of: firstSegment, to: [])
        guard case .corruptLog(firstSegment, 0, _) = refusal(disk) else {
            Issue.record("\(String(describing: refusal(disk)))")
            return
        }
    }

    @Test("a mark that is gone or unreadable beside a manifest is told; one torn half is outlived")
    func markItself() throws {
        let disk = try disk(3, clean: true)
        let mark = try #require(disk.contents(of: LogMark.fileName))
        for half in [0, LogMark.slotBytes] {
            var torn = mark
            torn[half + 20] ^= 1
            disk.setContents(of: LogMark.fileName, to: torn)
            #expect(try Sample(disk).report.batches == 3)
            disk.unlock()
        }
        disk.setContents(of: LogMark.fileName, to: Bytes(repeating: 0, count: mark.count))
        guard case .corruptMark = refusal(disk) else {
            Issue.record("\(String(describing: refusal(disk)))")
            return
        }
        let manifest = try #require(try disk.list().first { $0.hasSuffix(".mman") })
        try disk.remove(LogMark.fileName)
        #expect(refusal(disk) == .missingMark(beside: manifest))
    }

    @Test("a manifest that is gone with all data is missed for the mark")
    func manifestGone() throws {
        let disk = try disk(3, clean: true)
        for name in try disk.list() where name != LogMark.fileName { try disk.remove(name) }
        #expect(refusal(disk) == .missingManifest(beside: LogMark.fileName))
    }

    @Test("the owner is shown where nothing else opens")
    func owner() throws {
        let disk = MemoryDisk()
        #expect(StorageEngine.owner(on: disk) == nil)
        let sample = try Sample(disk)
        #expect(StorageEngine.owner(on: disk) == [])
        #expect(sample.log.note(owner: [1, 2, 3]) == .synced(.start))
        _ = sample.log.close()
        try disk.remove(firstSegment)
        #expect(StorageEngine.owner(on: disk) == [1, 2, 3])
        #expect(try StorageInspection(disk).survey().mark?.owner == [1, 2, 3])
    }

    @Test("a slot reads back as it was written; any flipped bit, other length or version does not")
    func format() throws {
        let mark = LogMark(segment: 7, synced: LogPosition(rawValue: 300), owner: [9, 8])
        let slot = mark.encoded(5)
        #expect(
            hex(slot)
                == "4d4152544c45544501000000"
                + "0500000000000000" + "0700000000000000" + "2c01000000000000" + "02000908"
                + hex(slot.suffix(4)))
        let found = try LogMark.decode(slot + [0, 0])
        #expect(found.mark == mark && found.sequence == 5)
        for index in slot.indices {
            var changed = slot
            changed[index] ^= 0x40
            #expect(throws: FormatError.self) { try LogMark.decode(changed) }
            #expect(throws: FormatError.self) { try LogMark.decode(Bytes(slot[..<index])) }
        }
    }
}
