// What a node keeps of itself in its storage, beside the data: who it is, under which actor it
// writes, and which ring it belongs to. Entries of the `state` space, of each shard's storage.
//
//     identity = version:u8 (1)  node:u64  cluster: text  name: text
//     actor    = version:u8 (1)  incarnation:varint  0 | 1 counter:varint     1: stopped cleanly
//              | version:u8 (2)  name:u64  as above     a name other than the node's id
//     topology = as `Topology` encodes itself; the first shard's counts
//     shard    = version:u8 (1)  index:varint  count:varint     absent where it is the only one
public import MartletBase
internal import MartletConsensus
public import MartletRing
public import MartletStorage
internal import MartletVersions

/// Who a node is; fixed when its data directory is made.
public struct NodeIdentity: Hashable, Sendable {
    /// Drawn at random.
    public var id: NodeID
    /// The cluster that the data belongs to.
    public var clusterName: String
    /// The node's name in it.
    public var name: String

    /// The identity of a new node.
    public init(id: NodeID, clusterName: String, name: String) {
        self.id = id
        self.clusterName = clusterName
        self.name = name
    }
}

/// Why a data directory cannot be used by this node.
public enum NodeStateError: Error, Hashable, Sendable, CustomStringConvertible {
    /// It belongs to another node or cluster.
    case foreign(found: NodeIdentity, clusterName: String, name: String)
    /// It belongs to another node than the one in whose place it is to go on.
    case occupied(found: NodeIdentity, wanted: NodeID)
    /// It was made for another number of shards.
    case sharded(found: Int, wanted: Int)
    /// Other shards hold the data of a node, and this one nothing.
    case shardLost(Shard)
    /// A shard belongs to another node than the others.
    case shardForeign(Shard, found: NodeIdentity)
    /// An entry does not read back.
    case unreadable(entry: String, FormatError)
    /// No incarnation is left for it to take.
    case exhausted
    /// The hints kept for other nodes could not be counted.
    case uncounted(StorageError)
    /// The storage refused the first write.
    case refused(WriteRefusal)

    /// What is wrong, and what to do.
    public var description: String {
        switch self {
        case .foreign(let found, let clusterName, let name):
            "the data directory belongs to node \(found.name) of cluster \(found.clusterName), "
                + "and the configuration says \(name) of \(clusterName): correct the names, or "
                + "give the new node a directory of its own"
        case .occupied(let found, let wanted):
            "the data directory belongs to node \(found.name) with the identity \(found.id), and "
                + "is to go on in place of \(wanted): that takes an empty directory. Correct the "
                + "identity, or leave it out"
        case .sharded(let found, let wanted):
            "the data directory has \(found) shards, and the configuration says \(wanted): say "
                + "node.shards: \(found), or leave it out"
        case .shardLost(let shard):
            "shard \(shard) of the data directory is empty, and others hold a node's data: put it "
                + "back, or keep the directory aside and let the node go on in place with an empty "
                + "one ('martlet start --in-place-of')"
        case .shardForeign(let shard, let found):
            "shard \(shard) of the data directory belongs to node \(found.name) with the identity "
                + "\(found.id), and the others to another: put the right one back"
        case .unreadable(let entry, let error):
            "the node's own \(entry) does not read back (\(error)): keep the directory aside and "
                + "let the node go on in place with an empty one ('martlet start --in-place-of')"
        case .exhausted:
            "the node has used up its incarnations: keep the directory aside and let the node go "
                + "on in place with an empty one ('martlet start --in-place-of')"
        case .uncounted(let error):
            "the hints that the node keeps for others do not read back: \(error)"
        case .refused(let refusal): "the storage refuses the node's first write: \(refusal)"
        }
    }
}

/// What is remembered of an actor.
struct ActorRecord: Hashable {
    /// Under which name the node writes, where that is not its id: since it lost its disk.
    var name: NodeID?
    var incarnation: UInt32
    /// The last counter that was used; nil unless the node stopped cleanly.
    var counter: UInt64?

    init(incarnation: UInt32, counter: UInt64?) {
        self.incarnation = incarnation
        self.counter = counter
    }

    /// The actor of `dots`, which is that of the node `local`.
    init(_ dots: DotSource, of local: NodeID, counter: UInt64?) {
        name = dots.actor.node == local ? nil : dots.actor.node
        incarnation = dots.actor.incarnation
        self.counter = counter
    }
}

extension NodeCore {
    /// Writes down in an empty storage that whoever starts on it has stopped cleanly after that
    /// many writes: simulations begin with numbers that are large.
    package static func age(
        _ engine: StorageEngine, incarnation: UInt32, counter: UInt64
    ) throws(WriteRefusal) {
        var batch = WriteBatch()
        batch.put(ActorRecord(incarnation: incarnation, counter: counter))
        try engine.write(batch)
    }
}

extension StorageEngine {
    private static let identityKey = StorageKey.state("identity")
    private static let actorKey = StorageKey.state("actor")
    private static let topologyKey = StorageKey.state("topology")
    private static let shardKey = StorageKey.state("shard")
    private static let acceptorKey = StorageKey.state("acceptor")

