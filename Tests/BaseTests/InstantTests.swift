// Time as values: sums stop at `never`, differences at zero.
import MartletBase
import Testing

@Suite("Time") struct InstantTests {
    @Test("A sum that would overflow stops at never")
    func saturation() {
        #expect(Instant.start + .seconds(1) == Instant(nanoseconds: 1_000_000_000))
        #expect(Instant.never + .nanoseconds(1) == .never)
        #expect(Instant.never + .zero == .never)
        #expect(Instant(nanoseconds: .max - 5) + .nanoseconds(5) == .never)
        #expect(Instant(nanoseconds: .max - 5) + .nanoseconds(6) == .never)
        #expect(Instant.start + .seconds(Int64.max) == .never)
    }

    @Test("Time never runs backwards")
    func backwards() {
        let later = Instant(nanoseconds: 500)
        #expect(later + .seconds(-1) == later)
        #expect(later.since(Instant(nanoseconds: 200)) == .nanoseconds(300))
        #expect(Instant(nanoseconds: 200).since(later) == .zero)
        #expect(Instant.never.since(.start) == .nanoseconds(Int64.max))
    }

    @Test(
        "Durations in nanoseconds are clamped to what an instant can hold",
        arguments: [
            (.zero, 0), (.nanoseconds(1), 1), (.milliseconds(3), 3_000_000),
            (.nanoseconds(-1), 0), (.seconds(-5), 0),
            (.seconds(18_446_744_073), 18_446_744_073_000_000_000),
            (.seconds(18_446_744_073) + .milliseconds(709), 18_446_744_073_709_000_000),
            (.seconds(18_446_744_073) + .milliseconds(710), .max),
            (.seconds(18_446_744_074), .max), (.seconds(Int64.max), .max),
        ] as [(Duration, UInt64)])
    func durations(duration: Duration, nanoseconds: UInt64) {
        #expect(duration.nanoseconds == nanoseconds)
        #expect(duration.milliseconds == nanoseconds / 1_000_000)
    }

    @Test("Instants and wall times are ordered")
    func order() {
        #expect(Instant.start < .never)
        #expect(WallTime(milliseconds: 1) < WallTime(milliseconds: 2))
    }
}
