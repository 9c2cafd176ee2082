// What the control core of a node has decided, and has come to believe, as a value: every shard of
// the node goes by it, on whatever thread it runs, and asks nobody.
public import MartletBase
public import MartletMembership
public import MartletRing
public import MartletWire

/// The ring, who answers, and how the clocks compare, as of one moment.
public struct ControlView: Sendable {
    /// What is believed of one node.
    struct Belief: Hashable, Sendable {
        var node: NodeID
        var state: MemberState
    }

    /// The ring, once the node knows it.
    public internal(set) var topology: Topology? {
        didSet { decisions += 1 }
    }
    /// The epoch of the ring that the node goes back to at the least, whatever it loses by a crash.
    public internal(set) var keptEpoch: UInt64 = 0 {
        didSet { decisions += 1 }
    }
    /// How the wall clock compares with the others'.
    public internal(set) var clocks: ClockWatch
    /// Everyone known, the node included, by id: as the control core knew them when it last told
    /// the other shards, for which this is.
    public internal(set) var members: [Member] = []
    /// Every other node that is known, sorted.
    private var beliefs: [Belief] = []
    /// Counts the changes of what protocols go by, but for the clocks.
    private(set) var decisions: UInt64 = 1
    /// Counts what has been read of other clocks, and heard of members.
    private var tidings: UInt64 = 0

    /// Grows with every change.
    var version: UInt64 { decisions + tidings }

    /// Of a node that knows nobody yet.
    init(topology: Topology?, clocks: ClockWatch) {
        self.topology = topology
        self.clocks = clocks
    }

    /// What is believed of another node; nil where it is not known. O(log n).
    public func state(of node: NodeID) -> MemberState? {
        let index = beliefs.partitionIndex { $0.node < node }
        return index < beliefs.count && beliefs[index].node == node ? beliefs[index].state : nil
    }

    /// `node` is believed to be in `state`; it is not known any more where that is nil.
    mutating func believe(_ node: NodeID, _ state: MemberState?) {
        tidings += 1
        let index = beliefs.partitionIndex { $0.node < node }
        let isKnown = index < beliefs.count && beliefs[index].node == node
        switch (state, isKnown) {
        case (let state?, true):
            if beliefs[index].state == state { return }
            beliefs[index].state = state
        case (let state?, false): beliefs.insert(Belief(node: node, state: state), at: index)
        case (nil, true): beliefs.remove(at: index)
        case (nil, false): return
        }
        decisions += 1
    }

    /// Goes by `newer` from now on, on another loop than the control core: the own clock is watched
    /// here too, so that whatever it does shows in the same turn.
    mutating func take(_ newer: ControlView) {
        var clocks = clocks
        clocks.takeReadings(of: newer.clocks)
        self = newer
        self.clocks = clocks
    }

    /// The clock of `node` was read.
    mutating func read(
        _ wall: WallTime, of node: NodeID, askedAt: Instant, at now: Instant
    ) {
        clocks.take(wall, of: node, askedAt: askedAt, at: now)
        tidings += 1
    }
}