    func loadAcceptor() throws(NodeStateError) -> AcceptorRecord? {
        try load(Self.acceptorKey) { (reader: inout ByteReader) throws(FormatError) in
            try AcceptorRecord(from: &reader)
        }
    }

    func loadIdentity() throws(NodeStateError) -> NodeIdentity? {
        try load(Self.identityKey) { (reader: inout ByteReader) throws(FormatError) in
            try NodeIdentity(from: &reader)
        }
    }

    func loadActor() throws(NodeStateError) -> ActorRecord? {
        try load(Self.actorKey) { (reader: inout ByteReader) throws(FormatError) in
            try ActorRecord(from: &reader)
        }
    }

    func loadShard() throws(NodeStateError) -> Shard? {
        try load(Self.shardKey) { (reader: inout ByteReader) throws(FormatError) in
            try Shard(from: &reader)
        }
    }

    func loadTopology() throws(NodeStateError) -> Topology? {
        try load(Self.topologyKey) { (reader: inout ByteReader) throws(FormatError) in
            try Topology(from: &reader)
        }
    }

    private func load<Value>(
        _ key: StorageKey, _ decode: (inout ByteReader) throws(FormatError) -> Value
    ) throws(NodeStateError) -> Value? {
        let outcome = get(key)
        invariant(outcome != .notLoaded && outcome != .damaged, "\(key) is \(outcome)")
        guard case .found(let bytes) = outcome else { return nil }
        var reader = ByteReader(bytes)
        do {
            let value = try decode(&reader)
            try reader.expectEnd()
            return value
        } catch {
            throw .unreadable(entry: key.key.text, error)
        }
    }
}

extension NodeIdentity {
    fileprivate static let formatVersion: UInt8 = 1

    /// What `encoded` has made.
    public init(decoding bytes: Bytes) throws(FormatError) {
        var reader = ByteReader(bytes)
        self = try NodeIdentity(from: &reader)
        try reader.expectEnd()
    }

    /// The identity as the node's storage keeps it, and as the log's mark shows it. Names are at
    /// most 255 bytes each.
    public func encoded() -> Bytes {
        var writer = ByteWriter()
        writer.write(Self.formatVersion)
        writer.write(id.rawValue)
        writer.writePrefixed(clusterName)
        writer.writePrefixed(name)
        return writer.take()
    }

    init(from reader: inout ByteReader) throws(FormatError) {
        try reader.expectVersion(Self.formatVersion)
        id = NodeID(rawValue: try reader.readUInt64())
        clusterName = try reader.readPrefixedText()
        name = try reader.readPrefixedText()
    }
}

extension ActorRecord {
    fileprivate static let formatVersion: UInt8 = 1
    fileprivate static let namedFormatVersion: UInt8 = 2

    init(from reader: inout ByteReader) throws(FormatError) {
        let version = try reader.readUInt8()
        switch version {
        case Self.formatVersion: name = nil
        case Self.namedFormatVersion: name = NodeID(rawValue: try reader.readUInt64())
        default: throw reader.error(.unsupportedVersion(version))
        }
        guard let incarnation = UInt32(exactly: try reader.readVarint()) else {
            throw reader.error(.invalid("incarnation"))
        }
        self.incarnation = incarnation
        counter = try reader.readFlag() ? try reader.readVarint() : nil
        if let counter, counter > Dot.counterLimit { throw reader.error(.invalid("counter")) }
    }
}

extension Shard {
    fileprivate static let formatVersion: UInt8 = 1

    init(from reader: inout ByteReader) throws(FormatError) {
        try reader.expectVersion(Self.formatVersion)
        let (index, count) = (try reader.readVarint(), try reader.readVarint())
        guard (1...UInt64(Self.limit)).contains(count), index < count else {
            throw reader.error(.invalid("shard"))
        }
        self.init(index: Int(index), of: Int(count))
    }
}

extension ByteReader {
    fileprivate mutating func expectVersion(_ known: UInt8) throws(FormatError) {
        let version = try readUInt8()
        guard version == known else { throw error(.unsupportedVersion(version)) }
    }
}

extension WriteBatch {
    mutating func put(_ identity: NodeIdentity) {
        put(.state("identity"), identity.encoded())
    }

    mutating func put(_ actor: ActorRecord) {
        var writer = ByteWriter()
        writer.write(
            actor.name == nil ? ActorRecord.formatVersion : ActorRecord.namedFormatVersion)
        if let name = actor.name { writer.write(name.rawValue) }
        writer.writeVarint(UInt64(actor.incarnation))
        writer.write(actor.counter != nil)
        if let counter = actor.counter { writer.writeVarint(counter) }
        put(.state("actor"), writer.take())
    }

    mutating func put(_ shard: Shard) {
        var writer = ByteWriter()
        writer.write(Shard.formatVersion)
        writer.writeVarint(UInt64(shard.index))
        writer.writeVarint(UInt64(shard.count))
        put(.state("shard"), writer.take())
    }

    mutating func put(_ record: AcceptorRecord) {
        var writer = ByteWriter()
        record.encode(into: &writer)
        put(.state("acceptor"), writer.take())
    }

    mutating func put(_ topology: Topology) {
        put(.state("topology"), topology.encoded())
    }
}
