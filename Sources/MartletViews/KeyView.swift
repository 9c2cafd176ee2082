// What MARTLET.KEY says: where a key lives.
package import MartletBase
package import MartletNode
package import MartletRing

internal import MartletWire

/// Where a key lives.
package struct KeyView: Codable, Hashable, Sendable {
    /// A node that holds the key, or would.
    package struct Node: Codable, Hashable, Sendable {
        /// Its identity.
        package var id: String
        /// Its name.
        package var name: String
        /// Its failure domain; may be empty.
        package var zone: String
        /// Where clients reach it; nil when unknown.
        package var client: String?
        /// `alive`, `suspect`, `unreachable` or `unknown`.
        package var state: String
        /// Whether it is to be filled before it is asked for the key.
        package var filling: Bool
    }

    /// The key as text, with replacement characters where it is none.
    package var key: String
    /// Its slot.
    package var slot: Int
    /// Its partition.
    package var partition: Int
    /// Its home replicas, primary first: those to which it moves, where it does.
    package var homes: [Node]
    /// Those that are homes until it has moved, and none afterwards; empty where it does not move.
    package var former: [Node]
    /// Who stands in for them, in order.
    package var fallbacks: [Node]
}

// MARK: From a core

extension KeyView {
    /// Where `topology` puts `key`, and what `core` believes of those nodes.
    package init(_ key: Bytes, topology: Topology, core: NodeCore) {
        let slot = Slot(ofKey: key)
        let partition = topology.partitionCount.partition(of: slot)
        let order = topology.preferenceOrder(of: partition)
        let view = topology.view(of: partition)
        let node = { (id: NodeID) in
            topology.member(id).map {
                Node($0, known: core.member(id), isFilling: view.filling.contains(id))
            }
        }
        let nodes = order.compactMap(node)
        let homeCount = view.homes.count
        self.key = key.text
        self.slot = Int(slot.index)
        self.partition = Int(partition.index)
        homes = Array(nodes.prefix(homeCount))
        former = view.former.filter { !view.homes.contains($0) }.compactMap(node)
        fallbacks = Array(nodes.dropFirst(homeCount))
    }
}

extension KeyView.Node {
    fileprivate init(_ ring: RingMember, known: Member?, isFilling: Bool) {
        id = ring.id.description
        name = ring.name
        zone = ring.zone
        client = known?.clientEndpoint.description
        state = known.map { "\($0.state)" } ?? "unknown"
        filling = isFilling
    }
}
