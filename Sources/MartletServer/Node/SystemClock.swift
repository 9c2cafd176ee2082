// The machine's two clocks: the only place of the server that asks what time it is.
internal import Glibc
package import MartletBase

/// Reads the monotonic and the wall clock.
package enum SystemClock {
    /// Both clocks, now.
    package static var now: Moment {
        let wall = read(CLOCK_REALTIME)
        return Moment(instant: instant, wall: WallTime(milliseconds: wall / 1_000_000))
    }

    /// The monotonic clock. It counts on while the machine is suspended, so that what was given
    /// some time before is found late after.
    package static var instant: Instant { Instant(nanoseconds: read(CLOCK_BOOTTIME)) }

    private static func read(_ clock: clockid_t) -> UInt64 {
        var time = timespec()
        let status = unsafe clock_gettime(clock, &time)
        invariant(status == 0, "clock_gettime(\(clock)) failed: \(errno)")
        return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
    }
}
