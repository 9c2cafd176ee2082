// What a crash of the simulated disk keeps, drops and tears, and that copies are independent.
import MartletBase
import MartletStorage
import Testing

struct MemoryDiskCrashTests {
    private func crashed(
        _ disk: MemoryDisk, _ loss: MemoryDisk.CrashLoss, _ seed: UInt64
    ) -> MemoryDisk {
        let copy = disk.copy()
        var random = SeededRandom(seed: seed, stream: "crash")
        copy.crash(loss, random: &random)
        return copy
    }

    /// A disk with one durable file "a" that holds `bytes`.
    private func disk(holding bytes: Bytes) throws -> (MemoryDisk, any DiskFile) {
        let disk = MemoryDisk()
        disk.setContents(of: "a", to: bytes)
        return (disk, try disk.open("a", .existing))
    }

    @Test("what was synced outlives every crash", arguments: MemoryDisk.CrashLoss.allCases)
    func synced(loss: MemoryDisk.CrashLoss) throws {
        let disk = MemoryDisk()
        let file = try disk.open("old", .empty)
        let bytes = Bytes((0..<10_000).map { UInt8($0 % 251) })
        try file.write(bytes, at: 0)
        try file.truncate(to: 9000)
        try disk.rename("old", to: "new")
        try file.sync()
        try disk.syncDirectory()
        for seed in 0..<20 as Range<UInt64> {
            let after = crashed(disk, loss, seed)
            #expect(try after.list() == ["new"])
            #expect(after.contents(of: "new") == Bytes(bytes.prefix(9000)))
        }
    }

    @Test("a kill of the process keeps everything, still not synced")
    func kill() throws {
        let (disk, file) = try disk(holding: [1])
        try file.write([2], at: 0)
        try disk.open("b", .empty).write([3], at: 0)
        let killed = crashed(disk, .nothing, 1)
        #expect(killed.contents(of: "a") == [2])
        #expect(killed.contents(of: "b") == [3])
        let after = crashed(killed, .everything, 1)
        #expect(after.contents(of: "a") == [1])
        #expect(try after.list() == ["a"])
    }

    @Test("a tail keeps a first part of a file's changes and tears the next at any byte")
    func tail() throws {
        let (disk, file) = try disk(holding: [])
        for index in 0..<4 { try file.write([UInt8(index), UInt8(index)], at: index * 2) }
        let whole: Bytes = [0, 0, 1, 1, 2, 2, 3, 3]
        let states = Set(
            (0..<200).map { crashed(disk, .tail, UInt64($0)).contents(of: "a") })
        #expect(states == Set((0...8).map { Bytes(whole.prefix($0)) }))
    }

    @Test("sectors are kept or lost each by itself, and never torn within")
    func sectors() throws {
        let (disk, file) = try disk(holding: Bytes(repeating: 1, count: 2048))
        // Sectors 0 to 4 in part, then the first again.
        try file.write(Bytes(repeating: 2, count: 2000), at: 100)
        try file.write(Bytes(repeating: 3, count: 50), at: 0)
        let runs = [0..<50, 100..<512, 512..<1024, 1024..<1536, 1536..<2048, 2048..<2100]
        var states: Set<[UInt8]> = []
        for seed in 0..<600 as Range<UInt64> {
            let bytes = try #require(crashed(disk, .sectors, seed).contents(of: "a"))
            #expect(bytes.count == 2048 || bytes.count == 2100)
            #expect(bytes[50..<100].allSatisfy { $0 == 1 })
            var state: [UInt8] = []
            for run in runs {
                let values = Set(bytes[run.clamped(to: 0..<bytes.count)])
                #expect(values.count <= 1, "torn within \(run)")
                state.append(values.first ?? 9)
            }
            states.insert(state)
        }
        // Of 2 * 2^4 * 3: the second write kept or not, each sector of the first kept or not, and
        // past the old end bytes, zeros or nothing.
        #expect(states.count > 60)
        #expect(states.contains([1, 1, 1, 1, 1, 9]))
        #expect(states.contains([3, 2, 2, 2, 2, 2]))
        #expect(states.contains([1, 2, 2, 2, 2, 2]))
        #expect(states.contains { $0.last == 0 })
    }

    @Test("with everything lost, a file is as it was last synced")
    func everything() throws {
        let (disk, file) = try disk(holding: [1, 2, 3])
        try file.truncate(to: 1)
        try file.write([9], at: 5)
        #expect(disk.contents(of: "a") == [1, 0, 0, 0, 0, 9])
        #expect(crashed(disk, .everything, 1).contents(of: "a") == [1, 2, 3])
    }

