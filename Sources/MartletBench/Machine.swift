// The machine that a measurement was made on, named so that others can compare.
internal import FoundationEssentials
internal import Glibc

/// What of a machine decides how fast it is.
package struct Machine: Hashable, Sendable, Encodable {
    /// Processors that are switched on.
    package var cores: Int
    /// What the processor calls itself.
    package var model: String
    /// Memory in bytes.
    package var memoryBytes: Int
    /// The kernel and its version.
    package var kernel: String
    /// How many tasks wanted to run in the last minute: above a fraction, others were at work.
    package var load: Double

    /// This machine, now.
    package static func current() -> Machine {
        Machine(
            cores: max(1, sysconf(CInt(_SC_NPROCESSORS_ONLN))),
            model: value(of: "model name", in: read("/proc/cpuinfo")) ?? "an unnamed processor",
            memoryBytes: memoryBytes(meminfo: read("/proc/meminfo")) ?? 0,
            kernel: "Linux " + read("/proc/sys/kernel/osrelease").prefix { $0 != "\n" },
            load: read("/proc/loadavg").split(separator: " ").first.flatMap { Double($0) } ?? 0)
    }

    /// The value of the first line `name : value`.
    static func value(of name: String, in text: String) -> String? {
        for line in text.split(separator: "\n") {
            guard let colon = line.firstIndex(of: ":"), trimmed(line[..<colon]) == name else {
                continue
            }
            return trimmed(line[line.index(after: colon)...])
        }
        return nil
    }

    /// The memory that a `/proc/meminfo` tells.
    static func memoryBytes(meminfo: String) -> Int? {
        value(of: "MemTotal", in: meminfo)?.split(separator: " ").first.flatMap { Int($0) }
            .map { $0 << 10 }
    }

    /// The kind of file system that holds `path`, an absolute path without links: that of the
    /// longest mount point above it in a `/proc/self/mountinfo`, the last of several.
    static func fileSystem(of path: String, mountinfo: String) -> String? {
        var found: (length: Int, kind: String)?
        for line in mountinfo.split(separator: "\n") {
            let fields = line.split(separator: " ")
            guard fields.count > 4, let dash = fields.firstIndex(of: "-"), dash + 1 < fields.count
            else { continue }
            let point = fields[4] == "/" ? "" : fields[4]
            guard path == point || path.hasPrefix("\(point)/") else { continue }
            if point.count >= found?.length ?? 0 { found = (point.count, String(fields[dash + 1])) }
        }
        return found?.kind
    }

    /// The kind of file system that holds `path` here.
    package static func fileSystem(of path: String) -> String? {
        fileSystem(of: path, mountinfo: read("/proc/self/mountinfo"))
    }

    private static func trimmed(_ text: Substring) -> String {
        let isBlank = { (character: Character) in character == " " || character == "\t" }
        return String(text.drop(while: isBlank).reversed().drop(while: isBlank).reversed())
    }

    private static func read(_ path: String) -> String {
        (try? String(contentsOfFile: path, encoding: .utf8)) ?? ""
    }
}
