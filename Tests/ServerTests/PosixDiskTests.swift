// The real disk and the log thread, in a directory of their own under the system's temporary one.
import Glibc
import MartletBase
import MartletServer
import MartletStorage
import Synchronization
import Testing

/// A directory that goes with the test.
private final class TemporaryDirectory {
    let path: String

    init() throws {
        var template = Array("/tmp/martlet-disk-XXXXXX".utf8CString)
        let made = unsafe mkdtemp(&template) != nil
        try #require(made)
        path = template.dropLast().map { UInt8(bitPattern: $0) }.text
    }

    deinit {
        guard let disk = try? PosixDisk(path: path) else { return }
        for name in (try? disk.list()) ?? [] { try? disk.remove(name) }
        try? disk.remove("lock")
        unsafe rmdir(path)
    }
}

private final class Answers: Sendable {
    private let outcomes = Mutex<[LogOutcome]>([])

    var all: [LogOutcome] { outcomes.withLock { $0 } }

    func add(_ outcome: LogOutcome) { outcomes.withLock { $0.append(outcome) } }
}

struct PosixDiskTests {
    private func batch(_ index: Int) -> WriteBatch {
        var batch = WriteBatch()
        batch.put(.object(partition: 1, key: Bytes(text: "k\(index)")), Bytes(text: "v\(index)"))
        return batch
    }

    @Test("files are made, written, cut, renamed, listed and removed")
    func files() throws {
        let directory = try TemporaryDirectory()
        let disk = try PosixDisk(path: directory.path)
        let file = try disk.open("one", .empty)
        try file.write([1, 2, 3, 4], at: 2)
        #expect(try file.size() == 6)
        #expect(try file.read(at: 0, count: 100) == [0, 0, 1, 2, 3, 4])
        #expect(try file.read(at: 7, count: 1) == [])
        try file.truncate(to: 3)
        try file.sync()
        try disk.rename("one", to: "two")
        try disk.syncDirectory()
        #expect(try disk.list() == ["two"])
        #expect(try disk.open("two", .existing).read(at: 2, count: 1) == [1])
        #expect(try disk.open("two", .empty).size() == 0)
        #expect(try disk.freeBytes() > 0)
        try disk.remove("two")
        #expect(try disk.list() == [])
        #expect(throws: DiskError(.open, "two", .notFound)) { try disk.open("two", .existing) }
    }

    @Test("a second holder of the directory is refused with the first one's process id")
    func lock() throws {
        let directory = try TemporaryDirectory()
        let first = try PosixDisk(path: directory.path)
        let second = try PosixDisk(path: directory.path)
        try first.lock()
        try first.lock()
        #expect(throws: DiskError(.lock, directory.path, .locked(holder: getpid()))) {
            try second.lock()
        }
        first.unlock()
        try second.lock()
        #expect(try second.list() == [])
    }

    @Test("a path that cannot be a directory is refused")
    func badPath() {
        #expect(throws: DiskError.self) { try PosixDisk(path: "/dev/null/data") }
    }

    @Test(
        "the log thread makes batches durable in order, and all of them at its stop",
        arguments: [SyncMode.everyWrite, .interval(.milliseconds(1)), .operatingSystem])
    func logThread(mode: SyncMode) throws {
        let directory = try TemporaryDirectory()
        var options = StorageOptions()
        options.sync = mode
        options.segmentBytes = 4096
        let answers = Answers()
        let opened = try StorageEngine.open(
            disk: try PosixDisk(path: directory.path + "/deeper/data"), options: options)
        let thread = LogThread(log: opened.log, options: options) { answers.add($0) }
        for index in 0..<500 {
            try opened.engine.write(batch(index))
            if index % 3 == 0 {
                while let chunk = opened.engine.takeChunk() { thread.submit([chunk]) }
            }
        }
        while let chunk = opened.engine.takeChunk() { thread.submit([chunk]) }
        thread.stop()
        for outcome in answers.all { opened.engine.logAnswered(outcome) }
        let last = LogPosition(rawValue: 500)
        #expect(answers.all.last == .synced(last))
        #expect(opened.engine.synced == last)
        #expect(opened.engine.pendingBytes == 0)
        opened.engine.checkInvariants()

        let disk = try PosixDisk(path: directory.path + "/deeper/data")
        let again = try StorageEngine.open(disk: disk, options: options)
        #expect(again.report.batches == 500)
        #expect(again.report.tornBytes == 0)
        #expect(
            try again.engine.scanNow(.objects, limitBytes: .max)
                == opened.engine.scanNow(.objects, limitBytes: .max))
        for name in try disk.list() { try disk.remove(name) }
        try disk.remove("lock")
        unsafe rmdir(directory.path + "/deeper/data")
        unsafe rmdir(directory.path + "/deeper")
    }

    @Test("a thread waits out a full disk and then goes on")
    func fullDisk() throws {
        let disk = MemoryDisk()
        var options = StorageOptions()
        options.prewriteBytes = 0
        let opened = try StorageEngine.open(disk: disk, options: options)
        disk.capacityBytes = 50
        try opened.engine.write(batch(1))
        let answers = Monitor<[LogOutcome]>([])
        let thread = LogThread(log: opened.log, options: options) { outcome in
            if case .full = outcome { disk.capacityBytes = nil }
            answers.update { $0.append(outcome) }
        }
        thread.submit([try #require(opened.engine.takeChunk())])
        let all = answers.wait(until: .never) { $0.count == 2 ? $0 : nil }
        #expect(all?.last == .synced(LogPosition(rawValue: 1)))
        thread.stop()
    }
}
