// The room on the disk: when it counts as too little, and what a disk without any still lets a
// store do.
import MartletBase
import Testing

@testable import MartletStorage

struct ReserveTests {
    private func space(_ free: UInt64) -> DiskSpace {
        DiskSpace(freeBytes: free, totalBytes: 1_000)
    }

    @Test("Values are refused below the reserve, and taken again a quarter above it")
    func threshold() {
        var reserve = Reserve(share: 0.02)
        #expect(!reserve.isHeld && reserve.bytes == 0)
        for (free, isHeld) in [(20, false), (19, true), (24, true), (25, false), (20, false)] {
            reserve.measured(space(UInt64(free)))
            #expect(reserve.isHeld == isHeld, "\(free) free")
        }
        var none = Reserve(share: 0)
        none.measured(space(0))
        #expect(!none.isHeld)
    }

    @Test("The engine has the room measured when it is asked to, and says how much there is")
    func measured() throws {
        let disk = MemoryDisk()
        let sample = try Sample(disk)
        #expect(sample.engine.space?.freeBytes == .max && sample.engine.reserveRefusal == nil)
        disk.capacityBytes = disk.usedBytes + 10
        #expect(!sample.work(), "nothing is measured unasked")
        sample.engine.measure()
        sample.settle()
        let reserve = UInt64(Double(disk.usedBytes + 10) * 0.02)
        #expect(
            sample.engine.reserveRefusal == .reserved(freeBytes: 10, reserveBytes: reserve))
        #expect(sample.engine.refusal == nil, "the node itself may write on")
        #expect(sample.engine.reserveRefusal?.description.contains("10 bytes left") == true)
        disk.capacityBytes = nil
        sample.engine.measure()
        sample.settle()
        #expect(sample.engine.reserveRefusal == nil)
        #expect(throws: StorageError.self) {
            var options = StorageOptions.small
            options.reserveShare = 0.51
            _ = try Sample(MemoryDisk(), options)
        }
    }

    @Test("A store opens on a disk without a byte to spare, shows all it holds, and goes on later")
    func opensFull() throws {
        var options = StorageOptions.tiny
        options.levelZeroTrigger = 64
        options.levelZeroLimit = 100
        for writes in [0, 1, 3, 8, 20, 33] {
            let disk = MemoryDisk()
            let sample = try Sample(disk, options)
            for index in 0..<writes {
                try sample.put("k\(index)", String(repeating: "x", count: 700))
                if index % 7 == 6 { sample.settle() }
            }
            let entries = try sample.everything()
            var random = SeededRandom(seed: UInt64(writes))
            disk.crash(.everything, random: &random)
            disk.capacityBytes = disk.usedBytes
            let full = try Sample(disk, options)
            #expect(try full.everything() == entries, "\(writes) writes")
            // An opening may let go of files that are not needed any more.
            disk.capacityBytes = disk.usedBytes
            full.engine.measure()
            full.settle(limit: 5)
            #expect(full.engine.reserveRefusal != nil)
            try full.engine.write(.putting("late", "1"))
            guard case .full = full.commit() else {
                Issue.record("\(writes) writes: the disk took more")
                continue
            }
            #expect(full.log.isHoldingBack)
            disk.crash(.nothing, random: &random)
            let again = try Sample(disk, options)
            #expect(try again.everything() == entries, "\(writes) writes, again")
            disk.capacityBytes = nil
            try again.put("late", "2")
            again.settle()
            #expect(again.engine.refusal == nil && again.value("late") == "2")
            disk.crash(.everything, random: &random)
            #expect(try Sample(disk, options).value("late") == "2")
        }
    }

    @Test("A segment whose making a full disk stopped does not keep the store from opening")
    func stoppedSegment() throws {
        var options = StorageOptions.small
        options.segmentBytes = 4 << 10
        let disk = MemoryDisk()
        let sample = try Sample(disk, options)
        for index in 0..<5 { try sample.put("k\(index)", String(repeating: "x", count: 900)) }
        disk.capacityBytes = disk.usedBytes + 10
        try sample.engine.write(.putting("late", "1"))
        guard case .full = sample.commit() else {
            Issue.record("the disk took the segment")
            return
        }
        #expect(disk.contents(of: "log-0000000002.mlog")?.count ?? 0 <= 10)
        var random = SeededRandom(seed: 1)
        disk.crash(.nothing, random: &random)
        disk.capacityBytes = disk.usedBytes
        let full = try Sample(disk, options)
        #expect(full.report.batches == 5)
        disk.crash(.nothing, random: &random)
        disk.capacityBytes = nil
        let again = try Sample(disk, options)
        for index in 5..<9 { try again.put("k\(index)", "more") }
        disk.crash(.everything, random: &random)
        #expect(try Sample(disk, options).report.recovered == LogPosition(rawValue: 9))
    }
}
