// The knobs of membership, each with its unit, its range and what it trades; and the quantities
// that SWIM derives from them and the size of the group.
internal import MartletWire

/// How a node watches the others.
public struct MembershipOptions: Hashable, Sendable {
    /// Between two probes of this node: 100 ms ... 10 s. Shorter finds failures sooner and costs
    /// traffic; the cost per node does not depend on the size of the group (SWIM, section 4).
    public var protocolPeriod: Duration = .seconds(1)
    /// How long a direct ping may take before others are asked to ping: from 10 ms, below the
    /// period. Shorter leaves the helpers more time; longer spares them when the network is slow.
    public var directTimeout: Duration = .milliseconds(300)
    /// How many others are asked to ping a member that did not answer: 0 ... 8. SWIM's k: more
    /// makes loss less often look like failure, at the price of messages.
    public var indirectProbes = 3
    /// How long a suspect has to deny it, in units of period times log2 of the group: 1 ... 10.
    /// More spares slow members; less finds dead ones sooner. Two gives three nodes 4 s.
    public var suspicionMultiplier = 2
    /// How often each piece of gossip is sent, in units of log2 of the group: 1 ... 10. More
    /// reaches the last member surely (SWIM, section 4.1); less saves bytes.
    public var retransmitMultiplier = 3
    /// Between two attempts to reach unreachable members and silent seeds: from the period to 60 s.
    /// Shorter heals a partition sooner; longer bothers the dead less.
    public var outreachInterval: Duration = .seconds(2)
    /// Between two full exchanges with a random member: 1 s ... 10 min. Shorter repairs sooner
    /// what gossip missed; costs the whole list each time.
    public var pushPullInterval: Duration = .seconds(30)
    /// The least time between two reports of one conflict, and between two replies to a node
    /// that claims to be this one: 1 s ... 10 min.
    public var conflictInterval: Duration = .seconds(10)
    /// The most members known, this node included: 2 ... 1,024. Room is kept below it for all
    /// that the topology names, so that strangers cannot lock them out.
    public var memberLimit = 1_024
    /// The largest datagram sent, in bytes: 576 ... 1,400. Larger spreads gossip faster; what
    /// exceeds a link's MTU is lost whole when one fragment is.
    public var datagramByteLimit = 1_200

    /// The defaults.
    public init() {}

    /// Which option is out of its range, for the configuration to report; nil when none is.
    public var defect: String? {
        func outside<Value: Comparable>(_ value: Value, _ range: ClosedRange<Value>) -> Bool {
            !range.contains(value)
        }
        if outside(protocolPeriod, .milliseconds(100) ... .seconds(10)) { return "protocolPeriod" }
        if directTimeout < .milliseconds(10) || directTimeout >= protocolPeriod {
            return "directTimeout"
        }
        if outside(indirectProbes, 0...8) { return "indirectProbes" }
        if outside(suspicionMultiplier, 1...10) { return "suspicionMultiplier" }
        if outside(retransmitMultiplier, 1...10) { return "retransmitMultiplier" }
        if outside(outreachInterval, protocolPeriod ... .seconds(60)) { return "outreachInterval" }
        if outside(pushPullInterval, .seconds(1) ... .seconds(600)) { return "pushPullInterval" }
        if outside(conflictInterval, .seconds(1) ... .seconds(600)) { return "conflictInterval" }
        if outside(memberLimit, 2...PushPull.memberLimit) { return "memberLimit" }
        if outside(datagramByteLimit, 576...Datagram.maximumSize) { return "datagramByteLimit" }
        return nil
    }

    /// How long a member of a group of `count` stays suspect: proportional to the logarithm of
    /// the group, as the spread of its refutation is (SWIM, section 4.2).
    public func suspicionTimeout(groupOf count: Int) -> Duration {
        protocolPeriod * (suspicionMultiplier * logarithm(count))
    }

    /// How often one piece of gossip is sent by each member of a group of `count`: the lambda
    /// log n of SWIM, section 4.1.
    public func retransmitLimit(groupOf count: Int) -> Int {
        retransmitMultiplier * logarithm(count)
    }

    /// The binary logarithm of `count` + 1, rounded up, without floating point.
    private func logarithm(_ count: Int) -> Int {
        max(1, Int.bitWidth - count.leadingZeroBitCount)
    }
}
