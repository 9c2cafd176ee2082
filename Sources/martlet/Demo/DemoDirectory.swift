// The folder of a demo on disk: one demo at a time, configurations, requests to restart.
internal import FoundationEssentials
internal import Glibc
internal import MartletLocal

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
            (1...LocalPlan.nodeLimit).contains(nodeCount), let basePort = UInt16(words[2]),
            basePort <= LocalPlan.highestBasePort(nodeCount: nodeCount)
        else { return nil }
        self.init(pid: pid, nodeCount: nodeCount, basePort: basePort)
    }
}

/// The lock on a demo's folder: the system releases it when its process ends, however that may be,
/// so that no leftover file ever stands in the way.
final class DemoLock {
    private let descriptor: CInt

    /// Makes the folder and locks it for a demo of `plan`.
    init(_ plan: LocalPlan) throws(LocalFailure) {
        let path = DemoDirectory.lockPath(in: plan.directory)
        try LocalFiles.make(plan.directory)
        descriptor = unsafe open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw LocalFiles.failure("open", path) }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            let owner = DemoDirectory.readOwner(path)
            throw LocalFailure(
                "a demo already runs in \(plan.directory)"
                    + (owner.map { " (pid \($0.pid))" } ?? "")
                    + ": stop it with Ctrl-C or kill, or give this one another --dir and "
                    + "--base-port")
        }
        let owner = DemoOwner(
            pid: getpid(), nodeCount: plan.nodes.count, basePort: plan.nodes[0].clientPort)
        try LocalFiles.write(owner.line, to: path)
    }

    deinit {
        if descriptor >= 0 { close(descriptor) }
    }
}

/// Files of a demo.
enum DemoDirectory {
    /// Kept locked while a demo runs in `directory`; names its process and its ports.
    static func lockPath(in directory: String) -> String { "\(directory)/demo.lock" }

    /// A file that asks the running demo to restart the node with that number.
    static func restartPath(_ number: Int, in directory: String) -> String {
        "\(directory)/restart-n\(number)"
    }

    /// Who runs a demo in `directory` now; nil when nobody does.
    static func owner(of directory: String) -> DemoOwner? {
        let path = lockPath(in: directory)
        let descriptor = unsafe open(path, O_RDWR | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        if flock(descriptor, LOCK_SH | LOCK_NB) == 0 { return nil }
        return readOwner(path)
    }

    static func readOwner(_ path: String) -> DemoOwner? {
        (try? String(contentsOfFile: path, encoding: .utf8)).flatMap(DemoOwner.init(line:))
    }
}
