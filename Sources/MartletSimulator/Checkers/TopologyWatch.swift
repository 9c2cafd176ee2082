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

    /// When each node last came to know other homes of each partition, or that it moves.
    private var changes: [NodeID: [Partition: Instant]] = [:]
    /// The ring that each node has known last.
    private var latest: [NodeID: Topology] = [:]
    /// How many rings have ended moves.
    private(set) var completions = 0

    /// When a ring of `epoch` was seen first.
    func firstSeen(_ epoch: UInt64) -> Instant? { seenAt[epoch] }

    /// Whether the first ring is not the last that was seen.
    var hasChanged: Bool { rings.count > 1 }

    /// When `node` last came to know other homes of `partition`, or that it moves.
    func changed(_ partition: Partition, at node: NodeID) -> Instant {
        changes[node]?[partition] ?? .start
    }

    /// When the last node did so.
    func changed(_ partition: Partition) -> Instant {
        // any order: the latest is the latest.
        changes.values.compactMap { $0[partition] }.max() ?? .start
    }

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
        if let former = latest.updateValue(topology, forKey: node) {
            noteChanges(from: former, to: topology, at: node, now)
        }
        guard let first = rings[epoch] else {
            rings[epoch] = topology
            seenAt[epoch] = now
            if let former = rings[epoch - 1], topology.moves.count < former.moves.count {
                completions += 1
            }
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

    private mutating func noteChanges(
        from former: Topology, to topology: Topology, at node: NodeID, _ now: Instant
    ) {
        if former.epoch == topology.epoch { return }
        for partition in topology.partitionCount.partitions
        where topology.view(of: partition) != former.view(of: partition) {
            changes[node, default: [:]][partition] = now
        }
    }

    /// `node` has lost its ring before it was synced.
    mutating func forget(_ node: NodeID) { epochs[node] = 0 }
}
