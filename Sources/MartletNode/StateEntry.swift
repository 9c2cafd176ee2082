// What a node has written down of itself, one entry at a time: for tools that look at a stopped
// node's storage. A node itself reads its state through NodeState.
public import MartletAntiEntropy
public import MartletBase
public import MartletRing
internal import MartletVersions

/// An entry of the `state` space.
public enum StateEntry: Sendable {
    /// Who the node is.
    case identity(NodeIdentity)
    /// Under which name, where that is not its id, and incarnation it wrote last, and how far it
    /// had counted when it stopped cleanly; nil where it did not.
    case actor(name: NodeID?, incarnation: UInt32, counter: UInt64?)
    /// Which shard of the node it is.
    case shard(Shard)
    /// The ring that it belongs to.
    case topology(Topology)
    /// What anti-entropy has written down.
    case settling(SettlingEntry)

    /// Reads the entry called `name`; nil for a name that this build does not know.
    public init?(name: Bytes, value: Bytes) throws(FormatError) {
        var reader = ByteReader(value)
        switch name.text {
        case "identity": self = .identity(try NodeIdentity(from: &reader))
        case "actor":
            let record = try ActorRecord(from: &reader)
            self = .actor(
                name: record.name, incarnation: record.incarnation, counter: record.counter)
        case "shard": self = .shard(try Shard(from: &reader))
        case "topology": self = .topology(try Topology(from: &reader))
        default:
            guard let entry = try SettlingEntry(name: name, value: value) else { return nil }
            self = .settling(entry)
            return
        }
        try reader.expectEnd()
    }
}
