// What anti-entropy tells replication: up to where partitions are settled, what the node has bound
// itself to, and what may go.
public import MartletBase
public import MartletRing
internal import MartletStorage
public import MartletVersions
internal import MartletWire

extension Replication {
    /// `partition`, of which this node is a home, is settled up to `watermark`; the beginning of
    /// time where the node may no longer judge by it.
    public mutating func settle(_ partition: Partition, upTo watermark: HybridTimestamp) {
        replica.settled[partition] = watermark
    }

    /// Binds the node to issue no timestamp up to `floor` any more, and to take no hint as old.
    public mutating func promise(_ floor: HybridTimestamp) {
        replica.promise(floor)
    }

    /// Takes note of a timestamp that another node has told, so that this one's are later.
    public mutating func observe(_ timestamp: HybridTimestamp, at wall: WallTime) {
        replica.clock.observe(timestamp, at: wall)
    }

    /// What the next timestamp of this node will not be behind.
    public func timestamp(at wall: WallTime) -> HybridTimestamp {
        replica.clock.reading(at: wall)
    }

    /// The partitions in which this node keeps hints, sorted. O(n log n).
    public var hintedPartitions: [UInt16] { replica.hints.perPartition.keys.sorted() }

    /// Objects on their way to other homes, or waiting to be.
    public var pushCount: Int { pushes.count }

    /// Removes what is kept of `key` in `partition` if that is settled and has held no value since
    /// `wall`.
    public mutating func remove(
        _ key: Bytes, in partition: Partition, absentSince wall: WallTime, at now: Moment,
        into outbox: inout Outbox
    ) {
        perform(
            .remove(absentSince: wall), at: Location(partition: partition, key: key), at: now,
            into: &outbox)
    }

    /// Another home has removed what this one sent it.
    mutating func discard(
        _ removed: RemovedVersions, from sender: NodeID, at now: Moment,
        into outbox: inout Outbox
    ) {
        guard let location = location(ofKey: removed.key),
            homes(of: location).contains(sender)
        else { return }
        perform(.discard(removed), at: location, at: now, into: &outbox)
    }
}
