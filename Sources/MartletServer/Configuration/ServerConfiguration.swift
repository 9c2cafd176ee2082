// Everything that an operator tells one server, as plain checked values. How the file spells them
// is ConfigurationReader's; what they mean is documented key by key in conf/martlet.yaml.
package import Logging
package import MartletAntiEntropy
package import MartletBase
package import MartletMembership
package import MartletNode
package import MartletRESP
package import MartletReplication
package import MartletStorage

internal import MartletRing

/// One node's configuration: its place, its listeners, and the knobs of its protocols.
package struct ServerConfiguration: Sendable {
    /// The most shards that a node may have.
    package static let shardLimit = Shard.limit

    /// The cluster's name, 1 to 255 bytes; nodes of other clusters are not spoken to.
    package var clusterName: String
    /// The node's name, 1 to 255 bytes, unique in the cluster.
    package var nodeName: String
    /// See `NodeConfiguration.inPlaceOf`.
    package var inPlaceOf: NodeID?
    /// What fails together with this node; empty for none.
    package var zone = ""
    /// Its share of the data relative to others', 1 to 1,000.
    package var weight: UInt32 = 1
    /// Where the node keeps everything it knows; made when it is missing.
    package var dataDirectory: String

    /// How many shards it has, 1 … 64, each with a loop, a log and a share of the data; nil for as
    /// many as the data directory has, or one for each core where it is empty. Fixed with the
    /// directory.
    package var shards: Int?

    /// Where clients are accepted, by TCP; may be the unspecified address.
    package var clientListener = Endpoint(host: "127.0.0.1", port: 7400)
    /// The address of `clientListener` that others are told.
    package var clientEndpoint = Endpoint(host: "127.0.0.1", port: 7400)
    /// Where other nodes are accepted, by TCP and UDP; may be the unspecified address.
    package var peerListener = Endpoint(host: "127.0.0.1", port: 7401)
    /// The address of `peerListener` that others are told.
    package var peerEndpoint = Endpoint(host: "127.0.0.1", port: 7401)
    /// Peer endpoints to look for others at; may name this node.
    package var seeds: [Endpoint] = []

    /// How the node replicates.
    package var replication = ReplicationOptions()
    /// How the node finds and mends differences.
    package var antiEntropy = AntiEntropyOptions()
    /// How the node detects failures.
    package var membership = MembershipOptions()
    /// How the node stores.
    package var storage = StorageOptions()
    /// Threads that read blocks which are in no cache, 1 … 64, default 2: how many such reads the
    /// disk is given at a time.
    package var readThreads = 2
    /// See `NodeConfiguration.scrubBytesPerSecond`.
    package var scrubBytesPerSecond = 4 << 20
    /// How much of a client's bytes it holds before it gives up on the client.
    package var resp = RESPLimits()
    /// What one client may have the node hold.
    package var session = SessionLimits()
    /// What all connections may have the node hold, 32 MiB … 1 TiB; nil for a quarter of the
    /// machine's memory.
    package var memoryLimitBytes: Int?
    /// Clients that may be connected, 1 … 1,000,000; nil for what the limit of open files leaves.
    package var connectionLimit: Int?
    /// The least severe messages that are logged.
    package var logLevel = Logger.Level.info

    /// A node with default protocols that listens on the loopback address alone.
    package init(clusterName: String, nodeName: String, dataDirectory: String) {
        self.clusterName = clusterName
        self.nodeName = nodeName
        self.dataDirectory = dataDirectory
    }

    /// What the node itself is told; the rest is its shell's.
    package var node: NodeConfiguration {
        var node = NodeConfiguration(
            clusterName: clusterName, name: nodeName, zone: zone, weight: weight,
            peerEndpoint: peerEndpoint, clientEndpoint: clientEndpoint, seeds: seeds)
        node.inPlaceOf = inPlaceOf
        node.replication = replication
        node.antiEntropy = antiEntropy
        node.membership = membership
        node.scrubBytesPerSecond = scrubBytesPerSecond
        return node
    }
}
