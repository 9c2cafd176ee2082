// The folder of a demo on disk: one demo at a time, configurations, requests to restart.
internal import FoundationEssentials
internal import Glibc

/// Who runs a demo in a folder.
struct DemoOwner: Hashable, Sendable {
    /// Its process.
    var pid: Int32
    /// How many nodes it runs.
    var nodeCount: Int
    /// The first of its ports.
    var basePort: UInt16

    /// The owner with these.
    init(pid: Int32, nodeCount: Int, basePort: UInt16) {
        self.pid = pid
        self.nodeCount = nodeCount
        self.basePort = basePort
    }

    /// One line: `pid nodes port`.
    var line: String { "\(pid) \(nodeCount) \(basePort)\n" }

    /// Reads what `line` wrote; nil for anything else.
    init?(line: String) {
        let words = line.split { $0 == " " || $0 == "\n" }
        guard words.count == 3, let pid = Int32(words[0]), let nodeCount = Int(words[1]),
            (1...DemoPlan.nodeLimit).contains(nodeCount), let basePort = UInt16(words[2]),
            basePort <= DemoPlan.highestBasePort(nodeCount: nodeCount)
        else { return nil }
        self.init(pid: pid, nodeCount: nodeCount, basePort: basePort)
    }
}

/// The lock on a demo's folder: the system releases it when its process ends, however that may be,
/// so that no leftover file ever stands in the way.
final class DemoLock {
    private let descriptor: CInt

    /// Makes the folder and locks it for a demo of `plan`.
    init(_ plan: DemoPlan) throws(CommandFailure) {
        try DemoDirectory.make(plan.directory)
        descriptor = unsafe open(plan.lockPath, O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw DemoDirectory.failure("open", plan.lockPath) }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            let owner = DemoDirectory.readOwner(plan.lockPath)
            throw CommandFailure(
                "a demo already runs in \(plan.directory)"
                    + (owner.map { " (pid \($0.pid))" } ?? "")
                    + ": stop it with Ctrl-C or kill, or give this one another --dir and "
                    + "--base-port")
        }
        let owner = DemoOwner(
            pid: getpid(), nodeCount: plan.nodes.count, basePort: plan.nodes[0].clientPort)
        try DemoDirectory.write(owner.line, to: plan.lockPath)
    }

    deinit {
        if descriptor >= 0 { close(descriptor) }
    }
}

/// Files of a demo.
enum DemoDirectory {
    /// Who runs a demo in `directory` now; nil when nobody does.
    static func owner(of directory: String) -> DemoOwner? {
        let path = DemoPlan(nodeCount: 1, directory: directory, basePort: 1).lockPath
        let descriptor = unsafe open(path, O_RDWR | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        if flock(descriptor, LOCK_SH | LOCK_NB) == 0 { return nil }
        return readOwner(path)
    }

    static func readOwner(_ path: String) -> DemoOwner? {
        (try? String(contentsOfFile: path, encoding: .utf8)).flatMap(DemoOwner.init(line:))
    }

    /// Makes a folder and those above it.
    static func make(_ path: String) throws(CommandFailure) {
        do {
            try FileManager.default.createDirectory(
                atPath: path, withIntermediateDirectories: true)
        } catch {
            throw failure("make", path)
        }
    }

    /// Writes a whole file, in place.
    static func write(_ text: String, to path: String) throws(CommandFailure) {
        do {
            try text.write(toFile: path, atomically: false, encoding: .utf8)
        } catch {
            throw failure("write", path)
        }
    }

    /// Whether a file was there; it is not any more.
    static func take(_ path: String) -> Bool { unsafe unlink(path) == 0 }

    /// Whether a file is there.
    static func exists(_ path: String) -> Bool { unsafe access(path, F_OK) == 0 }

    /// The last lines of a file, for an error.
    static func lastLines(_ count: Int, of path: String) -> String {
        let text = (try? String(contentsOfFile: path, encoding: .utf8)) ?? ""
        return text.split(separator: "\n").suffix(count).map { "  \($0)" }.joined(separator: "\n")
    }

    static func failure(_ what: String, _ path: String) -> CommandFailure {
        unsafe CommandFailure("cannot \(what) \(path): \(String(cString: strerror(errno)))")
    }
}
