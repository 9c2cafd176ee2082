// What a node is told at its start by whoever runs it.
package import MartletAntiEntropy
package import MartletBase
package import MartletMembership
package import MartletReplication

/// A node's place in its cluster, and how its protocols behave.
package struct NodeConfiguration: Sendable {
    /// The cluster's name; nodes of other clusters are not spoken to.
    package var clusterName: String
    /// The node's name, unique in the cluster.
    package var name: String
    /// The failure domain that it lives in.
    package var zone: String
    /// Its share of the data relative to others'; at least 1.
    package var weight: UInt32
    /// Where other nodes reach it, by TCP and UDP.
    package var peerEndpoint: Endpoint
    /// Where clients reach it.
    package var clientEndpoint: Endpoint
    /// Where to look for others first.
    package var seeds: [Endpoint]
    /// How it replicates.
    package var replication = ReplicationOptions()
    /// How it finds and mends differences.
    package var antiEntropy = AntiEntropyOptions()
    /// How it detects failures.
    package var membership = MembershipOptions()
    /// Bytes of tables a second that it reads back to check them, 0 (never) … 1 GiB, default
    /// 4 MiB: a terabyte takes three days. More finds damage sooner and costs reads.
    package var scrubBytesPerSecond = 4 << 20

    /// A node of `clusterName` with default protocols.
    package init(
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