    @Test(
        "names not synced are lost from some point on, with all that their files hold",
        arguments: [MemoryDisk.CrashLoss.tail, .sectors])
    func names(loss: MemoryDisk.CrashLoss) throws {
        let (disk, _) = try disk(holding: [1])
        disk.setContents(of: "gone", to: [4])
        let file = try disk.open("new", .empty)
        try file.write([2], at: 0)
        try file.sync()
        try disk.rename("new", to: "a")
        try disk.remove("gone")
        let lists = Set(
            try (0..<60).map { seed in
                let after = crashed(disk, loss, UInt64(seed))
                return try after.list().map { "\($0) \(after.contents(of: $0) ?? [])" }
            })
        #expect(
            lists == [
                ["a [1]", "gone [4]"], ["a [1]", "gone [4]", "new [2]"],
                ["a [2]", "gone [4]"], ["a [2]"],
            ])
    }

    @Test("a handle, and a disk that halted, are stale for every call until the crash")
    func stale() throws {
        var random = SeededRandom(seed: 1)
        let (disk, file) = try disk(holding: [1])
        try disk.lock()
        disk.operationsUntilHalt = 1
        try file.write([2], at: 0)
        let calls: [() throws -> Void] = [
            { try file.write([3], at: 0) }, { try file.truncate(to: 0) }, { try file.sync() },
            { _ = try file.read(at: 0, count: 1) }, { _ = try file.size() },
            { _ = try disk.list() }, { _ = try disk.open("a", .reading) },
            { try disk.rename("a", to: "b") }, { try disk.remove("a") },
            { try disk.syncDirectory() }, { _ = try disk.space() }, { try disk.lock() },
        ]
        for (index, call) in calls.enumerated() {
            let error = #expect(throws: DiskError.self, "call \(index)") { try call() }
            #expect(error?.cause == .stale)
        }
        #expect(disk.operationCount == 1)
        disk.crash(.nothing, random: &random)
        try disk.lock()
        #expect(try disk.open("a", .reading).read(at: 0, count: 1) == [2])
        #expect(throws: DiskError(.read, "a", .stale)) { try file.read(at: 0, count: 1) }
    }

    @Test("copies and their origin change apart, and keep a renamed file one file")
    func copies() throws {
        var random = SeededRandom(seed: 1)
        let (disk, file) = try disk(holding: Bytes(repeating: 1, count: 9000))
        try disk.rename("a", to: "b")
        try file.write([2], at: 4096)
        let copy = disk.copy()
        try file.write([3], at: 0)
        try file.sync()
        let other = try copy.open("b", .existing)
        try other.write([4], at: 8999)
        try other.sync()
        copy.crash(.everything, random: &random)
        disk.crash(.everything, random: &random)
        let mine = try #require(disk.contents(of: "a"))
        let theirs = try #require(copy.contents(of: "a"))
        #expect([mine[0], mine[4096], mine[8999]] == [3, 2, 1])
        #expect([theirs[0], theirs[4096], theirs[8999]] == [1, 2, 4])
    }

    @Test("every operation is a point to crash at: halting there and copying there agree")
    func crashPoints() throws {
        func work(_ disk: MemoryDisk) throws {
            let file = try disk.open("a.new", .empty)
            try file.write([1, 2, 3], at: 0)
            try file.sync()
            try disk.rename("a.new", to: "a")
            try disk.syncDirectory()
            try file.truncate(to: 1)
            try disk.remove("a")
        }
        let disk = MemoryDisk()
        var points: [MemoryDisk] = []
        disk.beforeOperation = { points.append(disk.copy()) }
        try work(disk)
        #expect(points.count == 7 && disk.operationCount == 7)
        for (count, point) in points.enumerated() {
            let halted = MemoryDisk()
            halted.operationsUntilHalt = count
            #expect(throws: DiskError.self) { try work(halted) }
            for loss in MemoryDisk.CrashLoss.allCases {
                for seed in 0..<5 as Range<UInt64> {
                    let (one, other) = (crashed(point, loss, seed), crashed(halted, loss, seed))
                    #expect(try one.list() == other.list())
                    for name in try one.list() {
                        #expect(one.contents(of: name) == other.contents(of: name))
                    }
                }
            }
        }
    }

    @Test(
        "a disk agrees with plain arrays under random writes, cuts, syncs and crashes",
        arguments: 0..<20)
    func model(seed: UInt64) throws {
        var random = SeededRandom(seed: seed, stream: "paged")
        let (disk, first) = try disk(holding: [])
        var file = first
        var model: Bytes = []
        var durable: Bytes = []
        for step in 0..<150 {
            let offset = random.below(20_000)
            let run = Bytes(repeating: UInt8(1 + step % 255), count: random.below(9000))
            switch random.below(8) {
            case 0..<4:
                try file.write(run, at: offset)
                if !run.isEmpty {
                    let missing = max(0, offset + run.count - model.count)
                    model += Bytes(repeating: 0, count: missing)
                    model.replaceSubrange(offset..<offset + run.count, with: run)
                }
            case 4:
                try file.truncate(to: offset)
                let missing = max(0, offset - model.count)
                model = Bytes(model.prefix(offset)) + Bytes(repeating: 0, count: missing)
            case 5:
                try file.sync()
                durable = model
            case 6:
                let end = min(model.count, offset + run.count)
                let expected = offset < end ? Bytes(model[offset..<end]) : []
                #expect(try file.read(at: offset, count: run.count) == expected)
            default:
                guard random.chance(0.3) else { continue }
                disk.crash(.everything, random: &random)
                file = try disk.open("a", .existing)
                model = durable
            }
            #expect(try file.size() == model.count)
        }
        #expect(disk.contents(of: "a") == model)
    }
}
