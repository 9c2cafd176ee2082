// Equal epochs mean equal topology, and epochs only grow: every ring that a node is seen to know is
// held against all that were seen before, and the first of an epoch against the rules of placement.
internal import MartletBase
internal import MartletRing

/// The rings seen so far.
struct TopologyWatch {
    /// The first ring seen of each epoch.
    private var rings: [UInt64: Topology] = [:]
    private var seenAt: [UInt64: Instant] = [:]
    /// The highest epoch that each node has known.
    private var epochs: [NodeID: UInt64] = [:]

    /// When the homes of each partition were last seen to be others than before.
    private var changes: [Partition: Instant] = [:]
    /// How many rings have ended moves.
    private(set) var completions = 0

    /// When a ring of `epoch` was seen first.
    func firstSeen(_ epoch: UInt64) -> Instant? { seenAt[epoch] }

    /// Whether the first ring is not the last that was seen.
    var hasChanged: Bool { rings.count > 1 }

    /// When the homes of `partition`, or its move, were last seen to be others than before.
    func changed(_ partition: Partition) -> Instant { changes[partition] ?? .start }

    /// Notes what `node` knows at present; 0 stands for the epoch of one that knows no ring.
    mutating func see(_ topology: Topology?, at node: NodeID, now: Instant) -> Finding? {
        let epoch = topology?.epoch ?? 0
        let known = epochs[node] ?? 0
        if epoch < known {
            let ring = topology == nil ? "no ring" : "the ring of epoch \(epoch)"
            return Finding(.epochsGrow, "\(node) knew epoch \(known) and now knows \(ring)")
        }
        epochs[node] = epoch
        guard let topology else { return nil }
        guard let first = rings[epoch] else {
            rings[epoch] = topology
            seenAt[epoch] = now
            noteChanges(topology, at: now)
            // What was called off, or has moved in part, is as even as can be no more.
            let isPlanned =
                topology.moves.isEmpty
                ? rings.count == 1 : topology.moves.contains { $0.since == epoch }
            return PlacementCheck(topology, isPlanned: isPlanned).run()
        }
        if first.digest == topology.digest { return nil }
        return Finding(
            .oneTopology,
            "\(node) knows another ring of epoch \(epoch): \(topology.digest), not "
                + "\(first.digest)")
    }

    private mutating func noteChanges(_ topology: Topology, at now: Instant) {
        guard let former = rings[topology.epoch - 1] else { return }
        if topology.moves.count < former.moves.count { completions += 1 }
        for partition in topology.partitionCount.partitions
        where topology.view(of: partition) != former.view(of: partition) {
            changes[partition] = now
        }
    }

    /// `node` has lost its ring before it was synced.
    mutating func forget(_ node: NodeID) { epochs[node] = 0 }
}
