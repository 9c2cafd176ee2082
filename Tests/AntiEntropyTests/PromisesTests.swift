// Promises by themselves: when a node binds itself, how far, and when the others hear of it.
import MartletBase
import MartletRing
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
        let promise = Promise(floor: floor, hinted: [2], epoch: 4)
        #expect(
            stand.take() == [
                .send(.promise(promise), to: PartStand.second),
                .send(.promise(promise), to: PartStand.third),
            ])
        #expect(!promises.hasOneToTell(synced: stand.engine.synced))
        #expect(Promises(from: stand.engine).floor == floor, "the next life is bound by it")
    }

    @Test("All shards of a node are told that share partitions, and each is believed of its own")
    func dividedNodes() throws {
        var stand = try PartStand()
        let second = PartStand.second.node
        stand.here.reachabilityChanged(second, of: 2, isReachable: true)
        let halves = (0..<2).map { Peer(second, Shard(index: $0, of: 2)) }
        var promises = Promises(from: stand.engine)
        promises.start(
            stand.here.options, at: stand.now, using: &stand.random, into: &stand.effects)
        tick(&promises, &stand)
        stand.sync()
        _ = stand.take()
        promises.tell(hinted: [], stand.here, into: &stand.effects)
        let told = stand.take().compactMap { if case .send(_, let peer) = $0 { peer } else { nil } }
        #expect(told == halves + [PartStand.third])

        let promise = Promise(floor: behind(stand), hinted: [], epoch: .max)
        for peer in [PartStand.third, halves[1]] {
            promises.received(promise, from: peer, into: &stand.effects)
        }
        // Two partitions are the first half's, of which nothing is known.
        #expect(promises.provable(1, stand.here) == .failure(.silent(second)))
        #expect(promises.provable(2, stand.here) == .success(promise.floor))
        promises.received(
            Promise(floor: promise.floor, hinted: [1], epoch: .max), from: halves[0],
            into: &stand.effects)
        #expect(promises.provable(0, stand.here) == .success(promise.floor))
        #expect(promises.provable(1, stand.here) == .failure(.hinting(second)))
        promises.checkInvariants(stand.here)
        // What it told as it was divided then is not looked for when it is divided otherwise.
        promises.forget(second)
        stand.here.reachabilityChanged(second, of: 3, isReachable: true)
        #expect(promises.provable(3, stand.here) == .failure(.silent(second)))
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
            Promise(floor: least, hinted: [], epoch: .max), from: PartStand.second,
            into: &stand.effects)
        #expect(stand.take() == [.observe(least)])
        tick(&promises, &stand)
        let bound = HybridTimestamp(
            WallTime(milliseconds: least.wall.milliseconds + 600_000))
        #expect(stand.take() == [.promise(bound)])
        #expect(promises.counters.marks.contains(.promiseHeldBack))
    }
}
