// How long processes have kept processors busy, as /proc tells it.
internal import FoundationEssentials
internal import Glibc
internal import MartletLocal

/// Processor time of processes.
enum ProcessorTime {
    /// The time of all threads of these processes since they started, in the kernel and out of it,
    /// in microseconds. Counted in ticks of the kernel, mostly of 10 ms.
    static func microseconds(of pids: [pid_t]) throws(LocalFailure) -> Double {
        var ticks: UInt64 = 0
        for pid in pids {
            let path = "/proc/\(pid)/stat"
            guard let text = try? String(contentsOfFile: path, encoding: .utf8),
                let count = Self.ticks(stat: text)
            else { throw LocalFailure("cannot read \(path): has process \(pid) ended?") }
            ticks += count
        }
        let ticksPerSecond = sysconf(CInt(_SC_CLK_TCK))
        return Double(ticks) * 1_000_000 / Double(max(1, ticksPerSecond))
    }

    /// utime and stime of a `/proc/PID/stat`: its fields 14 and 15. The second field is the
    /// program's name in parentheses, in which anything may stand.
    static func ticks(stat: String) -> UInt64? {
        guard let end = stat.lastIndex(of: ")") else { return nil }
        let fields = stat[stat.index(after: end)...].split(separator: " ")
        guard fields.count > 12, let user = UInt64(fields[11]), let system = UInt64(fields[12])
        else { return nil }
        return user + system
    }
}
