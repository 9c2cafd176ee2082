// Nodes that are back are found again: whoever is known is called for ever, so that a node which
// comes back without an address of anybody is called by those that knew it, and two groups that
// took each other for gone meet when they can.
internal import MartletBase
internal import MartletWire

/// Checks that every node knows every other, and believes that it is there.
struct MeetingCheck {
    /// Every node that is up, with whom it knows.
    let nodes: [(node: Int, id: NodeID, members: [Member])]

    func run() -> Finding? {
        for (node, _, members) in nodes {
            for (other, id, _) in nodes {
                let member = members.first { $0.id == id }
                if let member, member.state < .unreachable { continue }
                let belief = member.map { "takes it for \($0.state)" } ?? "does not know it"
                return Finding(
                    .foundAgain,
                    "node \(other + 1) is up and can be reached, and node \(node + 1) \(belief)")
            }
        }
        return nil
    }
}
