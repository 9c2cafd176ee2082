// What a node has written down of itself, one entry at a time: for tools that look at a stopped
// node's storage. A node itself reads its state through NodeState.
public import MartletAntiEntropy
public import MartletBase
internal import MartletConsensus
public import MartletHandover
public import MartletRing
internal import MartletVersions
internal import MartletWire

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
    /// What the node is bound to in the decision of the ring after that epoch: the round that it
    /// has promised to, and the digest of the ring that it has accepted.
    case vote(after: UInt64, round: UInt64, accepted: UInt64?)
    /// What hand-over has written down.
    case fill(FillEntry)
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
        case "acceptor":
            let record = try AcceptorRecord(from: &reader)
            self = .vote(
                after: record.epoch, round: record.promised.round,
                accepted: record.accepted?.topology.digest)
        default:
            if let fill = try FillEntry(name: name, value: value) {
                self = .fill(fill)
                return
            }
            guard let entry = try SettlingEntry(name: name, value: value) else { return nil }
            self = .settling(entry)
            return
        }
        try reader.expectEnd()
    }
}
