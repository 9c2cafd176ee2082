// Another number of shards for the data directory of a stopped node. What is new is made beside
// what is there, and takes its place once it is complete; from the completion mark on a change that
// was interrupted goes on, and before it nothing has happened.
//
//     resharding/shard-1 … ─► resharding/complete ─► old files go, new ones move up ─► mark goes
internal import Foundation
package import MartletNode
package import MartletStorage

internal import MartletBase

/// Why the number of shards was not changed.
package enum ShardChangeError: Error, CustomStringConvertible {
    /// There is no such directory, or it cannot be read or written.
    case unreachable(directory: String, DiskError)
    /// A node runs on it, or somebody looks at it.
    case held(directory: String, DiskError)
    /// It has that many already.
    case same(directory: String, count: Int)
    /// A new storage cannot be made.
    case storage(directory: String, StorageError)
    /// What is there cannot be divided anew.
    case resharding(directory: String, ReshardingError)
    /// Files could not be moved.
    case files(directory: String, reason: String)

    /// What is wrong and what to do, in one line.
    package var description: String {
        switch self {
        case .unreachable(let directory, let error): "data directory \(directory): \(error)"
        case .held(let directory, let error):
            "data directory \(directory): \(error); stop that node first"
        case .same(let directory, let count):
            "data directory \(directory) has \(count) shards already"
        case .storage(let directory, let error): "data directory \(directory): \(error)"
        case .resharding(let directory, let error): "data directory \(directory): \(error)"
        case .files(let directory, let reason):
            "data directory \(directory): \(reason); what is there is whole: call this again"
        }
    }

    /// Whether what was asked for cannot be meant.
    package var isUsage: Bool {
        switch self {
        case .unreachable, .same: true
        default: false
        }
    }

    /// Whether trying again later may help.
    package var mayPass: Bool { if case .held = self { true } else { false } }
}

/// How far `ShardChange.prepare` has come.
package struct ShardChangeProgress: Hashable, Sendable {
    /// Partitions that are done.
    package var partitions: Int
    /// How many there are; 0 where the node was never of a ring.
    package var partitionCount: Int
    /// Entries written.
    package var entries: Int
}

/// A change of the number of shards of one data directory.
package struct ShardChange {
    private let directory: DataDirectory
    private let files = FileManager.default

    /// For the data directory at `path`.
    package init(_ path: String) {
        directory = DataDirectory(path: path)
    }

    /// Whether one was interrupted when it was decided: `finish` is all that is left.
    package var isDecided: Bool { directory.isChanging }

    /// Makes storages of `count` shards beside those that are there, which stay as they are, and
    /// marks them complete. Blocks; O(bytes).
    package func prepare(
        _ count: Int, _ progress: (ShardChangeProgress) -> Void
    ) throws(ShardChangeError) {
        guard let found = directory.shardCount else {
            throw .resharding(directory: directory.path, .empty)
        }
        if found == count { throw .same(directory: directory.path, count: count) }
        try tidy { try removeIfThere(directory.resharding) }
        // Its lock keeps others from doing the same meanwhile.
        let work = try disk(directory.resharding)
        defer { work.unlock() }
        try lock(work)
        var sources: [StorageInspection] = []
        defer { for source in sources { source.close() } }
        for path in directory.paths(ofShards: found) {
            let disk = try disk(path, readOnly: true)
            do { sources.append(try StorageInspection(disk)) } catch {
                if case .locked = error.cause { throw .held(directory: path, error) }
                throw .unreachable(directory: path, error)
            }
        }
        var targets: [OpenedStorage] = []
        for index in 0..<count { targets.append(try target(made(index))) }
        do throws(ReshardingError) {
            var resharding = Resharding(from: sources, to: targets)
            try resharding.run { step in
                progress(
                    ShardChangeProgress(
                        partitions: step.partitions, partitionCount: step.partitionCount,
                        entries: step.entries))
            }
        } catch { throw .resharding(directory: directory.path, error) }
        do throws(DiskError) {
            try work.syncDirectory()
            let mark = try work.open(DataDirectory.completionName, .empty)
            try mark.write(Bytes(text: "\(count)\n"), at: 0)
            try mark.sync()
            try work.syncDirectory()
        } catch { throw .unreachable(directory: directory.resharding, error) }
    }

    /// Has what `prepare` has made take the place of what was there. Goes on where it was
    /// interrupted.
    package func finish() throws(ShardChangeError) {
        try tidy {
            let text = try String(contentsOfFile: directory.completionMark, encoding: .utf8)
            guard let count = Int(text.trimmingCharacters(in: .whitespacesAndNewlines)) else {
                throw CocoaError(.fileReadCorruptFile)
            }
            if count == 1 { try moveUp() } else { try replaceShards(count) }
            try syncDirectory()
            try removeIfThere(directory.completionMark)
            try removeIfThere(directory.resharding)
            try syncDirectory()
        }
    }

    // MARK: Moving

    /// What is made of the shard at `index`, before it takes its place.
    private func made(_ index: Int) -> String {
        DataDirectory(path: directory.resharding).path(ofShard: index)
    }

    /// The files of one shard go to the data directory itself, those of the former ones go.
    private func moveUp() throws {
        let made = made(0)
        for name in (try? files.contentsOfDirectory(atPath: made)) ?? [] {
            try removeIfThere("\(directory.path)/\(name)")
            try files.moveItem(atPath: "\(made)/\(name)", toPath: "\(directory.path)/\(name)")
        }
        for index in 0..<ServerConfiguration.shardLimit {
            try removeIfThere(directory.path(ofShard: index))
        }
    }

    /// The directories of `count` shards go to the data directory; what was there goes.
    private func replaceShards(_ count: Int) throws {
        for index in 0..<count where files.fileExists(atPath: made(index)) {
            try removeIfThere(directory.path(ofShard: index))
            try files.moveItem(atPath: made(index), toPath: directory.path(ofShard: index))
        }
        for index in count..<ServerConfiguration.shardLimit {
            try removeIfThere(directory.path(ofShard: index))
        }
        for name in try PosixDisk(path: directory.path).list()
        where StorageInspection.isOfEngine(name) || name == "lock" {
            try removeIfThere("\(directory.path)/\(name)")
        }
    }

    private func removeIfThere(_ path: String) throws {
        if files.fileExists(atPath: path) { try files.removeItem(atPath: path) }
    }

    private func syncDirectory() throws { try PosixDisk(path: directory.path).syncDirectory() }

    private func tidy(_ body: () throws -> Void) throws(ShardChangeError) {
        do { try body() } catch {
            let reason =
                (error as? DiskError)?.description ?? (error as NSError).localizedDescription
            throw .files(directory: directory.path, reason: reason)
        }
    }

    // MARK: Storages

    private func disk(
        _ path: String, readOnly: Bool = false
    ) throws(ShardChangeError) -> PosixDisk {
        do { return try PosixDisk(path: path, readOnly: readOnly) } catch {
            throw .unreachable(directory: path, error)
        }
    }

    private func lock(_ disk: PosixDisk) throws(ShardChangeError) {
        do { try disk.lock() } catch { throw .held(directory: directory.path, error) }
    }

    private func target(_ path: String) throws(ShardChangeError) -> OpenedStorage {
        var options = StorageOptions()
        options.digest = .object
        // It is synced as a whole, before anything depends on it.
        options.sync = .operatingSystem
        options.reserveShare = 0
        let disk = try disk(path)
        do { return try StorageEngine.open(disk: disk, options: options) } catch {
            throw .storage(directory: path, error)
        }
    }
}
