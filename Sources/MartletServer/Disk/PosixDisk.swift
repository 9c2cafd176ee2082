// The real disk: one directory, held by `flock` on its file `lock`, with files reached through
// the directory's descriptor. Blocking calls; the log thread and start-up make them, no event loop.
import Glibc
import MartletBase
package import MartletStorage
import Synchronization

/// A `Disk` over a POSIX directory. Calls on different files may run on different threads.
///
/// One that is read only makes, changes and removes nothing: what would, fails with
/// `.notPermitted`, and its lock is shared with other readers, not with a running node.
package final class PosixDisk: Disk {
    /// The directory.
    package let path: String
    /// Whether it only reads.
    package let isReadOnly: Bool
    private let directory: Descriptor
    private let lockFile = Mutex<Descriptor?>(nil)

    private static let lockName = "lock"

    /// Opens the directory at `path`; unless it is read only, made with its parents when missing.
    package init(path: String, readOnly: Bool = false) throws(DiskError) {
        self.path = path
        isReadOnly = readOnly
        if !readOnly { try Self.makeDirectories(path) }
        let opened = retrying { unsafe Glibc.open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC) }
        if opened < 0 { throw failure(.open, path) }
        directory = Descriptor(opened)
    }

    private static func makeDirectories(_ path: String) throws(DiskError) {
        var prefix = path.hasPrefix("/") ? "/" : ""
        for part in path.split(separator: "/") {
            prefix += part
            if unsafe mkdir(prefix, 0o700) != 0, errno != EEXIST { throw failure(.open, prefix) }
            prefix += "/"
        }
    }

    /// Takes an exclusive `flock`, which the system drops when the process ends however it ends,
    /// and leaves the process id in the file for whoever is refused. A read-only disk takes a
    /// shared one, and none where no node ever left a lock file.
    package func lock() throws(DiskError) {
        if lockFile.withLock({ $0 != nil }) { return }
        guard let descriptor = try openLockFile() else { return }
        if retrying({ flock(descriptor.number, (isReadOnly ? LOCK_SH : LOCK_EX) | LOCK_NB) }) != 0 {
            guard errno == EWOULDBLOCK else { throw failure(.lock, path + "/" + Self.lockName) }
            throw DiskError(.lock, path, .locked(holder: holder(of: descriptor)))
        }
        if !isReadOnly {
            let file = PosixFile(name: Self.lockName, descriptor: descriptor)
            try file.truncate(to: 0)
            // A convenience for whoever is refused: a full disk must not keep a node from starting.
            try? file.write(Bytes(text: String(getpid())), at: 0)
        }
        lockFile.withLock { $0 = descriptor }
    }

    /// The lock file, made when missing; nil where a read-only disk finds none.
    private func openLockFile() throws(DiskError) -> Descriptor? {
        let flags = O_CLOEXEC | (isReadOnly ? O_RDONLY : O_RDWR | O_CREAT)
        let opened = retrying { unsafe openat(directory.number, Self.lockName, flags, 0o600) }
        if opened >= 0 { return Descriptor(opened) }
        if isReadOnly, errno == ENOENT { return nil }
        throw failure(.lock, path + "/" + Self.lockName)
    }

    /// The process that holds the lock alone, as it wrote itself down. Where a shared lock can
    /// still be had, readers hold it, who write nothing, and the id in the file is an old one.
    private func holder(of descriptor: Descriptor) -> Int32? {
        if retrying({ flock(descriptor.number, LOCK_SH | LOCK_NB) }) == 0 { return nil }
        let file = PosixFile(name: Self.lockName, descriptor: descriptor)
        return (try? file.read(at: 0, count: 16).text).flatMap { Int32($0) }
    }

    /// Drops the lock by closing its file.
    package func unlock() {
        lockFile.withLock { $0 = nil }
    }

    /// The names of all files, ascending, without the lock.
    package func list() throws(DiskError) -> [String] {
        let copy = unsafe openat(directory.number, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        if copy < 0 { throw failure(.list, path) }
        guard let stream = unsafe fdopendir(copy) else {
            defer { close(copy) }
            throw failure(.list, path)
        }
        defer { unsafe closedir(stream) }
        var names: [String] = []
        while true {
            errno = 0
            guard let entry = unsafe readdir(stream) else {
                if errno != 0 { throw failure(.list, path) }
                break
            }
            let name = unsafe withUnsafeBytes(of: &entry.pointee.d_name) { field in
                unsafe String(decoding: field.prefix { $0 != 0 }, as: UTF8.self)
            }
            if ![".", "..", Self.lockName].contains(name) { names.append(name) }
        }
        return names.sorted()
    }

    /// Opens or makes a file, readable by its owner alone.
    package func open(_ name: String, _ mode: OpenMode) throws(DiskError) -> any DiskFile {
        if mode == .empty { try checkWritable(.open, name) }
        let isWritable = mode != .reading && !isReadOnly
        let flags =
            (isWritable ? O_RDWR : O_RDONLY) | O_CLOEXEC | (mode == .empty ? O_CREAT | O_TRUNC : 0)
        let opened = retrying { unsafe openat(directory.number, name, flags, 0o600) }
        if opened < 0 { throw failure(.open, name) }
        return PosixFile(name: name, descriptor: Descriptor(opened), isWritable: isWritable)
    }

    /// Renames a file, replacing another.
    package func rename(_ name: String, to newName: String) throws(DiskError) {
        try checkWritable(.rename, name)
        if unsafe renameat(directory.number, name, directory.number, newName) != 0 {
            throw failure(.rename, name)
        }
    }

    /// Removes a file.
    package func remove(_ name: String) throws(DiskError) {
        try checkWritable(.remove, name)
        if unsafe unlinkat(directory.number, name, 0) != 0 { throw failure(.remove, name) }
    }

    /// Syncs the directory itself.
    package func syncDirectory() throws(DiskError) {
        try checkWritable(.sync, path)
        if retrying({ fsync(directory.number) }) != 0 { throw failure(.sync, path) }
    }

    private func checkWritable(
        _ operation: DiskError.Operation, _ name: String
    ) throws(DiskError) {
        if isReadOnly { throw DiskError(operation, name, .notPermitted) }
    }

    /// The file system's size, and what it leaves to processes without privileges.
    package func space() throws(DiskError) -> DiskSpace {
        var status = statvfs()
        if unsafe fstatvfs(directory.number, &status) != 0 { throw failure(.measure, path) }
        let block = UInt64(status.f_frsize)
        return DiskSpace(
            freeBytes: UInt64(status.f_bavail) * block, totalBytes: UInt64(status.f_blocks) * block)
    }
}

/// An open file descriptor, closed when the last reference goes.
final class Descriptor: Sendable {
    let number: Int32

    init(_ number: Int32) { self.number = number }

    deinit { close(number) }
}

/// Repeats a system call that a signal interrupted.
func retrying<Value: SignedInteger>(_ call: () -> Value) -> Value {
    while true {
        let result = call()
        if result >= 0 || errno != EINTR { return result }
    }
}

/// The failure that `errno` tells of.
func failure(_ operation: DiskError.Operation, _ file: String, at offset: Int = 0) -> DiskError {
    let code = errno
    let cause: DiskError.Cause =
        switch code {
        case ENOSPC, EDQUOT, EFBIG: .noSpace
        case EMFILE, ENFILE, ENOMEM: .exhausted(unsafe String(cString: strerror(code)))
        case ENOENT: .notFound
        case EACCES, EPERM, EROFS: .notPermitted
        case EIO: .inputOutput
        default: .system(code: code, text: unsafe String(cString: strerror(code)))
        }
    return DiskError(operation, file, at: offset, cause)
}
