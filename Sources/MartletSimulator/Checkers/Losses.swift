// Which nodes may have lost what they once held: what no promise can ask back of them.
//
//     not synced                     may be gone with any crash
//     synced, `every_write`          stays
//     synced, an interval            may be gone with the power, until the interval is over
//     synced, `operating_system`     may be gone with the power
//     a disk at fault                may have lost anything
//     a lost disk                    all that it held then
internal import MartletBase
internal import MartletStorage

/// A crash that took with it what was not on disk.
struct PowerLoss {
    let at: Instant
    /// What the node said to have synced from then on may be gone.
    let since: Instant
}

/// What the nodes' crashes and disks have taken by now, or may have.
struct Losses {
    private let shards: [SimulatedShard]

    init(_ shards: [SimulatedShard]) {
        self.shards = shards
    }

    /// Whether a node's disk has everything that was synced to it after `instant`.
    func keepsDisk(_ node: Int, since instant: Instant) -> Bool {
        !shards[node].isDamaged && shards[node].lostDiskAt.map { $0 < instant } ?? true
    }

    /// Whether a node has everything that it took in after `instant`, synced or not.
    func spared(_ node: Int, since instant: Instant) -> Bool {
        !shards[node].isDamaged && shards[node].crashedAt < instant
    }

    /// Whether a node that has acknowledged a write has it still, for certain.
    ///
    /// - Parameters:
    ///   - isSynced: whether it has acknowledged it as synced.
    ///   - began: when the write was asked for.
    ///   - acknowledged: when the client was told; the node had said so before.
    func keeps(_ node: Int, isSynced: Bool, began: Instant, acknowledged: Instant) -> Bool {
        guard keepsDisk(node, since: began) else { return false }
        guard isSynced else { return shards[node].crashedAt < began }
        return !shards[node].powerLosses.contains { $0.at >= began && $0.since <= acknowledged }
    }
}
