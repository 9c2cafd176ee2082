// Removal by itself: what a sweep takes, and what it leaves.
import MartletBase
import MartletRing
import MartletStorage
import MartletVersions
import Testing

@testable import MartletAntiEntropy

@Suite("Sweeping, one node's part")
struct SweepingTests {
    private let settled = HybridTimestamp(WallTime(milliseconds: 1_000))

    private func tick(_ sweeping: inout Sweeping, _ stand: inout PartStand) {
        sweeping.tick(stand.here, stand.times, at: stand.now, into: &stand.effects)
        sweeping.checkInvariants(stand.here)
    }

    /// A node at which partition 0 is settled, and that is about to sweep it.
    private func begun(flushBytes: Int = 64 << 20) throws -> (PartStand, Sweeping) {
        var stand = try PartStand(flushBytes: flushBytes)
        var sweeping = Sweeping()
        sweeping.start(at: stand.now)
        #expect(sweeping.nextWakeup(stand.here.clock) == .never)
        let moves = stand.times.adopt(
            settled, of: 0, in: stand.engine, into: &stand.effects)
        #expect(moves)
        #expect(stand.take() == [.settle(Partition(index: 0), upTo: settled)])
        sweeping.settled([0])
        return (stand, sweeping)
    }

    @Test("What is settled and was gone long ago is removed; the rest stays")
    func taken() throws {
        var (stand, sweeping) = try begun()
        stand.here.clock.margin = .seconds(3)
        let wall = Cluster.wallStart.milliseconds + 20
        let gone = WallTime(milliseconds: wall - 63_000)
        try stand.note("deleted", horizon: settled)
        try stand.note("expired", from: gone, horizon: settled)
        try stand.note(
            "expires", from: WallTime(milliseconds: gone.milliseconds + 1), horizon: settled)
        try stand.note("news", horizon: HybridTimestamp(bits: settled.bits + 1))
        tick(&sweeping, &stand)
        #expect(stand.take() == [], "it rests first")
        stand.pass(sweeping.nextWakeup(stand.here.clock).since(stand.now.instant))
        tick(&sweeping, &stand)
        let removed = stand.take().compactMap { effect in
            if case .remove(let key, let partition, let since) = effect, partition.index == 0 {
                since == gone ? key.text : nil
            } else {
                nil
            }
        }
        #expect(removed.sorted() == ["deleted", "expired"])
        #expect(sweeping.nextWakeup(stand.here.clock) == .never, "there is nothing left to sweep")
    }

    @Test("In a partition that has lost data nothing is removed")
    func doubted() throws {
        var (stand, sweeping) = try begun()
        try stand.note("deleted", horizon: settled)
        let lost = stand.times.damageFound(in: [0], stand.here, into: &stand.effects)
        #expect(lost == [0])
        _ = stand.take()
        stand.pass(.milliseconds(20))
        tick(&sweeping, &stand)
        #expect(stand.take() == [])
    }

    @Test("A clock that loses trust while a page is read puts the sweep off")
    func putOff() throws {
        var (stand, sweeping) = try begun(flushBytes: 1 << 10)
        for number in 0..<50 {
            try stand.note("key \(number)", horizon: settled)
            stand.sync()
        }
        stand.pass(.milliseconds(20))
        tick(&sweeping, &stand)
        #expect(stand.take() == [], "the page is on the disk")
        #expect(sweeping.nextWakeup(stand.here.clock) == .never)
        stand.here.clock.mayRemove = false
        sweeping.readCompleted(
            try stand.completedRead(), stand.here, stand.times, at: stand.now,
            into: &stand.effects)
        stand.pass(.seconds(60))
        tick(&sweeping, &stand)
        #expect(stand.take() == [] && sweeping.marks.contains(.sweepPutOff))
        #expect(sweeping.nextWakeup(stand.here.clock) == .never)

        stand.here.clock.mayRemove = true
        stand.pass(sweeping.nextWakeup(stand.here.clock).since(stand.now.instant))
        tick(&sweeping, &stand)
        while stand.effects.isEmpty {
            sweeping.readCompleted(
                try stand.completedRead(), stand.here, stand.times, at: stand.now,
                into: &stand.effects)
        }
        #expect(stand.take().count == 50)
    }
}
