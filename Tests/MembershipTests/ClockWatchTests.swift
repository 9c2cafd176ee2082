// The comparison of wall clocks: by whose time a node goes, and when it doubts its own.
import MartletBase
import MartletMembership
import Testing

/// Milliseconds since 1970 when the tests begin.
private let start: Int64 = 1_800_000_000_000

/// What a node's clocks show `milliseconds` after the start, its wall clock being `ahead`.
private func shown(_ milliseconds: UInt64, ahead: Int64 = 0) -> Moment {
    Moment(
        instant: at(milliseconds),
        wall: WallTime(milliseconds: UInt64(start + Int64(milliseconds) + ahead)))
}

extension ClockWatch {
    /// Reads the clock of node `number`, which is `ahead`, in a round trip of 2 ms.
    fileprivate mutating func read(_ number: Int, ahead: Int64, at time: UInt64) {
        take(
            shown(time, ahead: ahead).wall, of: id(number), askedAt: at(time - 1), at: at(time + 1))
    }

    /// By how much the node corrects its clock, `ahead`, at that time.
    fileprivate mutating func correction(_ time: UInt64, ahead: Int64) -> Int64 {
        let raw = shown(time, ahead: ahead)
        return Int64(adjust(raw).wall.milliseconds) - Int64(raw.wall.milliseconds)
    }
}

@Suite struct ClockWatchTests {
    private let hour: Int64 = 3_600_000

    @Test("a node that has read nobody's clock goes by its own, and says so")
    func alone() {
        var watch = ClockWatch(limit: .seconds(60))
        #expect(watch.correction(10, ahead: 2 * hour) == 0)
        #expect(watch.standing == .alone)
    }

    @Test(
        "of three clocks the odd one goes by the others, and the others by themselves",
        arguments: [-87_600, -2, 2, 24, 87_600])
    func oddOne(hours: Int64) {
        let skews = [0, 0, hours * 3_600_000]
        for own in 0..<3 {
            var watch = ClockWatch(limit: .seconds(60))
            for other in 0..<3 where other != own {
                watch.read(other + 2, ahead: skews[other], at: 100)
            }
            let correction = watch.correction(200, ahead: skews[own])
            // A reading is right to within half its round trip and the grain of a millisecond.
            #expect(abs(correction + skews[own]) <= 4)
            #expect(watch.standing == (own == 2 ? .odd(aheadMilliseconds: -correction) : .agreed))
            #expect(watch.isOdd(id(4)) == (own != 2))
        }
    }

    @Test("a clock within the limit is corrected all the same, and agrees")
    func smallSkew() {
        var watch = ClockWatch(limit: .seconds(60))
        watch.read(2, ahead: 0, at: 100)
        watch.read(3, ahead: 10, at: 100)
        let correction = watch.correction(200, ahead: 20_000)
        #expect(watch.standing == .agreed)
        #expect((-20_000 ... -19_980).contains(correction))
        #expect(watch.correction(201, ahead: 5) == 0)
    }

    @Test("of two clocks the one that is behind counts for both")
    func two() {
        var ahead = ClockWatch(limit: .seconds(60))
        ahead.read(2, ahead: 0, at: 100)
        #expect(abs(ahead.correction(200, ahead: hour) + hour) <= 4)
        var behind = ClockWatch(limit: .seconds(60))
        behind.read(2, ahead: hour, at: 100)
        #expect(behind.correction(200, ahead: 0) == 0)
        #expect(behind.standing == .agreed)
        #expect(behind.isOdd(id(2)))
    }

    @Test("a leap shows at once against what was read before it, and is forgotten once mended")
    func leapAmongOthers() {
        var watch = ClockWatch(limit: .seconds(60))
        watch.read(2, ahead: 0, at: 100)
        watch.read(3, ahead: 0, at: 100)
        #expect(watch.correction(200, ahead: 0) == 0)
        #expect(abs(watch.correction(201, ahead: 24 * hour) + 24 * hour) <= 4)
        guard case .odd = watch.standing else {
            Issue.record("\(watch.standing) after a leap of a day")
            return
        }
        #expect(watch.correction(10_000, ahead: 0) == 0)
        #expect(watch.standing == .agreed)
    }

