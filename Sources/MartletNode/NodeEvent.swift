// The one way into a node.
public import MartletBase
public import MartletMembership
public import MartletReplication
public import MartletRing
public import MartletStorage
public import MartletWire

/// What happens to a node. Shells make these of what their sockets, clocks and threads bring. Cases
/// that are rare and large are indirect: every event is moved about as the largest of the others.
public enum NodeEvent: Sendable {
    /// The node can send and be reached from now on. Comes first, once.
    case started
    /// `Work.wakeup` has come.
    case ticked
    /// A client of this node asks for something; an answer follows.
    case requestReceived(RequestID, ClientRequest)
    /// A message came over the link from that peer.
    case messageReceived(PeerMessage, from: Peer)
    /// A datagram of this cluster came from that address.
    case datagramReceived(Datagram, from: Endpoint)
    /// The link to that peer is open: messages go both ways. Links to the shards that its node has
    /// had, where it is divided otherwise now, are gone.
    case linkOpened(Peer)
    /// The link to that peer broke, or could not be made.
    case linkClosed(Peer)
    /// The log thread has answered.
    case logAnswered(LogOutcome)
    /// Blocks that the engine asked for have been read, or not.
    case readsAnswered([BlockAnswer])
    /// A background job of the engine has ended.
    indirect case jobAnswered(JobOutcome)
    /// An operator asks for something; a reply follows.
    case operatorAsked(RequestID, OperatorRequest)
    /// The control core has decided, or learnt, something: comes to the other shards of its node,
    /// of the `Work` of the first.
    indirect case viewChanged(ControlView)
    /// Another shard of the node has something for the control core: comes to the first, of the
    /// `Work` of the other.
    indirect case tidingCame(ControlTiding)
    /// The node is to stop: it refuses requests from now on and leaves a mark that it stopped
    /// cleanly. The shell then commits what is left of the log and exits.
    case stopping
}

/// What a shard has for the control core of its node.
public enum ControlTiding: Sendable {
    /// A message for it, which came over a link of the shard's own.
    case message(PeerMessage, from: Peer)
    /// How far the shard of this index has come with what a change of the ring asks of the node.
    case moved(MoveReport, shard: Int)
}

/// What an operator may ask of a node; a reply follows.
public enum OperatorRequest: Sendable {
    /// Create the cluster from the members known here; the first shard alone is asked.
    case create(CreationRequest)
    /// Have the cluster forget the member of this name or identity: one that no ring names and that
    /// is not alive. The first shard alone is asked.
    case forget(String)
    /// Change the ring, or tell what a change would come to; the first shard alone is asked.
    case ring(RingRequest)
    /// Have these partitions, or all that the shard is a home of, compared with every other home at
    /// once.
    case compare([UInt16]?)
    /// Look at what the shard of a key holds of it; the reply may wait for the disk.
    case lookUp(Bytes)
}

/// What came of an `OperatorRequest`, of the same kind.
public enum OperatorReply: Sendable {
    /// The cluster was created, or why not.
    case created(CreationOutcome)
    /// Nil where the member is forgotten, else why not and what to do.
    case forgotten(refusal: String?)
    /// What came of a change of the ring.
    indirect case ring(RingReply)
    /// How many partitions are compared.
    case comparing(Int)
    /// What is held of the key; nil when the node has no ring yet, or too much is being read.
    case holds(KeyHoldings?)
}

/// How a cluster is to be made of the members known to one node.
public struct CreationRequest: Hashable, Sendable {
    /// How many members there must be, so that none is forgotten.
    public var memberCount: Int
    /// What the cluster's nodes alone will know, drawn by whoever asks.
    public var secret: ClusterSecret
    /// N: how many home replicas each partition gets.
    public var replicaCount: Int
    /// Q: how many partitions there are.
    public var partitionCount: PartitionCount

    /// A cluster of `memberCount` members.
    public init(
        memberCount: Int, secret: ClusterSecret, replicaCount: Int = 3,
        partitionCount: PartitionCount = .standard
    ) {
        self.memberCount = memberCount
        self.secret = secret
        self.replicaCount = replicaCount
        self.partitionCount = partitionCount
    }
}

/// What came of a `CreationRequest`.
public enum CreationOutcome: Hashable, Sendable {
    /// The ring exists and is being spread; the warnings are for the operator.
    case created(warnings: [String])
    /// Nothing has changed; the text says why and what to do.
    case refused(String)
}

/// What a node tells its operator as it happens.
public enum NodeNote: Hashable, Sendable {
    /// A member joined, or is believed otherwise than before.
    case memberChanged(Member)
    /// The node has adopted the topology of this epoch.
    case topologyAdopted(epoch: UInt64)
    /// Two nodes claim what only one can have, or a ring came that contradicts this node's.
    case conflict(String)
    /// The node's wall clock is the odd one out, has leapt, or is right again.
    case clockStands(ClockStanding)
    /// The node has left the ring: it serves nobody, and may not come back as the one that it is.
    case hasLeft
    /// The ring has given this node's name to that one, and this node is not of the ring: it must
    /// stop.
    case nameTaken(by: NodeID)
    /// The storage refuses writes, or accepts them again (nil).
    case storageRefuses(WriteRefusal?)
    /// The storage has too little room for clients' values, or enough again.
    case valuesRefused(WriteRefusal?)
    /// What the node held of a range of keys is lost: it goes on under a new actor.
    case storageDamaged(DamagedRange)
}
