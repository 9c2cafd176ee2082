// Promises by themselves: when a node binds itself, how far, and when the others hear of it.
import MartletBase
import MartletStorage
import MartletVersions
import MartletWire
import Testing

@testable import MartletAntiEntropy

@Suite("Promises, one node's part")
struct PromisesTests {
    /// Lets the time come at which the node binds itself further.
    private func tick(_ promises: inout Promises, _ stand: inout PartStand) {
        stand.pass(promises.next.since(stand.now.instant))
        promises.tick(stand.here, at: stand.now, using: &stand.random, into: &stand.effects)
        promises.checkInvariants(stand.here)
    }

    private func behind(_ stand: PartStand, _ lag: UInt64 = 30_000) -> HybridTimestamp {
        HybridTimestamp(WallTime(milliseconds: stand.now.wall.milliseconds - lag))
    }

    @Test("A promise binds the node at once, and is told to all others once it is synced")
    func told() throws {
        var stand = try PartStand()
        var promises = Promises(from: stand.engine)
        promises.start(
            stand.here.options, at: stand.now, using: &stand.random, into: &stand.effects)
        #expect(stand.take() == [.promise(HybridTimestamp(bits: 0))])
        tick(&promises, &stand)
        let floor = behind(stand)
        #expect(stand.take() == [.promise(floor)])
        #expect(!promises.hasOneToTell(synced: stand.engine.synced))
        promises.tell(hinted: [], stand.here, into: &stand.effects)
        #expect(stand.take() == [], "a restart could take it back")
        tick(&promises, &stand)
        #expect(stand.take() == [], "one is on its way")
        stand.sync()
        promises.tell(hinted: [2], stand.here, into: &stand.effects)
        let promise = Promise(floor: floor, hinted: [2])
        #expect(
            stand.take() == [
                .send(.promise(promise), to: PartStand.second),
                .send(.promise(promise), to: PartStand.third),
            ])
        #expect(!promises.hasOneToTell(synced: stand.engine.synced))
        #expect(Promises(from: stand.engine).floor == floor, "the next life is bound by it")
    }

    @Test("None is made by a clock that is not trusted, nor far beyond the least of the others")
    func bounded() throws {
        var stand = try PartStand()
        var promises = Promises(from: stand.engine)
        promises.start(
            stand.here.options, at: stand.now, using: &stand.random, into: &stand.effects)
        stand.here.clock.mayPromise = false
        tick(&promises, &stand)
        #expect(stand.take() == [.promise(HybridTimestamp(bits: 0))])
        stand.here.clock.mayPromise = true
        let least = behind(stand, 3_600_000)
        promises.received(
            Promise(floor: least, hinted: []), from: PartStand.second, into: &stand.effects)
        #expect(stand.take() == [.observe(least)])
        tick(&promises, &stand)
        let bound = HybridTimestamp(
            WallTime(milliseconds: least.wall.milliseconds + 600_000))
        #expect(stand.take() == [.promise(bound)])
        #expect(promises.counters.marks.contains(.promiseHeldBack))
    }
}