    @Test("a leap with nobody to compare is doubted for a while, and no longer once mended")
    func leapAlone() {
        var watch = ClockWatch(limit: .seconds(60))
        _ = watch.correction(10, ahead: 0)
        #expect(watch.correction(20, ahead: 24 * hour) == 0)
        #expect(watch.standing == .leapt)
        #expect(watch.correction(10_000, ahead: 0) == 0)
        #expect(watch.standing == .alone)
        _ = watch.correction(10_001, ahead: -24 * hour)
        #expect(watch.standing == .leapt)
        _ = watch.correction(620_000, ahead: -24 * hour)
        #expect(watch.standing == .alone)
    }

    @Test("what cannot be a reading is none: a slow answer, a time beyond all timestamps")
    func refused() {
        var watch = ClockWatch(limit: .seconds(60))
        watch.take(shown(0, ahead: hour).wall, of: id(2), askedAt: at(0), at: at(2_001))
        watch.take(WallTime(milliseconds: .max), of: id(3), askedAt: at(0), at: at(1))
        watch.take(WallTime(milliseconds: 1 << 48), of: id(4), askedAt: at(0), at: at(1))
        #expect(watch.readingCount == 0)
    }

    @Test("old readings, and those of nodes that are no members, are forgotten; the latest stay")
    func forgotten() {
        var watch = ClockWatch(limit: .seconds(60))
        for number in 2...100 { watch.read(number, ahead: hour, at: UInt64(100 * number)) }
        #expect(watch.readingCount == ClockWatch.readingLimit)
        watch.memberCount = 1_000
        #expect(watch.hasMajority)
        watch.keep(only: [id(99), id(100), id(2)])
        #expect(watch.readingCount == 2)
        watch.memberCount = 5
        #expect(watch.hasMajority)
        watch.memberCount = 6
        #expect(!watch.hasMajority)
        _ = watch.correction(10_000 + 1_800_000 + 1, ahead: 0)
        #expect(watch.readingCount == 1)
        #expect(watch.standing == .agreed)
        _ = watch.correction(4_000_000, ahead: 0)
        #expect(watch.standing == .alone)
    }

    @Test("the middle of all may be as early as that of those read with all others before them")
    func margin() throws {
        var watch = ClockWatch(limit: .seconds(60))
        watch.memberCount = 5
        _ = watch.correction(10, ahead: 0)
        #expect(watch.margin == nil, "the four others may all be years behind")
        watch.read(2, ahead: -20_000, at: 100)
        _ = watch.correction(200, ahead: 0)
        #expect(watch.margin == nil)
        watch.read(3, ahead: 10_000, at: 100)
        _ = watch.correction(200, ahead: 0)
        let partly = try #require(watch.margin).milliseconds
        #expect((20_000...20_010).contains(partly), "\(partly)")
        watch.read(4, ahead: -3_000, at: 100)
        watch.read(5, ahead: 4_000, at: 100)
        _ = watch.correction(200, ahead: 0)
        #expect(try #require(watch.margin).milliseconds <= 4, "all are known")
    }

    @Test("whatever the clocks are, all nodes go by one time", arguments: 1...200)
    func agreement(seed: Int) {
        var random = SeededRandom(seed: UInt64(seed), stream: "clocks")
        let count = 2 + random.below(6)
        let skews = (0..<count).map { _ in Int64(random.below(2_000_000_000)) - 1_000_000_000 }
        var times: [Int64] = []
        for own in 0..<count {
            var watch = ClockWatch(limit: .seconds(60))
            for other in 0..<count where other != own {
                watch.read(other + 1, ahead: skews[other], at: 100)
            }
            times.append(skews[own] + watch.correction(200, ahead: skews[own]))
        }
        let middle = skews.sorted()[(count - 1) / 2]
        #expect(times.allSatisfy { abs($0 - middle) <= 4 }, "\(skews): \(times)")
    }
}
