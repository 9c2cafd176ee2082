// What a cluster on this machine consists of, worked out before anything is started: names, ports,
// files. No IO.

/// The nodes of such a cluster and where they live.
package struct LocalPlan: Hashable, Sendable {
    /// The most nodes that one machine is asked to run.
    package static let nodeLimit = 9
    /// From one node's ports to the next one's.
    private static let portStep: UInt16 = 10

    /// One node.
    package struct Node: Hashable, Sendable {
        /// Counted from 1.
        package var number: Int
        /// What it is called.
        package var name: String
        /// Where clients reach it on 127.0.0.1.
        package var clientPort: UInt16
        /// Where nodes reach it on 127.0.0.1.
        package var peerPort: UInt16
        /// Its folder: configuration, log, data.
        package var directory: String

        /// Its configuration.
        package var configurationPath: String { "\(directory)/martlet.yaml" }
        /// What it says.
        package var logPath: String { "\(directory)/node.log" }
        /// What it holds.
        package var dataPath: String { "\(directory)/data" }
        /// Its client endpoint.
        package var endpoint: String { "127.0.0.1:\(clientPort)" }
    }

    /// The folder of all of them.
    package let directory: String
    /// Where the ports of node 1 begin, whether there is one or not.
    package let basePort: UInt16
    /// The nodes, in order.
    package internal(set) var nodes: [Node]
    /// How many shards each of them has; nil for as many as its data has, 1 where it has none yet.
    package let shardCount: Int?

    /// A cluster of `nodeCount` nodes, 1 to `nodeLimit`, with ports from `basePort` on.
    package init(nodeCount: Int, directory: String, basePort: UInt16, shardCount: Int? = nil) {
        precondition((1...Self.nodeLimit).contains(nodeCount), "\(nodeCount) nodes")
        self.init(
            numbers: Array(1...nodeCount), directory: directory, basePort: basePort,
            shardCount: shardCount)
    }

    /// A cluster of the nodes of these numbers, ascending, each 1 to `nodeLimit`.
    package init(numbers: [Int], directory: String, basePort: UInt16, shardCount: Int? = nil) {
        self.shardCount = shardCount
        self.directory = directory
        self.basePort = basePort
        nodes = numbers.map { number in
            precondition((1...Self.nodeLimit).contains(number), "node \(number)")
            let port = basePort + UInt16(number - 1) * Self.portStep
            return Node(
                number: number, name: "n\(number)", clientPort: port, peerPort: port + 1,
                directory: "\(directory)/n\(number)")
        }
    }

    /// The highest first port with which every port of `nodeCount` nodes exists.
    package static func highestBasePort(nodeCount: Int) -> UInt16 {
        .max - UInt16(nodeCount - 1) * portStep - 1
    }

    /// How many replicas a key gets.
    package var replicaCount: Int { min(3, nodes.count) }
    /// Where a client may connect, any of them.
    package var endpoints: [String] { nodes.map(\.endpoint) }

    /// The configuration of a node of this cluster, which is new or has data already.
    package func configuration(of node: Node, isNew: Bool) -> String {
        let shardCount = shardCount ?? (isNew ? 1 : nil)
        let seeds = nodes.map { "127.0.0.1:\($0.peerPort)" }.joined(separator: ", ")
        return """
            # Written by martlet at each start; conf/martlet.yaml explains every key.
            cluster:
              name: demo
              seeds: [\(seeds)]
            node:
              name: \(node.name)
              data: data\(shardCount.map { "\n  shards: \($0)" } ?? "")
            clients:
              listen: \(node.endpoint)
            peers:
              listen: 127.0.0.1:\(node.peerPort)

            """
    }
}
