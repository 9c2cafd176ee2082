// When the checker of availability holds a failed request against the store, and when it does not.
import MartletBase
import Testing

@testable import MartletSimulator

@Suite("Troubles of nodes")
struct TroubleWatchTests {
    private static func at(_ seconds: Int) -> Instant { .start + .seconds(seconds) }

    @Test("A wrong belief counts as trouble only where a datagram was lost in the same while")
    func lostDatagrams() {
        var watch = TroubleWatch(nodeCount: 3)
        // Nothing was lost: whoever takes node 1 for away is at fault.
        watch.believes(0, isAway: true, 1, since: Self.at(0), at: Self.at(5))
        #expect(watch.isWhole(1, since: Self.at(0)))
        watch.believes(0, isAway: false, 1, since: Self.at(1), at: Self.at(6))
        #expect(watch.isWhole(1, since: Self.at(0)))
        // One was, but before the while that counts; or another node's.
        watch.misses(1, at: Self.at(7))
        watch.misses(2, at: Self.at(10))
        watch.believes(0, isAway: true, 1, since: Self.at(8), at: Self.at(11))
        #expect(watch.isWhole(1, since: Self.at(0)))
        watch.believes(0, isAway: false, 1, since: Self.at(8), at: Self.at(12))
        // One was, within it.
        watch.misses(1, at: Self.at(13))
        watch.believes(0, isAway: true, 1, since: Self.at(9), at: Self.at(14))
        #expect(!watch.isWhole(1, since: Self.at(14)) && watch.isWhole(1, since: Self.at(15)))
        #expect(watch.isWhole(0, since: Self.at(0)) && watch.isWhole(2, since: Self.at(0)))
    }

    @Test("A belief that is no news is no trouble either, and each believer has its own")
    func news() {
        var watch = TroubleWatch(nodeCount: 3)
        watch.misses(1, at: Self.at(1))
        watch.believes(0, isAway: false, 1, since: Self.at(0), at: Self.at(2))
        #expect(watch.isWhole(1, since: Self.at(0)))
        watch.believes(0, isAway: true, 1, since: Self.at(0), at: Self.at(3))
        watch.believes(0, isAway: true, 1, since: Self.at(0), at: Self.at(4))
        #expect(watch.isWhole(1, since: Self.at(4)))
        watch.believes(2, isAway: true, 1, since: Self.at(0), at: Self.at(5))
        #expect(!watch.isWhole(1, since: Self.at(5)))
    }
}
