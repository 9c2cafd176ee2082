// What a demo consists of, worked out before anything is started: names, ports, files. No IO.

/// The nodes of a demo and where they live.
struct DemoPlan: Hashable, Sendable {
    /// The most nodes that one machine is asked to run.
    static let nodeLimit = 9
    /// From one node's ports to the next one's.
    private static let portStep: UInt16 = 10

    /// One node.
    struct Node: Hashable, Sendable {
        /// Counted from 1.
        var number: Int
        /// What it is called.
        var name: String
        /// Where clients reach it on 127.0.0.1.
        var clientPort: UInt16
        /// Where nodes reach it on 127.0.0.1.
        var peerPort: UInt16
        /// Its folder: configuration, log, data.
        var directory: String

        /// Its configuration.
        var configurationPath: String { "\(directory)/martlet.yaml" }
        /// What it says.
        var logPath: String { "\(directory)/node.log" }
        /// Its client endpoint.
        var endpoint: String { "127.0.0.1:\(clientPort)" }
    }

    /// The folder of the demo.
    let directory: String
    /// The nodes, in order.
    let nodes: [Node]

    /// A demo of `nodeCount` nodes, 1 to `nodeLimit`, with ports from `basePort` on.
    init(nodeCount: Int, directory: String, basePort: UInt16) {
        precondition((1...Self.nodeLimit).contains(nodeCount), "\(nodeCount) nodes")
        self.directory = directory
        nodes = (1...nodeCount).map { number in
            let port = basePort + UInt16(number - 1) * Self.portStep
            return Node(
                number: number, name: "n\(number)", clientPort: port, peerPort: port + 1,
                directory: "\(directory)/n\(number)")
        }
    }

    /// The highest first port with which every port of `nodeCount` nodes exists.
    static func highestBasePort(nodeCount: Int) -> UInt16 {
        .max - UInt16(nodeCount - 1) * portStep - 1
    }

    /// How many replicas a key gets.
    var replicaCount: Int { min(3, nodes.count) }
    /// Where a client may connect, any of them.
    var endpoints: [String] { nodes.map(\.endpoint) }
    /// Kept locked while a demo runs; names its process and its ports.
    var lockPath: String { "\(directory)/demo.lock" }

    /// A file that asks the running demo to restart that node.
    static func restartPath(_ number: Int, in directory: String) -> String {
        "\(directory)/restart-n\(number)"
    }

    /// The configuration of a node of this demo.
    func configuration(of node: Node) -> String {
        let seeds = nodes.map { "127.0.0.1:\($0.peerPort)" }.joined(separator: ", ")
        return """
            # Written by martlet at each start; conf/martlet.yaml explains every key.
            cluster:
              name: demo
              seeds: [\(seeds)]
            node:
              name: \(node.name)
              data: data
            clients:
              listen: \(node.endpoint)
            peers:
              listen: 127.0.0.1:\(node.peerPort)

            """
    }
}
