// What MARTLET.CLUSTER TRANSFERS says: what moves to one node and away from it. A ring has more
// partitions than a turn of the loop has time to tell of: those that are fetched now are listed,
// the others counted.
package import MartletNode

internal import MartletBase
internal import MartletHandover
internal import MartletRing

/// What moves to a node, and away from it.
package struct TransfersView: Codable, Hashable, Sendable {
    /// The most transfers that are listed.
    package static let listLimit = 64

    /// What a partition is on its way for, in the order of a change.
    package enum Purpose: String, Codable, Hashable, Sendable, CaseIterable {
        /// The node is to become a home, and gives back first what it has of an earlier time.
        case clear
        /// The node is to become a home, and is filled.
        case fill
        /// The node is no home any more, and others take what it holds.
        case leave
        /// Another node is no home any more, and this one takes what that holds.
        case take
    }

    /// All partitions of one purpose.
    package struct Group: Codable, Hashable, Sendable {
        /// What they are on their way for.
        package var purpose: Purpose
        /// How many there are.
        package var partitions: Int
        /// How many of them are through, and wait for the nodes to decide so.
        package var complete: Int
        /// Leaves that are through.
        package var leaves: Int
        /// Leaves in all.
        package var leafCount: Int
        /// Bytes that have come, as they travel.
        package var bytes: UInt64
        /// Objects that have come.
        package var objects: UInt64
    }

    /// One partition that is fetched now.
    package struct Fetch: Codable, Hashable, Sendable {
        /// Its number.
        package var partition: Int
        /// What it is fetched for.
        package var purpose: Purpose
        /// The name of the node that it comes from.
        package var source: String
        /// The name of the node that it comes to.
        package var target: String
        /// Leaves of this source that are through.
        package var leaves: Int
        /// Leaves of a source.
        package var leafCount: Int
        /// Sources that are through.
        package var sourcesDone: Int
        /// Sources that there must be.
        package var sources: Int
        /// Bytes that have come, as they travel.
        package var bytes: UInt64
        /// Objects that have come.
        package var objects: UInt64
    }

    /// The node's name.
    package var node: String
    /// The epoch of its ring; 0 before the cluster is created.
    package var epoch: UInt64
    /// How many partitions of that ring move.
    package var moving: Int
    /// By purpose; those alone that there are.
    package var groups: [Group]
    /// By partition, `listLimit` at most.
    package var fetches: [Fetch]
}

extension TransfersView {
    /// What moves to the shard that `core` is, and away from it.
    package init(_ core: NodeCore) {
        let names = NodeNames(core)
        let transfers = core.transfers
        node = core.identity.name
        epoch = core.topology?.epoch ?? 0
        moving = core.topology?.moves.count ?? 0
        groups = Purpose.allCases.compactMap { purpose in
            Group(purpose, transfers.filter { Purpose($0.purpose) == purpose })
        }
        let target = core.identity.name
        fetches = Self.shortened(
            transfers.compactMap { transfer in
                guard let source = transfer.source, !transfer.isComplete else { return nil }
                return Fetch(
                    partition: Int(transfer.partition.index), purpose: Purpose(transfer.purpose),
                    source: names.name(of: source), target: target, leaves: transfer.leaves,
                    leafCount: Transfer.leafCount, sourcesDone: transfer.done,
                    sources: transfer.count, bytes: transfer.bytes, objects: transfer.objects)
            })
    }

    /// What moves to a node of these shards; there is one at least.
    package init(joining shards: [TransfersView]) {
        self = shards[0]
        for shard in shards.dropFirst() {
            epoch = min(epoch, shard.epoch)
            moving = max(moving, shard.moving)
        }
        let all = shards.flatMap(\.groups)
        groups = Purpose.allCases.compactMap { purpose in
            all.filter { $0.purpose == purpose }.reduce(into: Group?.none) { sum, group in
                sum = sum.map { $0.joined(group) } ?? group
            }
        }
        fetches = Self.shortened(shards.flatMap(\.fetches))
    }

    private static func shortened(_ fetches: [Fetch]) -> [Fetch] {
        Array(fetches.sorted { $0.partition < $1.partition }.prefix(listLimit))
    }
}

extension TransfersView.Purpose {
    fileprivate init(_ purpose: Transfer.Purpose) {
        self =
            switch purpose {
            case .fill: .fill
            case .clear: .clear
            case .take: .take
            case .leave: .leave
            }
    }
}

extension TransfersView.Group {
    /// Nil where there are none.
    fileprivate init?(_ purpose: TransfersView.Purpose, _ transfers: [Transfer]) {
        guard !transfers.isEmpty else { return nil }
        self.purpose = purpose
        partitions = transfers.count
        complete = transfers.count(where: \.isComplete)
        leaves = transfers.reduce(0) { $0 + Self.leaves(of: $1) }
        leafCount = transfers.count * Transfer.leafCount
        bytes = transfers.reduce(0) { $0 + $1.bytes }
        objects = transfers.reduce(0) { $0 + $1.objects }
    }

    /// Of all sources or takers together, as a part of one partition's leaves.
    private static func leaves(of transfer: Transfer) -> Int {
        if transfer.isComplete { return Transfer.leafCount }
        let through = transfer.done * Transfer.leafCount + transfer.leaves
        return min(Transfer.leafCount, through / max(1, transfer.count))
    }

    fileprivate func joined(_ other: Self) -> Self {
        var sum = self
        sum.partitions += other.partitions
        sum.complete += other.complete
        sum.leaves += other.leaves
        sum.leafCount += other.leafCount
        sum.bytes += other.bytes
        sum.objects += other.objects
        return sum
    }
}
