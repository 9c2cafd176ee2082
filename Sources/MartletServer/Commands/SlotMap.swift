// The ring as cluster clients of Redis want it: runs of slots, each with one node to write to and
// others that hold the same. Nodes believed unreachable are left out, so that a client goes on
// with the next home as soon as the members know; which nodes are homes does not change by that.
internal import MartletBase
internal import MartletNode
internal import MartletRing
internal import MartletWire

/// Neighbouring slots with the same nodes.
struct SlotRun: Hashable {
    /// The first and last slot.
    var slots: ClosedRange<Int>
    /// Whom to ask, best first; never empty.
    var nodes: [NodeID]
}

/// Every slot's nodes, as this node sees them now.
struct SlotMap {
    /// All slots, ascending.
    let runs: [SlotRun]
    private let members: [Member]

    /// The map of `topology` for those whom `core` believes to answer. O(Q · N).
    init(_ topology: Topology, core: NodeCore) {
        members = core.members
        let present = Set(members.lazy.filter { $0.state != .unreachable }.map(\.id))
        var runs: [SlotRun] = []
        for partition in topology.partitionCount.partitions {
            let range = topology.partitionCount.slots(of: partition)
            let slots = Int(range.lowerBound.index)...Int(range.upperBound.index)
            var nodes = topology.homes(of: partition).filter(present.contains)
            if nodes.isEmpty {
                // Any node serves any key: the first that would stand in, or this one.
                let standIn = topology.preferenceOrder(of: partition).first(where: present.contains)
                nodes = [standIn ?? core.identity.id]
            }
            if let last = runs.indices.last, runs[last].nodes == nodes {
                runs[last].slots = runs[last].slots.lowerBound...slots.upperBound
            } else {
                runs.append(SlotRun(slots: slots, nodes: nodes))
            }
        }
        self.runs = runs
    }

    /// Where clients reach `node`; nil when no member is known by that id.
    func member(_ node: NodeID) -> Member? {
        members.first { $0.id == node }
    }

    /// The runs that `node` is first of, neighbouring ones joined.
    func primaryRanges(of node: NodeID) -> [ClosedRange<Int>] {
        var ranges: [ClosedRange<Int>] = []
        for run in runs where run.nodes[0] == node {
            if let last = ranges.last, last.upperBound + 1 == run.slots.lowerBound {
                ranges[ranges.count - 1] = last.lowerBound...run.slots.upperBound
            } else {
                ranges.append(run.slots)
            }
        }
        return ranges
    }

    /// How many nodes are first of some slots.
    var primaryCount: Int { Set(runs.lazy.map { $0.nodes[0] }).count }
}

extension NodeID {
    /// The forty digits that Redis Cluster has for a node's name: ours, then zeros.
    var clusterName: String { description + String(repeating: "0", count: 24) }
}
