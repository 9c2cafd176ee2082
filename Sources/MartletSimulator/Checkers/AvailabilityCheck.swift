// A request fails, or takes its time, only where the contract says that it may: not while the node
// that was asked and enough of the key's homes are sound, and every other home has been down for
// so long that everybody knows it, or is merely slow.
//
//     sound   up, linked, not stopped, its disk and clock as they should be, for a while by then
//     slow    the same, but stopped, or behind a slow disk or slow links
//     down    crashed a while before, and not back
//
// A node that was taken to be away after a datagram of its was lost is not sound for that while.
internal import MartletBase
internal import MartletWire

/// When each node was last in trouble, as the world knows it.
struct TroubleWatch {
    /// When it last was down, cut off, at fault, or wrong about the time; and when it was slow.
    private var broken: [Instant?]
    private var slow: [Instant?]
    /// When a datagram from it or to it was last lost.
    private var missed: [Instant?]
    /// Who takes whom to be away: the believer times the number of nodes, and the other.
    private var away: Set<Int> = []

    init(nodeCount: Int) {
        broken = [Instant?](repeating: nil, count: nodeCount)
        slow = broken
        missed = broken
    }

    /// Something begins or ends that may keep a node from answering at all.
    mutating func breaks(_ node: Int, at now: Instant) { broken[node] = now }

    /// Something begins or ends that makes a node late.
    mutating func slows(_ node: Int, at now: Instant) { slow[node] = now }

    /// A datagram from a node or to it is lost: others may come to believe that it is away.
    mutating func misses(_ node: Int, at now: Instant) { missed[node] = now }

    /// A node takes another to be away, or no longer. When that begins and ends is trouble where a
    /// datagram was lost since `instant`; without such a reason it is a fault of the store's.
    mutating func believes(
        _ believer: Int, isAway: Bool, _ node: Int, since instant: Instant, at now: Instant
    ) {
        let pair = believer * broken.count + node
        let isNews = isAway ? away.insert(pair).inserted : away.remove(pair) != nil
        if isNews, missed[node].map({ $0 >= instant }) ?? false { breaks(node, at: now) }
    }

    /// Whether nothing of the first kind has begun or ended since `instant`.
    func isWhole(_ node: Int, since instant: Instant) -> Bool {
        broken[node].map { $0 < instant } ?? true
    }

    /// Whether nothing of the second kind has.
    func isQuick(_ node: Int, since instant: Instant) -> Bool {
        slow[node].map { $0 < instant } ?? true
    }
}

/// How a node has been from a while before a request until its end.
enum Standing {
    case sound, slow, down
    /// Now this, now that.
    case troubled
}

/// Checks how one request has ended.
struct AvailabilityCheck {
    let operation: Operation
    /// How the node that was asked has been, and how each home that takes part.
    let asked: Standing
    let homes: [Standing]
    /// The longest that a request takes while one home is slow; nil where hedges promise nothing.
    let slowBound: Duration?

    /// How many homes the request cannot do without.
    private var needed: Int { max(operation.needed, operation.neededSynced, operation.neededHomes) }

    /// Whether the contract has it succeed: all that are not sound are known to be away.
    private var mustSucceed: Bool {
        asked == .sound && homes.count { $0 == .sound } >= needed
            && homes.allSatisfy { $0 == .sound || $0 == .down }
    }

    /// Whether it is bound to go around one slow home.
    private var mustHedge: Bool {
        slowBound != nil && asked == .sound
            && homes.count { $0 == .sound } >= max(needed, homes.count - 1)
            && homes.allSatisfy { $0 == .sound || $0 == .slow }
    }

    /// A request has failed.
    func run(failed error: RequestError, _ number: Int) -> Finding? {
        if mustSucceed { return finding(.availability, "failed: \(error)", number) }
        return mustHedge ? finding(.hedged, "failed: \(error)", number) : nil
    }

    /// A request was answered after `latency`.
    func run(answeredAfter latency: Duration, _ number: Int) -> Finding? {
        guard mustHedge, let slowBound, latency > slowBound else { return nil }
        return finding(.hedged, "took \(latency), more than \(slowBound)", number)
    }

    private func finding(_ promise: Promise, _ what: String, _ number: Int) -> Finding {
        let states = homes.map { "\($0)" }.joined(separator: ", ")
        return Finding(
            promise,
            "\(operation.kind.rawValue) w\(number) of key \(operation.key), asked of node "
                + "\(operation.node + 1) at \(EventLog.seconds(operation.began))s with \(needed) "
                + "needed, \(what); its homes were \(states)")
    }
}
