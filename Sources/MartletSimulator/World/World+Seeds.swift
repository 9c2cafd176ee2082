// Where a node that starts looks for others. Nodes keep no addresses: one that comes back knows
// nobody but its seeds, and is known by whoever was up meanwhile. So now and then a node comes back
// without any seed, as long as somebody is there who knows it and all others: that one calls it.
// Whoever comes back when there is no such node has the addresses of all, so that it will be.
internal import MartletBase
internal import MartletNode
internal import MartletWire

extension World {
    /// How many of the first nodes are seeds.
    static let seedCount = 2

    /// The seeds of a node that starts: those of the first nodes at their addresses at present, all
    /// addresses, or none.
    func seedEndpoints(of node: Int) -> [Endpoint] {
        let hasMoved = peerEndpoint(of: node) != Self.peerEndpoint(node)
        let isBack = mayDoWithoutSeeds && nodes[node].life > 0
        if isBack, drawsNoSeeds(node), isRemembered(node) { return [] }
        let knowsAll = hasMoved || isBack && !isRemembered(node)
        return nodes.prefix(knowsAll ? nodes.count : Self.seedCount)
            .map(\.process.configuration.peerEndpoint)
    }

    private func drawsNoSeeds(_ node: Int) -> Bool {
        let life = UInt64(nodes[node].life) << 32 ^ UInt64(node)
        var random = SeededRandom(seed: StableHash.mix(schedule.seed ^ life), stream: "seeds")
        return random.chance(0.5)
    }

    /// Not where a node is left alone with those that have yet to meet, nor where somebody is not
    /// at the address by which it is remembered, or has lost what it knew of the ring.
    private var mayDoWithoutSeeds: Bool {
        !scenario.usesStandardSettings && schedule.core.absences.isEmpty
            && nodes.allSatisfy { node in
                peerEndpoint(of: node.index) == Self.peerEndpoint(node.index)
                    && node.lostDiskAt == nil && !node.isDamaged
            }
    }

    /// Whether another node is up that knows everybody.
    private func isRemembered(_ node: Int) -> Bool {
        nodes.contains { other in
            other.index != node && other.core?.members.count == nodes.count
        }
    }

    /// Who does not know whom, of all that are up.
    func unmet() -> Finding? {
        MeetingCheck(
            nodes: nodes.compactMap { node in
                guard !node.isOut, let id = node.id, let core = node.core else { return nil }
                return (node: node.index, id: id, members: core.members)
            }
        ).run()
    }
}
