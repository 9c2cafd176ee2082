// The real disk and the log thread, in a directory of their own under the system's temporary one.
import Dispatch
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
        let space = try disk.space()
        #expect(space.freeBytes > 0 && space.freeBytes <= space.totalBytes)
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

    /// Names, contents, sizes and times of everything in `directory`, and of itself.
    private func traces(_ directory: TemporaryDirectory) throws -> [String] {
        let disk = try PosixDisk(path: directory.path, readOnly: true)
        return try ([".", "lock"] + disk.list()).map { name in
            var status = stat()
            guard unsafe stat(directory.path + "/" + name, &status) == 0 else {
                return "no \(name)"
            }
            let changed = status.st_ctim
            let bytes =
                name == "."
                ? [] : try disk.open(name, .reading).read(at: 0, count: Int(status.st_size))
            return "\(name) \(status.st_mode) \(changed.tv_sec).\(changed.tv_nsec) \(bytes)"
        }
    }

    @Test(
        "a read-only disk reads, and changes neither a byte nor a time", arguments: [true, false])
    func readOnly(hasLockFile: Bool) throws {
        let directory = try TemporaryDirectory()
        let writer = try PosixDisk(path: directory.path)
        if hasLockFile { try writer.lock() }
        try writer.open("a", .empty).write([1, 2, 3], at: 0)
        writer.unlock()
        let before = try traces(directory)
        let disk = try PosixDisk(path: directory.path, readOnly: true)
        try disk.lock()
        #expect(try disk.list() == ["a"])
        for mode in [OpenMode.reading, .existing] {
            let file = try disk.open("a", mode)
            #expect(try file.read(at: 1, count: 9) == [2, 3])
            #expect(throws: DiskError(.write, "a", at: 1, .notPermitted)) {
                try file.write([9], at: 1)
            }
            #expect(throws: DiskError(.truncate, "a", at: 1, .notPermitted)) {
                try file.truncate(to: 1)
            }
        }
        for name in ["a", "b"] {
            #expect(throws: DiskError(.open, name, .notPermitted)) { try disk.open(name, .empty) }
        }
        #expect(throws: DiskError(.rename, "a", .notPermitted)) {
            try disk.rename("a", to: "b")
        }
        #expect(throws: DiskError(.remove, "a", .notPermitted)) { try disk.remove("a") }
        #expect(throws: DiskError(.sync, directory.path, .notPermitted)) {
            try disk.syncDirectory()
        }
        disk.unlock()
        #expect(try traces(directory) == before)
    }

    @Test("a read-only disk makes no directory")
    func readOnlyMissing() throws {
        let directory = try TemporaryDirectory()
        let path = directory.path + "/none"
        #expect(throws: DiskError(.open, path, .notFound)) {
            try PosixDisk(path: path, readOnly: true)
        }
        #expect(try PosixDisk(path: directory.path).list() == [])
    }

    @Test("readers share the directory among themselves and not with a node")
    func sharedLock() throws {
        let directory = try TemporaryDirectory()
        let node = try PosixDisk(path: directory.path)
        let readers = try (0..<2).map { _ in
            try PosixDisk(path: directory.path, readOnly: true)
        }
        try node.lock()
        #expect(throws: DiskError(.lock, directory.path, .locked(holder: getpid()))) {
            try readers[0].lock()
        }
        node.unlock()
        for reader in readers { try reader.lock() }
        // The id in the file is that of the node that stopped: it must not be blamed.
        #expect(throws: DiskError(.lock, directory.path, .locked(holder: nil))) {
            try node.lock()
        }
        for reader in readers { reader.unlock() }
        try node.lock()
    }

    @Test("a handle for reading reads, and changes nothing")
    func readingHandle() throws {
        let directory = try TemporaryDirectory()
        let disk = try PosixDisk(path: directory.path)
        #expect(throws: DiskError(.open, "a", .notFound)) { try disk.open("a", .reading) }
        try disk.open("a", .empty).write([1, 2, 3], at: 0)
        let file = try disk.open("a", .reading)
        #expect(throws: DiskError(.write, "a", at: 0, .notPermitted)) { try file.write([9], at: 0) }
        #expect(throws: DiskError(.truncate, "a", at: 9, .notPermitted)) {
            try file.truncate(to: 9)
        }
        #expect(try file.read(at: 0, count: 3) == [1, 2, 3])
    }

    @Test("reads of any length and place end where the file ends, or with a typed error")
    func readLengths() throws {
        let directory = try TemporaryDirectory()
        let disk = try PosixDisk(path: directory.path)
        let file = try disk.open("a", .empty)
        let bytes = Bytes(repeating: 1, count: 1_999_997) + [2, 3, 4]
        try file.write(bytes, at: 0)
        for (offset, count) in [
            (0, 2_000_000), (5, 1 << 20), (5, 1 << 20 + 1), (1_999_998, 4), (2_000_000, 1),
            (1 << 60, 10), (0, 0), (900_000, Int.max), (4_000_000, Int.max),
        ] {
            let expected = bytes.dropFirst(offset).prefix(count)
            #expect(try file.read(at: offset, count: count)[...] == expected)
        }
        for offset in [-1, Int.max] {
            let error = #expect(throws: DiskError.self) { try file.read(at: offset, count: 1) }
            #expect(error?.operation == .read)
        }
    }

    @Test("files of a disk are opened, read and closed by many threads at once")
    func openFiles() throws {
        let directory = try TemporaryDirectory()
        let disk = try PosixDisk(path: directory.path)
        for index in 0..<16 as Range<UInt8> {
            try disk.open("\(index)", .empty).write([index], at: 0)
        }
        let files = OpenFiles(disk: disk, limit: 3)
        let wrong = Mutex<[String]>([])
        DispatchQueue.concurrentPerform(iterations: 8) { thread in
            var random = SeededRandom(seed: UInt64(thread))
            for _ in 0..<500 {
                let name = UInt8(random.below(16))
                if random.chance(0.1) { files.close("\(name)") }
                let read = try? files.file("\(name)").read(at: 0, count: 1)
                let open = files.openCount
                if read != [name] || open > 3 {
                    wrong.withLock { $0.append("\(name): \(read ?? []), \(open) open") }
                }
            }
        }
        #expect(wrong.withLock { $0 } == [])
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
