// What anti-entropy asks of the node around it. Its parts append to one list, in the order in which
// things happen.
public import MartletBase
public import MartletRing
public import MartletVersions
public import MartletWire

/// Something that the node is to do.
public enum AntiEntropyEffect: Equatable, Sendable {
    /// Send a message to a peer.
    case send(ExchangeMessage, to: Peer)
    /// Send a home what is held here of a key.
    case push(Bytes, Partition, to: NodeID)
    /// Remove the last trace of a key, if it is settled and has held no value since.
    case remove(Bytes, Partition, absentSince: WallTime)
    /// Judge what comes for the partition by this watermark from now on.
    case settle(Partition, upTo: HybridTimestamp)
    /// Issue no timestamp up to this any more, and take no hint as old.
    case promise(HybridTimestamp)
    /// A timestamp that another node has told.
    case observe(HybridTimestamp)
}

extension [AntiEntropyEffect] {
    /// Has a message sent, and counts its bytes.
    mutating func send(
        _ message: ExchangeMessage, to peer: Peer, counting counters: inout AntiEntropyCounters
    ) {
        counters.bytesSent += UInt64(message.byteEstimate)
        append(.send(message, to: peer))
    }
}
