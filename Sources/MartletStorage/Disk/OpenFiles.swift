// A bounded set of files open for reading, so that an engine of any number of tables holds few
// descriptors. It reads nothing itself and knows no file's meaning.
import MartletBase
import Synchronization

/// The files of one disk that are open for reading, at most `limit` of them: the one asked for
/// longest ago is closed for another. Safe to use from any thread. A file that is closed here while
/// a caller reads it stays open until the caller lets go of it.
public final class OpenFiles: Sendable {
    private struct Entry {
        var file: any DiskFile
        var lastUse: UInt64
    }

    private struct State {
        var entries: [String: Entry] = [:]
        /// Counts the calls of `file`, to order the entries by their last use.
        var uses: UInt64 = 0
        /// Counts the calls of `close`: a file opened across one may be the one that was closed.
        var closings: UInt64 = 0

        mutating func use(_ name: String) -> (any DiskFile)? {
            uses += 1
            guard let index = entries.index(forKey: name) else { return nil }
            entries.values[index].lastUse = uses
            return entries.values[index].file
        }

        /// Adds the file just asked for; gives back the one that had to make room.
        mutating func admit(
            _ file: any DiskFile, as name: String, limit: Int
        ) -> (any DiskFile)? {
            var evicted: (any DiskFile)?
            // In any order: no two were last used at once.
            if entries.count == limit,
                let oldest = entries.min(by: { $0.value.lastUse < $1.value.lastUse })
            {
                evicted = oldest.value.file
                entries[oldest.key] = nil
            }
            entries[name] = Entry(file: file, lastUse: uses)
            invariant(entries.count <= limit, "\(entries.count) open files, limit \(limit)")
            return evicted
        }
    }

    private let disk: any Disk
    private let limit: Int
    private let state = Mutex(State())

    /// No open files yet of `disk`, and never more than `limit`, at least 1.
    public init(disk: any Disk, limit: Int) {
        invariant(limit > 0, "a limit of \(limit) open files")
        self.disk = disk
        self.limit = limit
    }

    /// The file `name`, opened when it is not open. Opening happens outside the lock, so that it
    /// holds up nobody who asks for an open file; O(limit) when another must be closed.
    public func file(_ name: String) throws(DiskError) -> any DiskFile {
        let (known, closings) = state.withLock { state in (state.use(name), state.closings) }
        if let known { return known }
        let opened = try disk.open(name, .reading)
        // What makes room leaves the lock with the answer, and is closed after it.
        let (file, _) = state.withLock { state -> (any DiskFile, (any DiskFile)?) in
            if let other = state.use(name) { return (other, nil) }
            guard state.closings == closings else { return (opened, nil) }
            return (opened, state.admit(opened, as: name, limit: limit))
        }
        return file
    }

    /// Forgets the file `name`, before it is removed or once it was: its space comes back when the
    /// last reader lets go of it.
    public func close(_ name: String) {
        _ = state.withLock { state in
            state.closings += 1
            return state.entries.removeValue(forKey: name)
        }
    }

    /// How many files are held open here.
    public var openCount: Int { state.withLock { $0.entries.count } }
}
