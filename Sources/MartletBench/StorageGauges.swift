// What the process has used so far: processor time and memory, as the kernel tells it.
internal import FoundationEssentials
internal import Glibc
internal import MartletBase

/// Readings of this process.
enum StorageGauges {
    /// The monotonic clock, in nanoseconds.
    static var now: UInt64 { nanoseconds(CLOCK_MONOTONIC) }

    /// Processor time of the calling thread, in nanoseconds.
    static var threadTime: UInt64 { nanoseconds(CLOCK_THREAD_CPUTIME_ID) }

    /// Processor time of all threads, in nanoseconds.
    static var processTime: UInt64 { nanoseconds(CLOCK_PROCESS_CPUTIME_ID) }

    private static func nanoseconds(_ clock: clockid_t) -> UInt64 {
        var time = timespec()
        unsafe clock_gettime(clock, &time)
        return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
    }

    /// Memory that is resident now, in bytes.
    static var residentBytes: Int { memory("VmRSS") }

    /// The most that was resident since `forgetPeak`, in bytes.
    static var peakBytes: Int { memory("VmHWM") }

    /// Begins the peak anew where the kernel allows it.
    static func forgetPeak() {
        try? "5".write(toFile: "/proc/self/clear_refs", atomically: false, encoding: .utf8)
    }

    private static func memory(_ name: String) -> Int {
        let text = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
        return Machine.value(of: name, in: text)?.split(separator: " ").first
            .flatMap { Int($0) }.map { $0 << 10 } ?? 0
    }
}
