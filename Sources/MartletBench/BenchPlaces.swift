// Where a benchmark lives: a new folder that is removed afterwards, and ports that nobody has.
package import MartletLocal

internal import FoundationEssentials
internal import Glibc
internal import MartletClient

/// The folder and the ports of a benchmark.
package struct BenchPlaces: Hashable, Sendable {
    /// The first base port that is looked at when none is given: below those that the system gives
    /// to outgoing connections.
    private static let firstBasePort: UInt16 = 17_400
    /// From one base port that is looked at to the next.
    private static let basePortStep: UInt16 = 100
    /// How many base ports are looked at.
    private static let basePortLimit: UInt16 = 40

    /// The folder of everything, an absolute path without links.
    package let directory: String
    /// The first port of the first node.
    package let basePort: UInt16

    /// What `redis-benchmark` said last.
    var loadLogPath: String { "\(directory)/load.log" }
    /// What `redis-server` says.
    var redisLogPath: String { "\(directory)/redis.log" }
    /// The port of `redis-server`: the first one after those of the nodes.
    var redisPort: UInt16 { basePort + UInt16(BenchPlan.nodeCount) * 10 }

    /// The highest base port with which every port exists.
    package static let highestBasePort = LocalPlan.highestBasePort(
        nodeCount: BenchPlan.nodeCount + 1)

    /// The nodes of the cluster with `dw`.
    func nodes(dw: Quorum) -> LocalPlan {
        LocalPlan(
            nodeCount: BenchPlan.nodeCount, directory: "\(directory)/dw-\(dw)", basePort: basePort)
    }

    /// A new folder in `parent`, and `basePort`, or ports that are free now.
    package init(in parent: String, basePort: UInt16?) throws(LocalFailure) {
        guard let port = basePort ?? Self.freeBasePort() else {
            throw LocalFailure("found no free ports: choose some with --base-port")
        }
        self.basePort = port
        directory = try Self.newFolder(in: parent)
    }

    /// Makes a folder in `parent` that nobody else has; an absolute path without links.
    package static func newFolder(in parent: String) throws(LocalFailure) -> String {
        try LocalFiles.make(parent)
        var template = Array("\(parent)/martlet-bench-XXXXXX".utf8CString)
        guard unsafe mkdtemp(&template) != nil else {
            throw LocalFiles.failure("make a folder in", parent)
        }
        let made = String(
            decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        return URL(filePath: made).resolvingSymlinksInPath().path
    }

    /// Where folders are made that outlive no benchmark: on disk, where `/tmp` often is in memory.
    package static var standardParent: String {
        ProcessInfo.processInfo.environment["TMPDIR"] ?? "/var/tmp"
    }

    /// Removes the folder and all in it.
    package func remove() {
        try? FileManager.default.removeItem(atPath: directory)
    }

    private static func freeBasePort() -> UInt16? {
        (0..<basePortLimit).lazy.map { firstBasePort + $0 * basePortStep }.first { port in
            let plan = LocalPlan(
                nodeCount: BenchPlan.nodeCount + 1, directory: "", basePort: port)
            return PortProbe.taken(of: plan).isEmpty
        }
    }
}
