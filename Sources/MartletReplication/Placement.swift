// Who takes part in a request: the home replicas of a key and, for those that are away, the nodes
// that stand in for them. Every node computes the same from the same view.
internal import MartletBase
internal import MartletRing
internal import MartletWire

/// One node's part in a request, as the evidence tells of it.
typealias Part = Witness

/// The nodes of one request, chosen by the preference order (Dynamo, section 4.6).
struct Placement {
    /// The home replicas that take part, in the ring's order, whether they can be reached or not.
    let homes: [NodeID]
    /// Nodes behind them that may stand in, in order.
    private let fallbacks: ArraySlice<NodeID>

    /// The placement of a read of `partition` with `n` of the homes that hold all of it.
    init(reading partition: Partition, in topology: Topology, n: Int) {
        self.init(
            Self.first(n, of: topology.readers(of: partition)), of: partition, in: topology)
    }

    /// The placement of a write to `partition` with the first homes of its quorums.
    init(writing partition: Partition, in topology: Topology, _ quorums: WriteQuorums) {
        self.init(quorums.homes, of: partition, in: topology)
    }

    private init(_ homes: [NodeID], of partition: Partition, in topology: Topology) {
        self.homes = homes
        let order = topology.preferenceOrder(of: partition)
        fallbacks = order[topology.homesPerPartition...]
    }

    /// The first `n` of `nodes`.
    static func first(_ n: Int, of nodes: [NodeID]) -> [NodeID] {
        n < nodes.count ? Array(nodes[..<n]) : nodes
    }

    /// Each home that can be reached, and a stand-in for each that cannot, while there are any.
    /// `without` lists the homes that are left with nobody.
    func parts(reachable: (NodeID) -> Bool) -> (parts: [Part], without: [NodeID]) {
        var parts: [Part] = []
        parts.reserveCapacity(homes.count)
        var without: [NodeID] = []
        for home in homes {
            if reachable(home) {
                parts.append(Part(node: home))
            } else if let fallback = standIn(beside: parts, reachable: reachable) {
                parts.append(Part(node: fallback, standsInFor: home))
            } else {
                without.append(home)
            }
        }
        return (parts, without)
    }

    /// The next fallback that can be reached and has no part yet.
    func standIn(beside parts: [Part], reachable: (NodeID) -> Bool) -> NodeID? {
        fallbacks.first { candidate in
            reachable(candidate) && !parts.contains { $0.node == candidate }
        }
    }
}
