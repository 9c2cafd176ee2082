// What a node is told at its start by whoever runs it.
public import MartletAntiEntropy
public import MartletBase
public import MartletHandover
public import MartletMembership
public import MartletReplication

/// A node's place in its cluster, and how its protocols behave.
public struct NodeConfiguration: Sendable {
    /// The cluster's name; nodes of other clusters are not spoken to.
    public var clusterName: String
    /// The node's name, unique in the cluster.
    public var name: String
    /// The failure domain that it lives in.
    public var zone: String
    /// Its share of the data relative to others'; at least 1.
    public var weight: UInt32
    /// Where other nodes reach it, by TCP and UDP.
    public var peerEndpoint: Endpoint
    /// Where clients reach it.
    public var clientEndpoint: Endpoint
    /// Where to look for others first.
    public var seeds: [Endpoint]
    /// The identity to take up on an empty disk: that of a node whose disk is lost, as which this
    /// one goes on. Nil draws one. A disk that remembers a node must remember this one.
    public var inPlaceOf: NodeID?
    /// How it replicates.
    public var replication = ReplicationOptions()
    /// How it finds and mends differences.
    public var antiEntropy = AntiEntropyOptions()
    /// How it moves partitions.
    public var handover = HandoverOptions()
    /// How it detects failures.
    public var membership = MembershipOptions()
    /// Bytes of tables a second that it reads back to check them, 0 (never) … 1 GiB, default
    /// 4 MiB: a terabyte takes three days. More finds damage sooner and costs reads.
    public var scrubBytesPerSecond = 4 << 20

    /// A node of `clusterName` with default protocols.
    public init(
        clusterName: String, name: String, zone: String, weight: UInt32 = 1,
        peerEndpoint: Endpoint, clientEndpoint: Endpoint, seeds: [Endpoint]
    ) {
        self.clusterName = clusterName
        self.name = name
        self.zone = zone
        self.weight = weight
        self.peerEndpoint = peerEndpoint
        self.clientEndpoint = clientEndpoint
        self.seeds = seeds
    }
}
