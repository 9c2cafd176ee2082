// Every crash point: each script is run once, and the disk is kept as it was before each single
// operation. Each of those disks crashes in every way, is opened, and must show what was
// acknowledged as synced and whole batches behind that, nothing else; then again after that.
import MartletBase
import Testing

@testable import MartletStorage

struct CrashPointTests {
    /// The disk before one operation, and what was promised by then.
    private struct Point {
        var disk: MemoryDisk
        var synced: Int
        var written: Int
    }

    /// One way to crash: what is lost, by which draw.
    private struct Way: Sendable {
        var loss: MemoryDisk.CrashLoss
        var seed: UInt64

        /// What the crash may not take back.
        func floor(_ point: Point) -> Int { loss == .nothing ? point.written : point.synced }
    }

    private static let ways: [Way] =
        [Way(loss: .nothing, seed: 0), Way(loss: .everything, seed: 0)]
        + [Way(loss: .tail, seed: 1)] + (1...2).map { Way(loss: .sectors, seed: $0) }

    /// Runs `workload` once; the points before each operation, and one after the last.
    private func points(_ workload: Workload) throws -> (stage: Stage, points: [Point]) {
        let disk = MemoryDisk()
        var points: [Point] = []
        let stage = Stage(disk, workload.options)
        disk.beforeOperation = {
            points.append(
                Point(disk: disk.copy(), synced: stage.synced, written: stage.written))
        }
        try stage.open()
        try workload.run(stage)
        stage.settle()
        disk.beforeOperation = nil
        points.append(Point(disk: disk.copy(), synced: stage.synced, written: stage.written))
        return (stage, points)
    }

    @Test(
        "after a crash at any operation a run of whole batches is there, all synced ones in it",
        arguments: Workload.all)
    func everyPoint(workload: Workload) throws {
        let (stage, points) = try points(workload)
        var explored = 0
        for (index, point) in points.enumerated() {
            for way in Self.ways {
                let note = "\(workload.name), operation \(index), \(way)"
                let disk = point.disk.copy()
                var random = SeededRandom(seed: way.seed, stream: "crash \(index)")
                disk.crash(way.loss, random: &random)
                if workload.isDamaging {
                    try checkDamaged(disk, stage, floor: way.floor(point), note)
                } else {
                    try check(disk, stage, floor: way.floor(point), note)
                }
                explored += 1
            }
        }
        #expect(explored >= 5 * workload.expectedOperations, "\(workload.name): \(explored)")
    }

    /// Opens the disk, loses power, opens it again: nothing changes; goes on writing, loses power
    /// once more, and finds that too.
    private func check(
        _ disk: MemoryDisk, _ stage: Stage, floor: Int, _ note: String
    ) throws {
        var random = SeededRandom(seed: 0)
        let first = try Sample(disk, stage.options)
        try stage.check(first, floor: floor, note)
        let recovered = first.report.recovered
        let entries = try first.everything()
        disk.crash(.everything, random: &random)
        let second = try Sample(disk, stage.options)
        #expect(second.report.recovered == recovered, "\(note), a second time")
        #expect(try second.everything() == entries, "\(note), a second time")
        let key = StorageKey.object(partition: 7, key: Bytes(text: "after"))
        var batch = WriteBatch()
        batch.put(key, [7], replacing: nil)
        try second.engine.write(batch)
        #expect(second.commit() == .synced(second.engine.appended) || !stage.isSyncing, "\(note)")
        second.engine.logAnswered(second.log.sync())
        disk.crash(.everything, random: &random)
        let third = try Sample(disk, stage.options)
        #expect(third.report.recovered.rawValue == recovered.rawValue + 1, "\(note), written on")
        #expect(third.get(key) == .found([7]), "\(note), written on")
        try third.checkTrees("\(note), written on")
        stage.checkFiles(third, "\(note), written on")
    }

    /// Where the script has damaged a table: all else is there, before and after salvage.
    private func checkDamaged(
        _ disk: MemoryDisk, _ stage: Stage, floor: Int, _ note: String
    ) throws {
        var random = SeededRandom(seed: 0)
        let first = try Sample(disk, stage.options)
        stage.checkDamaged(first, floor: floor, note)
        first.settle()
        stage.checkDamaged(first, floor: floor, "\(note), salvaged")
        stage.checkFiles(first, "\(note), salvaged")
        first.buildDueTrees()
        try first.checkTrees("\(note), salvaged")
        disk.crash(.everything, random: &random)
        let second = try Sample(disk, stage.options)
        #expect(second.report.recovered == first.report.recovered, "\(note), a second time")
        stage.checkDamaged(second, floor: floor, "\(note), a second time")
        stage.checkFiles(second, "\(note), a second time")
        let aside = second.engine.damagedRanges.map(\.file)
        #expect(Set(aside).isSubset(of: try disk.list()), "\(note): nothing was kept aside")
    }

    @Test(
        "a crash at any operation of an opening after a crash changes nothing of that",
        arguments: Workload.all)
    func everyPointTwice(workload: Workload) throws {
        let (stage, points) = try points(workload)
        var random = SeededRandom(seed: 3, stream: workload.name)
        for (index, point) in points.enumerated() where random.chance(0.12) {
            let way = Self.ways[random.below(Self.ways.count)]
            let disk = point.disk.copy()
            disk.crash(way.loss, random: &random)
            var between: [MemoryDisk] = []
            disk.beforeOperation = { between.append(disk.copy()) }
            _ = try Sample(disk, stage.options)
            for (step, copy) in between.enumerated() {
                let again = Self.ways[random.below(Self.ways.count)]
                let note = "\(workload.name), operation \(index), \(way), step \(step), \(again)"
                copy.crash(again.loss, random: &random)
                let floor = again.loss == .nothing ? way.floor(point) : point.synced
                let found = try Sample(copy, stage.options)
                if workload.isDamaging {
                    stage.checkDamaged(found, floor: floor, note)
                } else {
                    try stage.check(found, floor: floor, note)
                }
            }
        }
    }
}
