// What is under way to each home, and how much may be. A home that is slow or does not answer
// narrows its own window alone, and holds up no other.
internal import MartletBase

/// An adaptive window for each home that something was sent to.
struct HomeWindows {
    private struct Home {
        var window: AdaptiveWindow
        var underWay = 0
    }

    /// As a home's window is at first.
    private let fresh: AdaptiveWindow
    private var homes: [NodeID: Home] = [:]
    /// What is under way to all of them.
    private(set) var underWay = 0

    init(_ options: ReplicationOptions) {
        fresh = AdaptiveWindow(options)
    }

    /// How much more may be sent to `home`.
    func room(for home: NodeID) -> Int {
        guard let home = homes[home] else { return fresh.size }
        return max(0, home.window.size - home.underWay)
    }

    /// How long an answer of `home` is waited for.
    func patience(with home: NodeID) -> Duration { homes[home]?.window.patience ?? fresh.patience }

    /// What is under way to `home`.
    func underWay(to home: NodeID) -> Int { homes[home]?.underWay ?? 0 }

    /// `count` more are under way to `home`.
    mutating func begin(_ count: Int, to home: NodeID) {
        homes[home, default: Home(window: fresh)].underWay += count
        underWay += count
    }

    /// `count` are no longer, which says nothing of `home`.
    mutating func end(_ count: Int, to home: NodeID) {
        homes[home]?.underWay -= count
        underWay -= count
    }

    /// `home` took `duration` to answer to `count` of them.
    mutating func answered(_ home: NodeID, after duration: Duration, count: Int = 1) {
        homes[home]?.window.observe(duration, count: count)
    }

    /// `home` has not answered in time.
    mutating func overdue(_ home: NodeID) { homes[home]?.window.overdue() }

    /// Nothing is under way to `home`, which is gone: one that is back is met anew.
    mutating func forget(_ home: NodeID) {
        guard let gone = homes.removeValue(forKey: home) else { return }
        invariant(gone.underWay == 0, "\(gone.underWay) are under way to \(home), which is gone")
    }

    /// Recounts what is under way. O(homes).
    func checkInvariants() {
        // any order: a sum, and a look at each.
        let sum = homes.values.reduce(0) { $0 + $1.underWay }
        invariant(sum == underWay, "\(sum) are under way, counted \(underWay)")
        invariant(homes.values.allSatisfy { $0.underWay >= 0 }, "less than nothing is under way")
    }
}
