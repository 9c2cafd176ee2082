// By what time a node goes, and what it leaves alone while nobody confirms its wall clock.
//
//     clock                       coordinates     promises and removes what is settled or expired
//     agreed with others          yes             yes, once a majority was compared
//     odd one out                 as a last       promises, by the others' time; removes nothing
//     nobody compared yet         resort          no
//     no other node in the ring   yes             yes, but for a while after a leap
//
// What is not coordinated is handed on to another home. Whatever it does, it does by the middle of
// all clocks, where others could be read.
internal import MartletAntiEntropy
public import MartletBase
public import MartletMembership
internal import MartletReplication
internal import MartletRing

extension NodeCore {
    /// By what moment the node goes when its clocks show `shown`: what is taken for expired, and
    /// from when on a lifetime counts.
    public func moment(_ shown: Moment) -> Moment { view.clocks.adjusted(shown) }

    /// Takes in what the clocks show and tells the protocols what they may do by it.
    mutating func compareClocks(_ shown: Moment, into work: inout Work) -> Moment {
        let count = view.topology?.members.count ?? 1
        view.clocks.memberCount = count
        let now = view.clocks.adjust(shown)
        control?.shownWall = shown.wall
        let standing = view.clocks.standing
        let isOnlyOne = count == 1
        shard.replication.trustsClock = isOnlyOne || standing == .agreed
        shard.antiEntropy.clockCompared(
            ClockTrust(
                mayPromise: isOnlyOne ? standing != .leapt : view.clocks.hasMajority,
                mayRemove: isOnlyOne
                    ? standing != .leapt : standing == .agreed && view.clocks.hasMajority,
                margin: view.clocks.margin ?? .zero))
        control?.note(standing, into: &work)
        return now
    }
}

extension ClockStanding {
    /// Whether an operator should look at the clock.
    public var isDoubtful: Bool {
        switch self {
        case .odd, .leapt: true
        case .alone, .agreed: false
        }
    }
}
