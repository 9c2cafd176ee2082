// The folder of a demo on disk: one demo at a time, configurations, requests to restart.
internal import FoundationEssentials
internal import Glibc
internal import MartletLocal

/// Who runs a demo in a folder.
struct DemoOwner: Hashable, Sendable {
    /// Its process.
    var pid: Int32
    /// The numbers of the nodes that it runs, ascending.
    var numbers: [Int]
    /// The first of its ports.
    var basePort: UInt16

    /// The owner with these.
    init(pid: Int32, numbers: [Int], basePort: UInt16) {
        self.pid = pid
        self.numbers = numbers
        self.basePort = basePort
    }

    /// One line: `pid number,number port`.
    var line: String {
        "\(pid) \(numbers.map { "\($0)" }.joined(separator: ",")) \(basePort)\n"
    }

    /// Reads what `line` wrote; nil for anything else.
    init?(line: String) {
        let words = line.split { $0 == " " || $0 == "\n" }
        guard words.count == 3, let pid = Int32(words[0]), let basePort = UInt16(words[2]) else {
            return nil
        }
        let numbers = words[1].split(separator: ",").compactMap { Int($0) }
        guard let last = numbers.last, numbers == Set(numbers).sorted(), numbers[0] >= 1,
            last <= LocalPlan.nodeLimit, basePort <= LocalPlan.highestBasePort(nodeCount: last)
        else { return nil }
        self.init(pid: pid, numbers: numbers, basePort: basePort)
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
        try note(plan)
    }

    /// Tells others which nodes the demo runs.
    func note(_ plan: LocalPlan) throws(LocalFailure) {
        let owner = DemoOwner(
            pid: getpid(), numbers: plan.nodes.map(\.number), basePort: plan.basePort)
        try LocalFiles.write(owner.line, to: DemoDirectory.lockPath(in: plan.directory))
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

    /// A file that asks the running demo to start a node more, of that number.
    static func addPath(_ number: Int, in directory: String) -> String {
        "\(directory)/add-n\(number)"
    }

    /// A file that asks the running demo to stop the node with that number for good.
    static func removePath(_ number: Int, in directory: String) -> String {
        "\(directory)/remove-n\(number)"
    }

    /// The numbers of the nodes that have data in `directory`, ascending.
    static func numbers(in directory: String) -> [Int] {
        let all = LocalPlan(nodeCount: LocalPlan.nodeLimit, directory: directory, basePort: 1)
        return all.nodes.filter { LocalFiles.exists($0.dataPath) }.map(\.number)
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
