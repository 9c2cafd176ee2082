// Load balance of a ring (DeCandia et al., "Dynamo: Amazon's Highly Available Key-value Store",
// SOSP 2007, section 6.2 and figure 8), over numbers of nodes: our planner, which is of the paper's
// third strategy (equal partitions, shared out evenly), against its first (tokens at random).
internal import MartletBase
internal import MartletRing

/// Rings of several sizes, made both ways.
package struct BalanceExperiment: Sendable {
    /// The name, for reports: that of its file, without the extension.
    package let name: String
    /// What it is for.
    package internal(set) var description = ""
    /// N: homes of each key.
    package internal(set) var replicaCount = 3
    /// Q: partitions of our rings.
    var partitionCount = PartitionCount.standard
    /// The same as a number.
    package var partitions: Int { partitionCount.value }
    /// How many nodes the rings have.
    package internal(set) var nodeCounts: [Int] = [30]
    /// T: tokens of each node, in the rings with tokens.
    package internal(set) var tokenCounts: [Int] = [1]
    /// How many rings of each kind and size are made.
    package var ringCount = 100

    /// The experiment `name` with everything at its default.
    init(name: String) {
        self.name = name
    }

    /// Makes all rings; the same seed makes the same.
    package func run(seed: UInt64) -> BalanceReport {
        let rows = nodeCounts.map { nodeCount in
            let rings = (0..<ringCount).map { PlannedRings(self, nodeCount, seed: seed, ring: $0) }
            return BalanceReport.Row(
                nodeCount: nodeCount,
                planned: Efficiency(rings.map { Self.efficiency(of: $0.first) }),
                joined: Efficiency(rings.map { Self.efficiency(of: $0.joined) }),
                moved: rings.map(\.moved).reduce(0, +) / Double(ringCount),
                tokens: tokenCounts.map { tokenCount in
                    Efficiency(
                        (0..<ringCount).map {
                            tokenRing(nodeCount, tokenCount: tokenCount, seed: seed, ring: $0)
                        })
                })
        }
        return BalanceReport(experiment: self, seed: seed, rows: rows)
    }

    /// How even a ring with `tokenCount` random tokens a node is: a key's homes are the nodes of
    /// the next tokens, as many as are distinct (section 4.3).
    private func tokenRing(
        _ nodeCount: Int, tokenCount: Int, seed: UInt64, ring: Int
    ) -> Double {
        var random = SeededRandom(seed: seed, stream: "tokens \(nodeCount) \(tokenCount) \(ring)")
        var tokens: [(at: UInt64, node: Int)] = []
        for node in 0..<nodeCount {
            for _ in 0..<tokenCount { tokens.append((random.next(), node)) }
        }
        tokens.sort { ($0.at, $0.node) < ($1.at, $1.node) }
        let homeCount = min(replicaCount, nodeCount)
        var loads = [Double](repeating: 0, count: nodeCount)
        var homes: [Int] = []
        for index in tokens.indices {
            // The keys between the token before this one and this.
            let before = tokens[index == 0 ? tokens.count - 1 : index - 1].at
            let width = Double(tokens[index].at &- before)
            homes.removeAll(keepingCapacity: true)
            var next = index
            while homes.count < homeCount {
                let node = tokens[next % tokens.count].node
                if !homes.contains(node) { homes.append(node) }
                next += 1
            }
            for home in homes { loads[home] += width }
        }
        return Self.efficiency(of: loads)
    }

    /// The paper's load balancing efficiency: the mean load over that of the hottest node.
    private static func efficiency(of loads: [Double]) -> Double {
        let most = loads.max() ?? 1
        return loads.reduce(0, +) / Double(loads.count) / most
    }
}

/// A ring of the planner's, and the one that follows when a node joins. All partitions are of one
/// size.
private struct PlannedRings {
    let first: [Double]
    let joined: [Double]
    /// The homes that the join changed, over those that it had to.
    let moved: Double

    init(_ experiment: BalanceExperiment, _ nodeCount: Int, seed: UInt64, ring: Int) {
        var random = SeededRandom(seed: seed, stream: "planned \(nodeCount) \(ring)")
        let members = (0...nodeCount).map { index in
            RingMember(
                id: NodeID(rawValue: random.next()), name: "n\(index)", zone: "", weight: 1)
        }
        do {
            let topology = try Planner.plan(
                members: members.dropLast(), replicaCount: experiment.replicaCount,
                partitionCount: experiment.partitionCount, clusterName: "balance",
                clusterID: random.next(), secret: .drawn(by: &random)
            ).topology
            let next = try Planner.plan(
                after: topology, members: members, replicaCount: experiment.replicaCount
            ).topology
            let change = RingChange(from: topology, to: next)
            first = Self.loads(of: topology)
            joined = Self.loads(of: next)
            moved = Double(change.transfers.count) / Double(max(1, change.leastTransfers))
        } catch { fatalError("\(nodeCount) nodes have no ring: \(error)") }
    }

    private static func loads(of topology: Topology) -> [Double] {
        RingDescription(topology).rows.map { Double($0.homeCount) }
    }
}

/// Load balancing efficiency over some rings: 1 where every node has the same load.
package struct Efficiency: Sendable, Encodable {
    /// The mean.
    package let mean: Double
    /// That of the least even ring.
    package let least: Double

    /// Over `values`, of which there are some.
    init(_ values: [Double]) {
        mean = values.reduce(0, +) / Double(values.count)
        least = values.min() ?? 0
    }
}
