// Every operation of every script failing once: each write with an error or in part, each sync,
// each read, and the disk full from each write on. The engine never traps, loses nothing that it
// acknowledged as synced, says why it refuses, and goes on where it may.
import MartletBase
import Testing

@testable import MartletStorage

struct FaultPointTests {
    /// What goes wrong at one operation.
    enum Fault: Hashable, Sendable, CaseIterable {
        case writeFails, writeIsShort, noSpaceOnce, syncFails, readFails

        /// How many operations of its kind a disk has seen.
        func count(_ disk: MemoryDisk) -> Int {
            switch self {
            case .writeFails, .writeIsShort, .noSpaceOnce: disk.writeCount
            case .syncFails: disk.syncCount
            case .readFails: disk.readCount
            }
        }

        /// Lets the operation after `index` others of its kind fail.
        func arm(_ disk: MemoryDisk, after index: Int) {
            switch self {
            case .writeFails: disk.writesUntilFailure = index
            case .writeIsShort:
                disk.writesUntilFailure = index
                disk.writeFailure = .short(37, .inputOutput)
            case .noSpaceOnce:
                disk.writesUntilFailure = index
                disk.writeFailure = .short(37, .noSpace)
            case .syncFails: disk.syncsUntilFailure = index
            case .readFails: disk.readsUntilFailure = index
            }
        }
    }

    private static let workloads = Workload.all.filter { !$0.isDamaging }

    /// The script on `disk`, until its end or until it cannot go on.
    private func run(_ workload: Workload, on disk: MemoryDisk) throws -> Stage {
        let stage = Stage(disk, workload.options, isTolerant: true)
        try stage.open()
        try workload.run(stage)
        stage.settle()
        return stage
    }

    @Test(
        "one failure at any operation loses nothing acknowledged and is outlived where it can be",
        arguments: workloads, Fault.allCases)
    func onceEach(workload: Workload, fault: Fault) throws {
        let clean = MemoryDisk()
        _ = try run(workload, on: clean)
        for index in 0..<fault.count(clean) {
            let note = "\(workload.name), \(fault) after \(index)"
            let disk = MemoryDisk()
            fault.arm(disk, after: index)
            try check(try run(workload, on: disk), fault, note)
        }
    }

    @Test(
        "a disk that is full from any write on goes on by itself when there is space",
        arguments: workloads)
    func fullFromEach(workload: Workload) throws {
        let clean = MemoryDisk()
        _ = try run(workload, on: clean)
        for index in 0..<clean.writeCount {
            let disk = MemoryDisk()
            disk.beforeOperation = {
                if disk.writeCount == index { disk.capacityBytes = disk.usedBytes + 30 }
            }
            let stage = try run(workload, on: disk)
            disk.beforeOperation = nil
            disk.capacityBytes = nil
            try check(stage, .noSpaceOnce, "\(workload.name), full after \(index)")
        }
    }

    /// The script is over and the disk is well: what the engine says, what it takes, and what is
    /// there after a loss of power.
    private func check(_ stage: Stage, _ fault: Fault, _ note: String) throws {
        let sample = try #require(stage.sample)
        let state = stage.states[stage.appended]
        for key in stage.keys.sorted() {
            let outcome = sample.get(key)
            let isRight = outcome == (state[key].map { .found($0) } ?? .absent)
            #expect(isRight || fault == .readFails && outcome == .damaged, "\(note): \(key)")
        }
        stage.commit()
        stage.settle()
        switch (fault, stage.refusal) {
        case (_, nil):
            #expect(stage.sample?.engine.hasBackgroundWork == false, "\(note): work is left")
            try stage.put("after", 10)
            stage.commit()
        case (.writeFails, .logFailed), (.writeFails, .manifestFailed), (.writeIsShort, .logFailed),
            (.writeIsShort, .manifestFailed), (.syncFails, .logFailed),
            (.syncFails, .manifestFailed):
            break
        case (_, let refusal): Issue.record("\(note): \(String(describing: refusal))")
        }
        sample.engine.checkInvariants()
        var random = SeededRandom(seed: 1)
        stage.disk.crash(.everything, random: &random)
        let again = try Sample(stage.disk, stage.options)
        if fault == .readFails {
            stage.checkDamaged(again, floor: stage.synced, note)
            stage.checkFiles(again, note)
        } else {
            try stage.check(again, floor: stage.synced, note)
        }
    }
}
