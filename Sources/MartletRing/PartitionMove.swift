// A partition on its way from some homes to others, as the ring names it. How far it has come is
// not the ring's to say.
public import MartletBase

/// A partition of which the homes change.
///
/// From the epoch that begins the move to the one that ends it, writes need their quorums among the
/// former homes and among the homes, and reads are answered by the former ones. The ring may give
/// the partition other homes meanwhile: the former ones stay those that held all of it last.
public struct PartitionMove: Hashable, Sendable {
    /// The partition.
    public let partition: Partition
    /// Its homes before the move, primary first.
    public let former: [NodeID]
    /// The epoch that gave it the homes to which it moves now. What was proven of a move since an
    /// earlier epoch says nothing of it.
    public let since: UInt64

    /// The move of `partition` from `former` homes, to those that it has had `since` that epoch.
    public init(partition: Partition, former: [NodeID], since: UInt64) {
        self.partition = partition
        self.former = former
        self.since = since
    }
}

/// What a request may use of a partition.
public struct PartitionView: Hashable, Sendable {
    /// The homes, primary first: those to which it moves, where it does.
    public let homes: [NodeID]
    /// The homes before the move; none where it does not move.
    public let former: [NodeID]
    /// The epoch that gave it its homes; 0 where it does not move.
    public let since: UInt64

    init(homes: [NodeID], move: PartitionMove?) {
        self.homes = homes
        former = move?.former ?? []
        since = move?.since ?? 0
    }

    /// Whether the homes change.
    public var isMoving: Bool { !former.isEmpty }

    /// The homes that hold all of the partition: reads are counted among them.
    public var readers: [NodeID] { isMoving ? former : homes }

    /// All that take part in writes: the homes, then those former ones that are none any more.
    public var all: [NodeID] {
        isMoving ? homes + former.filter { !homes.contains($0) } : homes
    }

    /// The homes that are to be filled with what the former ones hold: those that were none, and
    /// all of them where they become fewer, since then a quorum among them may be one of those that
    /// missed a write.
    public var filling: [NodeID] {
        if !isMoving { return [] }
        return homes.count < former.count ? homes : homes.filter { !former.contains($0) }
    }

    /// Whether `node` takes part in writes.
    public func includes(_ node: NodeID) -> Bool {
        homes.contains(node) || former.contains(node)
    }
}
