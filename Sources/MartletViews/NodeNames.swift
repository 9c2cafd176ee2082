// What people call nodes.
package import MartletBase
package import MartletNode

internal import MartletRing
internal import MartletWire

/// The names of nodes, from the ring and from the members known; the id where there is neither.
package struct NodeNames {
    private let core: NodeCore

    /// What `core` knows of names.
    package init(_ core: NodeCore) {
        self.core = core
    }

    /// What people call `node`.
    package func name(of node: NodeID) -> String {
        core.topology?.member(node)?.name ?? core.member(node)?.name ?? node.description
    }
}

extension NodeCore {
    /// What is known of the member `id`. O(members).
    func member(_ id: NodeID) -> Member? {
        members.first { $0.id == id }
    }
}
