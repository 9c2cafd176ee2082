// Where the shards of a node keep what they have: one alone in the data directory itself, several
// each in a directory of its own in it.
//
//     data/             one shard
//     data/shard-1 …    several
internal import Foundation
internal import Glibc
internal import MartletRing
internal import MartletStorage

/// A node's data directory, before anything in it is opened.
struct DataDirectory {
    /// Where it is.
    let path: String

    /// Where a change of the number of shards puts what it makes.
    var resharding: String { "\(path)/resharding" }

    /// The name of the file there that says that all of it is there: what was before goes then.
    static let completionName = "complete"

    /// Where that file is.
    var completionMark: String { "\(resharding)/\(Self.completionName)" }

    /// Whether a change of the number of shards has been decided and is to be finished.
    var isChanging: Bool { FileManager.default.fileExists(atPath: completionMark) }

    /// How many shards have been there; nil where none has, or the directory is not there.
    var shardCount: Int? {
        // They are made from the last to the first.
        let last = (1...Shard.limit).last { Self.isDirectory(path(ofShard: $0 - 1)) }
        if let last { return last }
        // Its files tell, whoever holds it now.
        let names = try? PosixDisk(path: path, readOnly: true).list()
        return names?.contains(where: StorageInspection.isOfEngine) == true ? 1 : nil
    }

    /// The directories of `count` shards, the first shard's first.
    func paths(ofShards count: Int) -> [String] {
        count == 1 ? [path] : (0..<count).map(path(ofShard:))
    }

    func path(ofShard index: Int) -> String { "\(path)/shard-\(index + 1)" }

    static func isDirectory(_ path: String) -> Bool {
        var status = stat()
        return unsafe stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
    }
}
