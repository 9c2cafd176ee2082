// The seam between the storage engine and a disk: one flat directory of files, blocking calls,
// typed errors. The server has one over POSIX, `MemoryDisk` has one that can crash. It does not
// know what the files mean.
public import MartletBase

/// One directory that one process owns. Every call blocks; none may run on an event loop once the
/// engine is open.
public protocol Disk: AnyObject, Sendable {
    /// Takes the directory for this process until `unlock`; taking it twice is harmless.
    /// Fails with `.locked` when another process holds it.
    func lock() throws(DiskError)
    /// Gives the directory back.
    func unlock()
    /// The names of all files, ascending.
    func list() throws(DiskError) -> [String]
    /// Opens the file `name`.
    func open(_ name: String, _ mode: OpenMode) throws(DiskError) -> any DiskFile
    /// Gives a file another name, replacing what had it; durable after `syncDirectory`.
    func rename(_ name: String, to newName: String) throws(DiskError)
    /// Removes a file; durable after `syncDirectory`.
    func remove(_ name: String) throws(DiskError)
    /// Makes every creation, renaming and removal so far survive a loss of power.
    func syncDirectory() throws(DiskError)
    /// How large the disk is, and what of it is free.
    func space() throws(DiskError) -> DiskSpace
}

/// How much room a disk has.
public struct DiskSpace: Hashable, Sendable {
    /// Bytes that may still be written before it is full.
    public var freeBytes: UInt64
    /// Bytes that it holds in all, whosever they are.
    public var totalBytes: UInt64

    /// `freeBytes` of `totalBytes`.
    public init(freeBytes: UInt64, totalBytes: UInt64) {
        self.freeBytes = freeBytes
        self.totalBytes = totalBytes
    }
}

/// One open file, closed when the last reference to it goes.
public protocol DiskFile: AnyObject, Sendable {
    /// The name it was opened under.
    var name: String { get }
    /// Its length in bytes.
    func size() throws(DiskError) -> Int
    /// Up to `count` bytes from `offset`; fewer only where the file ends. Neither may be negative.
    func read(at offset: Int, count: Int) throws(DiskError) -> Bytes
    /// Writes all of `bytes` at `offset`, growing the file where it must. After an error any part
    /// of them may have been written.
    func write(_ bytes: Bytes, at offset: Int) throws(DiskError)
    /// Cuts the file, or grows it with zeros, to `size` bytes.
    func truncate(to size: Int) throws(DiskError)
    /// Makes the contents survive a loss of power. After an error nothing may be assumed of what
    /// was written since the last success, and trying again proves nothing.
    func sync() throws(DiskError)
}

/// How a file is opened.
public enum OpenMode: Hashable, Sendable {
    /// For reading alone: the file must be there, and writing or cutting it through this handle
    /// fails with `.notPermitted`.
    case reading
    /// For reading and writing; the file must be there.
    case existing
    /// For reading and writing; the file is made, or emptied when it is there.
    case empty
}

/// Why a disk refused: what was asked, of which file, where, and the cause.
public struct DiskError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What was asked of the disk.
    public enum Operation: String, Hashable, Sendable {
        /// Taking the directory.
        case lock
        /// Reading the directory.
        case list
        /// Opening or making a file.
        case open
        /// Reading a file or its length.
        case read
        /// Writing a file.
        case write
        /// Cutting a file.
        case truncate
        /// Syncing a file or the directory.
        case sync
        /// Renaming a file.
        case rename
        /// Removing a file.
        case remove
        /// Asking for the free space.
        case measure
    }

    /// What stood in the way.
    public enum Cause: Hashable, Sendable {
        /// No space left, or a quota or limit on file sizes reached (ENOSPC, EDQUOT, EFBIG).
        case noSpace
        /// The process or the system is short of descriptors or memory (EMFILE, ENFILE, ENOMEM):
        /// nothing that the disk has done.
        case exhausted(String)
        /// No such file or directory (ENOENT).
        case notFound
        /// No right to do it (EACCES, EPERM, EROFS).
        case notPermitted
        /// Another process holds the directory; its id where it could be learnt.
        case locked(holder: Int32?)
        /// The device failed (EIO).
        case inputOutput
        /// The handle outlived a crash of its disk.
        case stale
        /// Any other error number of the system, with its text.
        case system(code: Int32, text: String)
    }

    /// What was asked.
    public var operation: Operation
    /// The file, or the directory, that it was asked of.
    public var file: String
    /// The offset in the file, in bytes; 0 where none applies.
    public var offset: Int
    /// What stood in the way.
    public var cause: Cause

    /// The failure of `operation` on `file` at `offset`.
    public init(_ operation: Operation, _ file: String, at offset: Int = 0, _ cause: Cause) {
        self.operation = operation
        self.file = file
        self.offset = offset
        self.cause = cause
    }

    /// Whether a read that fails so finds what was written lost: a bad sector, or no file. Any
    /// other failure may pass.
    var isLossOfData: Bool { cause == .inputOutput || cause == .notFound }

    /// Whether the same may well succeed later, since what stood in the way is no fault of the
    /// disk. Of a sync that failed nobody knows what it has done, whatever the cause.
    var mayPass: Bool {
        switch cause {
        case .noSpace, .exhausted: operation != .sync
        case .notFound, .notPermitted, .locked, .inputOutput, .stale, .system: false
        }
    }

    /// One line for a log or a terminal.
    public var description: String {
        let why =
            switch cause {
            case .noSpace: "no space left on the disk"
            case .exhausted(let what): what
            case .notFound: "no such file or directory"
            case .notPermitted: "not permitted"
            case .locked(let holder?): "held by process \(holder)"
            case .locked(nil): "held by another process"
            case .inputOutput: "the device reports an input/output error"
            case .stale: "the handle is from before a crash"
            case .system(let code, let text): "\(text) (error \(code))"
            }
        return "\(operation.rawValue) \(file) at \(offset): \(why)"
    }
}
