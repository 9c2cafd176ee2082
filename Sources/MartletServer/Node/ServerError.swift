// Why a node cannot start: each says what to do about it.
package import MartletBase
package import MartletNode
package import MartletStorage

/// A start that failed.
package enum ServerError: Error, CustomStringConvertible {
    /// The data directory cannot be used; it is `owner`'s, where that reads back.
    case storage(directory: String, StorageError, owner: NodeIdentity?)
    /// The data directory cannot be made or opened.
    case disk(directory: String, DiskError)
    /// The data directory is not this node's.
    case node(directory: String, NodeStateError)
    /// A change of the number of shards was interrupted when half of it was done.
    case changing(directory: String)
    /// The first write could not be made durable.
    case log(directory: String, DiskError)
    /// The ring has given this node's name to that one, as which it must go on, or not at all.
    case nameTaken(NodeIdentity, by: NodeID)
    /// An address cannot be listened on.
    case listen(Endpoint, purpose: String, reason: String)

    /// What is wrong, and what to do.
    package var description: String {
        switch self {
        case .storage(let directory, let error, let owner):
            "data directory \(directory)\(Self.text(of: owner)): \(error)"
        case .disk(let directory, let error): "data directory \(directory): \(error)"
        case .node(let directory, let error): "data directory \(directory): \(error)"
        case .changing(let directory):
            "data directory \(directory): a change of the number of shards was interrupted; finish "
                + "it with 'martlet storage reshard \(directory)'"
        case .log(let directory, let error):
            "data directory \(directory): the log cannot be written: \(error)"
        case .nameTaken(let node, let owner):
            "the ring of cluster \(node.clusterName) knows \(node.name) as \(owner), and this data "
                + "directory is not that node's. If the directory was moved, correct node.data; if "
                + "its disk is lost, start with '--in-place-of \(owner)'; a node that is to join "
                + "needs a name of its own"
        case .listen(let endpoint, let purpose, let reason):
            "cannot listen for \(purpose) on \(endpoint): \(reason). Stop what uses the port, or "
                + "choose another in the configuration"
        }
    }

    private static func text(of owner: NodeIdentity?) -> String {
        owner.map { " of node \($0.name) (\($0.id)) of cluster \($0.clusterName)" } ?? ""
    }
}
