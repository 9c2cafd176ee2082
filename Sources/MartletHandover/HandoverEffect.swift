// What hand-over asks of the node around it. Its parts append to one list, in the order in which
// things happen.
public import MartletRing
public import MartletWire

/// Something that the node is to do.
public enum HandoverEffect: Equatable, Sendable {
    /// Send a message to a peer.
    case send(HandoverMessage, to: Peer)
    /// Merge objects into what is held of the partition, and call `Handover.merged` with the
    /// number once each is in the log, or cannot be.
    case merge([Parcel.Entry], Partition, number: UInt64)
    /// Drop all objects of the partition, at once: every home has what is held of them here.
    case drop(Partition)
    /// `Handover.filled` says something new.
    case filled
}
