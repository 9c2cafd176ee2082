// The data directory of a stopped node, opened to be looked at. Nothing of it is changed, not even
// a time stamp that a file system keeps of writes.
package import MartletStorage
package import MartletViews

internal import MartletBase

/// Why a data directory cannot be looked at.
package enum StorageDirectoryError: Error, Hashable, Sendable, CustomStringConvertible {
    /// A node runs on it.
    case held(directory: String, DiskError)
    /// It is not there, or not a directory that this user may read.
    case unreachable(directory: String, DiskError)
    /// The disk refused.
    case disk(directory: String, DiskError)
    /// It is the folder of a node, which has its data in a folder of its own.
    case parent(directory: String, data: String)
    /// Nothing says what the data is.
    case unreadable(directory: String, StorageError)

    /// What is wrong and what to do, in one line.
    package var description: String {
        switch self {
        case .held(let directory, let error):
            "data directory \(directory): \(error); stop that node first, or ask it with "
                + "'martlet status'"
        case .unreachable(let directory, let error), .disk(let directory, let error):
            "data directory \(directory): \(error)"
        case .parent(let directory, let data):
            "\(directory) holds no data of a node itself: did you mean \(data)?"
        case .unreadable(let directory, let error): "data directory \(directory): \(error)"
        }
    }

    /// Whether trying again later may help.
    package var mayPass: Bool {
        if case .held = self { true } else { false }
    }

    /// Whether what was asked for cannot be meant.
    package var isUsage: Bool {
        switch self {
        case .unreachable, .parent: true
        case .held, .disk, .unreadable: false
        }
    }
}

/// A data directory open for looking at; it is given back when the last reference goes.
package final class StorageDirectory {
    /// Where it is.
    package let path: String
    let inspection: StorageInspection

    /// Opens the directory at `path`, and keeps nodes from starting on it meanwhile.
    package init(_ path: String) throws(StorageDirectoryError) {
        self.path = path
        let disk: PosixDisk
        do { disk = try PosixDisk(path: path, readOnly: true) } catch {
            throw .unreachable(directory: path, error)
        }
        do { inspection = try StorageInspection(disk) } catch {
            if case .locked = error.cause { throw .held(directory: path, error) }
            throw .disk(directory: path, error)
        }
        for data in ["\(path)/data", "\(path)/shard-1"]
        where inspection.isForeign && DataDirectory.isDirectory(data) {
            throw .parent(directory: path, data: data)
        }
    }

    deinit { inspection.close() }

    /// What is in it. O(log + tables).
    package func survey() -> InspectionView {
        InspectionView(path, inspection.survey())
    }

    /// Reads every byte that is data, and tells `progress` how far it has come. O(bytes).
    package func verify(_ progress: (VerificationProgress) -> Void) -> VerificationView {
        let check = inspection.verify { step in
            progress(
                VerificationProgress(
                    file: step.file, filesRead: step.filesRead, fileCount: step.fileCount,
                    bytesRead: step.bytesRead, byteCount: step.byteCount))
        }
        return VerificationView(path, check)
    }

    /// Its entries in key order. Fails where no manifest says what the data is.
    package func entries(_ selection: EntrySelection) throws(StorageDirectoryError) -> EntryReader {
        do { return EntryReader(try EntryWalk(inspection, selection.filter)) } catch {
            throw .unreadable(directory: path, error)
        }
    }
}

/// How far `StorageDirectory.verify` has come.
package struct VerificationProgress: Hashable, Sendable {
    /// The file that is read now; empty when all are.
    package var file: String
    /// Files read so far.
    package var filesRead: Int
    /// Files to be read.
    package var fileCount: Int
    /// Bytes of files read so far.
    package var bytesRead: Int
    /// Bytes of files to be read.
    package var byteCount: Int
}
