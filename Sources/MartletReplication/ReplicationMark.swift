// The rare branches of replication. A name is written where the branch is; here is what it means.
public import MartletBase

/// A branch of replication that a search should come by.
public enum ReplicationMark: Int, MarkName {
    /// A home found a forwarded write late, and was asked again.
    case forwardLate
    /// A home was silent about a forwarded write, and the next was asked.
    case forwardSilent
    /// A forwarded write failed that a home asked before may have done.
    case forwardMaybeDone
    /// No home could coordinate a write, and this node did.
    case coordinatedInTheirPlace
    /// A write was held in the place of a home that was there, and had not answered.
    case stoodInForAnsweringHome
    /// A write that was damaged here was handed on to another home.
    case damagedPutHandedOn
    /// A stand-in was gone or refused, and another stood in for it.
    case standInReplaced
    /// Nobody was left to stand in for a home.
    case homeOwed
    /// The deadline of a write came, and some homes had nobody.
    case owedAtDeadline
    /// A write was answered as lost after a hedge.
    case putLostAfterHedge
    /// There was somebody to hedge with, and no budget.
    case hedgeUnaffordable
    /// A client was answered by less than it asked for only at the deadline.
    case putTimedOut
    /// A write waited for a backlog of the storage.
    case putBehindBacklog
    /// Values behind summaries were fetched.
    case valueFetched
    /// All that were asked had answered a read, and more were asked.
    case readAskedOn
    /// A replica that a read had asked was gone.
    case readerGone
    /// What is held here could not be read for a get.
    case localReadRefused
    /// A read found its own node behind.
    case selfRepaired
    /// Hints were given up, since their homes did not answer.
    case hintOverdue
    /// A home refused a hint.
    case hintRefused
    /// A hint had changed since it was sent.
    case hintChangedUnderWay
    /// A copy was refused, since hints were at their limit.
    case hintsFull
    /// A fallback would not hold a write that was older than its promise.
    case fallbackRefusedOld
    /// What came was partly removed here already.
    case staleMerge
    /// A context was rid of actors that say nothing any more.
    case contextPruned
    /// Pushes were given up, since their home did not answer.
    case pushOverdue
    /// A parcel was full before all of it was read.
    case parcelFull
    /// A parcel waited for a backlog of the storage.
    case parcelBehindBacklog
    /// A replica knew a later ring than the write that it was asked to hold.
    case putOfOlderRing
    /// A replica knew a later ring than the read that it was asked for.
    case readOfOlderRing
    /// What another node asked came by an older ring than this one's.
    case askedByOlderRing
    /// A write was under way when the ring changed.
    case putOverRings
    /// A write was held here in a home's place, and this node became a home.
    case standInBecameHome
    /// A read was under way when the ring changed, and began anew.
    case readOverRings
    /// A write came for a partition of which what is held is about to be dropped.
    case closedRefused
    /// No home could coordinate a write, nor could this node, which leaves or is no member.
    case strangerRefused
    /// A hint whose home is none any more went to one that is.
    case hintInherited
    /// A node stopped with writes that waited for their keys or for other homes.
    case stoppedWithPuts
}
