// How much memory the process takes, as the system counts it.
internal import Glibc

/// The memory of this process.
package enum ProcessMemory {
    /// The bytes of it that are in memory now; 0 where the system does not tell. One short read.
    package static var residentBytes: Int {
        let descriptor = unsafe open("/proc/self/statm", O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return 0 }
        defer { close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: 128)
        let count = unsafe read(descriptor, &bytes, bytes.count)
        let text = String(decoding: bytes.prefix(max(0, count)), as: UTF8.self)
        return residentPages(statm: text) * sysconf(CInt(_SC_PAGESIZE))
    }

    /// The second field of a `/proc/PID/statm`: pages in memory; 0 where there is none.
    package static func residentPages(statm: String) -> Int {
        let fields = statm.split(separator: " ")
        return fields.count > 1 ? Int(fields[1]) ?? 0 : 0
    }
}
