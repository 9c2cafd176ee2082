// Small files and folders of this machine, with failures in words.
internal import FoundationEssentials
internal import Glibc

/// Files that are read and written whole.
package enum LocalFiles {
    /// Makes a folder and those above it.
    package static func make(_ path: String) throws(LocalFailure) {
        do {
            try FileManager.default.createDirectory(
                atPath: path, withIntermediateDirectories: true)
        } catch {
            throw failure("make", path)
        }
    }

    /// Writes a whole file, in place.
    package static func write(_ text: String, to path: String) throws(LocalFailure) {
        do {
            try text.write(toFile: path, atomically: false, encoding: .utf8)
        } catch {
            throw failure("write", path)
        }
    }

    /// Whether a file was there; it is not any more.
    package static func take(_ path: String) -> Bool { unsafe unlink(path) == 0 }

    /// Whether a file is there.
    package static func exists(_ path: String) -> Bool { unsafe access(path, F_OK) == 0 }

    /// Removes a folder with all that is in it.
    package static func remove(_ path: String) throws(LocalFailure) {
        do { try FileManager.default.removeItem(atPath: path) } catch {
            throw failure("remove", path)
        }
    }

    /// The last lines of a file, for an error.
    package static func lastLines(_ count: Int, of path: String) -> String {
        let text = (try? String(contentsOfFile: path, encoding: .utf8)) ?? ""
        return text.split(separator: "\n").suffix(count).map { "  \($0)" }.joined(separator: "\n")
    }

    /// What the system's last error says of `path`, which could not be had for `what`.
    package static func failure(_ what: String, _ path: String) -> LocalFailure {
        unsafe LocalFailure("cannot \(what) \(path): \(String(cString: strerror(errno)))")
    }
}
