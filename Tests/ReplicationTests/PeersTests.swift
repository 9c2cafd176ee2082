// How quick peers are taken to be, and how often that is a reason to ask another.
import MartletBase
import Testing

@testable import MartletReplication

@Suite("Peers") struct PeersTests {
    private let wide = Duration.zero...Duration.seconds(60)

    @Test("The first answer is the estimate, and half of it the deviation")
    func first() {
        var latency = PeerLatency()
        #expect(latency.expected == 0)
        latency.observe(.milliseconds(8))
        #expect(latency.expected == 8_000_000)
        #expect(latency.hedgeDelay(within: wide) == .milliseconds(24))
    }

    @Test("Each further answer moves the mean by an eighth and the deviation by a quarter")
    func moves() {
        var latency = PeerLatency()
        latency.observe(.milliseconds(8))
        latency.observe(.milliseconds(16))
        #expect(latency.expected == 9_000_000)
        // The deviation is 4 + (8 - 4) / 4.
        #expect(latency.hedgeDelay(within: wide) == .milliseconds(9 + 4 * 5))
        latency.observe(.milliseconds(1))
        #expect(latency.expected == 8_000_000)
        // 5 + (8 - 5) / 4, for quicker answers deviate too.
        #expect(latency.hedgeDelay(within: wide) == .milliseconds(8 + 23))
    }

    @Test("A hedge comes neither sooner nor later than its range")
    func range() {
        var latency = PeerLatency()
        let range = Duration.milliseconds(5)...Duration.milliseconds(50)
        latency.observe(.microseconds(1))
        #expect(latency.hedgeDelay(within: range) == .milliseconds(5))
        latency.observe(.seconds(2))
        #expect(latency.hedgeDelay(within: range) == .milliseconds(50))
    }

    @Test("Hedges are a share of the requests, and at first as many as can be saved")
    func budget() {
        var budget = HedgeBudget(share: 0.25)
        #expect(spent(of: &budget, after: 0) == 100)
        #expect(spent(of: &budget, after: 3) == 0)
        #expect(spent(of: &budget, after: 1) == 1)
        #expect(spent(of: &budget, after: 1_000) == 100)
    }

    /// How many hedges there are after so many requests.
    private func spent(of budget: inout HedgeBudget, after requests: Int) -> Int {
        for _ in 0..<requests { budget.requestBegan() }
        var spent = 0
        while budget.spend() { spent += 1 }
        return spent
    }

    @Test("What a peer's clock showed is of use for a minute, and runs on a thousandth slower")
    func clock() {
        var peers = Peers()
        let node = NodeID(rawValue: 2)
        let now = Instant.start + .seconds(100)
        let changes = [true, true].map { peers.setReachable(node, of: 1, $0) }
        #expect(changes == [true, false])
        #expect(peers.clock(of: node, at: now) == nil)
        let shown = Instant.start + .seconds(7)
        peers.heard(shown, of: node, at: now)
        #expect(peers.clock(of: node, at: now) == shown)
        #expect(
            peers.clock(of: node, at: now + .seconds(60)) == shown + .milliseconds(60_000 - 60))
        #expect(peers.clock(of: node, at: now + .milliseconds(60_001)) == nil)
        for isReachable in [false, true] { _ = peers.setReachable(node, of: 1, isReachable) }
        #expect(peers.clock(of: node, at: now) == nil, "another link may lead to another life")
    }
}
