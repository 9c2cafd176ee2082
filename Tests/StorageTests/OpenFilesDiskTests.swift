// The bounded set of open files, over a disk that counts what is open.
import MartletBase
import MartletStorage
import Synchronization
import Testing

/// Hands out files that say when they are closed; it can do nothing else.
private final class CountingDisk: Disk {
    final class File: DiskFile {
        let name: String
        private let disk: CountingDisk

        init(_ name: String, _ disk: CountingDisk) {
            self.name = name
            self.disk = disk
        }

        deinit { disk.openNames.withLock { $0.removeAll { $0 == name } } }

        func size() throws(DiskError) -> Int { 0 }
        func read(at offset: Int, count: Int) throws(DiskError) -> Bytes { Bytes(text: name) }
        func write(_ bytes: Bytes, at offset: Int) throws(DiskError) {}
        func truncate(to size: Int) throws(DiskError) {}
        func sync() throws(DiskError) {}
    }

    let openNames = Mutex<[String]>([])
    let opened = Mutex<[String]>([])
    /// Called while a file is being opened.
    let whileOpening = Mutex<(@Sendable () -> Void)?>(nil)

    func open(_ name: String, _ mode: OpenMode) throws(DiskError) -> any DiskFile {
        if mode != .reading { throw DiskError(.open, name, .notPermitted) }
        if name == "missing" { throw DiskError(.open, name, .notFound) }
        whileOpening.withLock { $0 }?()
        opened.withLock { $0.append(name) }
        openNames.withLock { $0.append(name) }
        return File(name, self)
    }

    func lock() throws(DiskError) {}
    func unlock() {}
    func list() throws(DiskError) -> [String] { [] }
    func rename(_ name: String, to newName: String) throws(DiskError) {}
    func remove(_ name: String) throws(DiskError) {}
    func syncDirectory() throws(DiskError) {}
    func space() throws(DiskError) -> DiskSpace { DiskSpace(freeBytes: 0, totalBytes: 0) }

    var open: [String] { openNames.withLock { $0.sorted() } }
    var openings: [String] { opened.withLock { $0 } }
}

struct OpenFilesDiskTests {
    private let disk = CountingDisk()

    @Test("a file is opened once, and the one asked for longest ago makes room")
    func eviction() throws {
        let files = OpenFiles(disk: disk, limit: 3)
        for name in ["a", "b", "c", "a", "d"] { #expect(try files.file(name).name == name) }
        #expect(disk.openings == ["a", "b", "c", "d"])
        #expect(disk.open == ["a", "c", "d"])
        #expect(files.openCount == 3)
        for name in ["c", "e", "a"] { #expect(try files.file(name).name == name) }
        #expect(disk.openings == ["a", "b", "c", "d", "e", "a"])
        #expect(disk.open == ["a", "c", "e"])
    }

    @Test("an evicted or closed file stays open while it is read")
    func readers() throws {
        let files = OpenFiles(disk: disk, limit: 1)
        var reader: (any DiskFile)? = try files.file("a")
        _ = try files.file("b")
        #expect(disk.open == ["a", "b"])
        #expect(try reader?.read(at: 0, count: 1) == Bytes(text: "a"))
        reader = try files.file("b")
        #expect(disk.open == ["b"])
        files.close("b")
        #expect(files.openCount == 0)
        #expect(disk.open == ["b"])
        reader = nil
        #expect(disk.open == [])
    }

    @Test("closing what is not open does nothing, and a missing file takes no place")
    func nothingThere() throws {
        let files = OpenFiles(disk: disk, limit: 2)
        _ = try files.file("a")
        files.close("b")
        #expect(throws: DiskError(.open, "missing", .notFound)) { try files.file("missing") }
        #expect(files.openCount == 1)
        #expect(disk.open == ["a"])
    }

    @Test("a file closed while it is being opened is not kept")
    func closedWhileOpening() throws {
        let files = OpenFiles(disk: disk, limit: 2)
        disk.whileOpening.withLock { $0 = { files.close("a") } }
        #expect(try files.file("a").name == "a")
        #expect(files.openCount == 0)
        #expect(disk.open == [])
    }

    @Test("two that open a file at once keep one of it")
    func openedTwice() throws {
        let files = OpenFiles(disk: disk, limit: 2)
        let disk = disk
        disk.whileOpening.withLock {
            $0 = {
                disk.whileOpening.withLock { $0 = nil }
                _ = try? files.file("a")
            }
        }
        _ = try files.file("a")
        #expect(disk.openings == ["a", "a"])
        #expect(files.openCount == 1)
        #expect(try files.file("a").name == "a")
        #expect(disk.openings == ["a", "a"])
    }
}
