// Equal epochs mean equal topology, and epochs only grow: every ring that a node is seen to know is
// held against all that were seen before, and the first of an epoch against the rules of placement.
internal import MartletBase
internal import MartletRing

/// The rings seen so far.
struct TopologyWatch {
    /// The first ring seen of each epoch.
    private var rings: [UInt64: Topology] = [:]
    /// The highest epoch that each node has known.
    private var epochs: [NodeID: UInt64] = [:]

    /// Notes what `node` knows at present; 0 stands for the epoch of one that knows no ring.
    mutating func see(_ topology: Topology?, at node: NodeID) -> Finding? {
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
            return PlacementCheck(topology).run()
        }
        if first.digest == topology.digest { return nil }
        return Finding(
            .oneTopology,
            "\(node) knows another ring of epoch \(epoch): \(topology.digest), not "
                + "\(first.digest)")
    }

    /// `node` has lost its ring before it was synced.
    mutating func forget(_ node: NodeID) { epochs[node] = 0 }
}
