// The ring as cluster clients of Redis want it: runs of slots, each with the one node to send to.
// Every node is a master and none a replica: a node that is first home of some slots and another
// home of others would be both, which clients mix up, and any node serves reads anyway. Members
// that do not answer are passed over at once; which nodes are homes does not change by that.
internal import MartletBase
internal import MartletNode
internal import MartletRing
internal import MartletWire

/// Neighbouring slots with the same node.
struct SlotRun: Hashable {
    /// The first and last slot.
    var slots: ClosedRange<Int>
    /// Whom to ask.
    var node: NodeID
}

/// Every slot's node, as this node sees them now.
struct SlotMap {
    /// All slots, ascending.
    let runs: [SlotRun]
    private let members: [Member]

    /// The map of `topology` for those whom `core` believes to answer. O(Q · N).
    init(_ topology: Topology, core: NodeCore) {
        members = core.members
        let alive = Set(members.lazy.filter { $0.state == .alive }.map(\.id))
        let present = Set(members.lazy.filter { $0.state != .unreachable }.map(\.id))
        var runs: [SlotRun] = []
        for partition in topology.partitionCount.partitions {
            let range = topology.partitionCount.slots(of: partition)
            let slots = Int(range.lowerBound.index)...Int(range.upperBound.index)
            // Any node serves any key: failing a home, the first that would stand in, or this one.
            // While the partition moves its former homes answer reads.
            let homes = topology.readers(of: partition)
            let node =
                homes.first(where: alive.contains) ?? homes.first(where: present.contains)
                ?? topology.preferenceOrder(of: partition).first(where: present.contains)
                ?? core.identity.id
            if let last = runs.indices.last, runs[last].node == node {
                runs[last].slots = runs[last].slots.lowerBound...slots.upperBound
            } else {
                runs.append(SlotRun(slots: slots, node: node))
            }
        }
        self.runs = runs
    }

    /// Where clients reach the node of a run, which always is a member.
    func member(of run: SlotRun) -> Member {
        guard let member = members.first(where: { $0.id == run.node }) else {
            fatalError("slots \(run.slots) are sent to \(run.node), who is no member")
        }
        return member
    }

    /// The slots of `node`.
    func ranges(of node: NodeID) -> [ClosedRange<Int>] {
        runs.lazy.filter { $0.node == node }.map(\.slots)
    }

    /// How many nodes have slots.
    var nodeCount: Int { Set(runs.lazy.map(\.node)).count }
}

extension NodeID {
    /// The forty digits that Redis Cluster has for a node's name: ours, then zeros.
    var clusterName: String { description + String(repeating: "0", count: 24) }
}
