// Objects that this node itself fetches, of partitions that move: each is a step at its key, and
// when all are done whoever fetched them is told.
public import MartletBase
public import MartletRing
public import MartletWire

/// What became of objects that were to be taken over.
public struct TakeoverOutcome: Hashable, Sendable {
    /// Under which number they came.
    public var number: UInt64
    /// Whether each is in the log.
    public var isComplete: Bool
}

extension Replication {
    /// What is refused is told so while what is held of the partition is about to be dropped.
    static let closedText = "the node is about to drop what it held of the partition before"

    /// Merges `entries` of `partition` into what is held; what became of it is an outcome of
    /// `number`, now or later.
    public mutating func takeOver(
        _ entries: [Parcel.Entry], in partition: Partition, under number: UInt64, at now: Moment,
        into outbox: inout Outbox
    ) {
        let locations = entries.compactMap { location(ofKey: $0.key) }
        let isWhole =
            locations.count == entries.count
            && locations.allSatisfy { $0.partition == partition }
        let held = HeldParcels.Parcel(
            sender: Peer(local, shard), operation: OperationID(rawValue: number), until: .never,
            remaining: entries.count)
        guard isWhole, !entries.isEmpty, let own = parcels.begin(held, at: now.instant) else {
            let isDone = isWhole && entries.isEmpty
            return outcomes.append(TakeoverOutcome(number: number, isComplete: isDone))
        }
        for (entry, location) in zip(entries, locations) {
            perform(.accept(entry.object, parcel: own), at: location, at: now, into: &outbox)
        }
    }

    /// What became of what was taken over since this was asked last.
    public mutating func takenOver() -> [TakeoverOutcome] {
        if outcomes.isEmpty { return [] }
        defer { outcomes.removeAll(keepingCapacity: true) }
        return outcomes
    }
}
