// Which of many lines about the same trouble are written.
import MartletBase
import MartletServer
import Testing

@Suite("Complaints")
struct ComplaintThrottleTests {
    private func at(_ seconds: UInt64) -> Instant {
        Instant(nanoseconds: seconds * 1_000_000_000)
    }

    @Test("One line in an interval, and the next says how many were left out")
    func oneInAnInterval() {
        var throttle = ComplaintThrottle()
        #expect(throttle.admit(.badDatagram, at: at(0)) == 0)
        for _ in 0..<1_000 { #expect(throttle.admit(.badDatagram, at: at(4)) == nil) }
        #expect(throttle.admit(.badDatagram, at: at(5)) == 1_000)
        #expect(throttle.admit(.badDatagram, at: at(6)) == nil)
        #expect(throttle.admit(.badDatagram, at: at(10)) == 1)
        #expect(throttle.admit(.badDatagram, at: at(60)) == 0)
    }

    @Test("No kind keeps another from being heard")
    func kindsApart() {
        var throttle = ComplaintThrottle()
        for kind in ComplaintThrottle.Kind.allCases {
            #expect(throttle.admit(kind, at: at(1)) == 0)
        }
        #expect(throttle.admit(.conflict, at: at(1)) == nil)
    }

    @Test("A hundred members may change together, made-up ones without end may not")
    func members() {
        var throttle = ComplaintThrottle()
        let written = (0..<10_000).count { _ in
            throttle.admit(.memberChanged, at: at(1)) != nil
        }
        #expect(written == 100)
        #expect(throttle.admit(.memberChanged, at: at(7)) == 9_900)
    }
}
