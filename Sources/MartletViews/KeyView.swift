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
    }

    /// The key as text, with replacement characters where it is none.
    package var key: String
    /// Its slot.
    package var slot: Int
    /// Its partition.
    package var partition: Int
    /// Its home replicas, primary first.
    package var homes: [Node]
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
        let nodes = order.compactMap { id in
            topology.member(id).map { Node($0, known: core.member(id)) }
        }
        let homeCount = topology.homes(of: partition).count
        self.key = key.text
        self.slot = Int(slot.index)
        self.partition = Int(partition.index)
        homes = Array(nodes.prefix(homeCount))
        fallbacks = Array(nodes.dropFirst(homeCount))
    }
}

extension KeyView.Node {
    fileprivate init(_ ring: RingMember, known: Member?) {
        id = ring.id.description
        name = ring.name
        zone = ring.zone
        client = known?.clientEndpoint.description
        state = known.map { "\($0.state)" } ?? "unknown"
    }
}
