// How much memory the machine has, or the container that the process runs in: what limits in bytes
// follow where the operator names none.
internal import Glibc

enum MachineMemory {
    /// What the memory of all connections may come to: a quarter of the machine's.
    static var defaultLimitBytes: Int { max(leastLimitBytes, byteCount / 4) }

    /// The least that `clients.memory_limit` may be.
    static let leastLimitBytes = 32 << 20

    /// Bytes of memory of the machine, or of the control group where that is less.
    private static var byteCount: Int {
        let pages = sysconf(CInt(_SC_PHYS_PAGES))
        let machine = pages > 0 ? pages * sysconf(CInt(_SC_PAGESIZE)) : leastLimitBytes
        return min(machine, controlGroupLimit ?? machine)
    }

    /// The number in the control group's file; nil without one, or where it says `max`.
    private static var controlGroupLimit: Int? {
        let descriptor = unsafe open("/sys/fs/cgroup/memory.max", O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var text = [UInt8](repeating: 0, count: 32)
        let count = unsafe read(descriptor, &text, text.count)
        return Int(String(decoding: text.prefix(max(0, count)).prefix { $0 > 0x20 }, as: UTF8.self))
    }
}
