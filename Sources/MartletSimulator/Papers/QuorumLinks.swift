// The links of a quorum's stand: each message takes its own time, whatever was sent before it, as
// the paper's model has it. Ours are in order; there, a read could not overtake a write.
internal import MartletBase
internal import MartletWire

/// How long messages take between a coordinator and the replicas of a key.
struct QuorumLinks {
    private let latency: QuorumLatency
    private let nodeCount: Int
    private let seed: UInt64
    /// For each directed pair of nodes, the messages sent: the ordinal of the next one's fate.
    private var sent: [UInt64]

    /// Links among `nodeCount` nodes: a coordinator, and the others its replicas.
    init(_ latency: QuorumLatency, nodeCount: Int, seed: UInt64) {
        self.latency = latency
        self.nodeCount = nodeCount
        self.seed = seed
        sent = [UInt64](repeating: 0, count: nodeCount * nodeCount)
    }

    /// How long `message`, which answers one operation at most, takes; nil when it is lost. Only
    /// read repair and anti-entropy are: the paper's model has none, and nobody waits for ours.
    mutating func delay(of message: PeerMessage, from: Int, to: Int) -> Duration? {
        switch message {
        case .replication(.put(let put)):
            if put.purpose == .repair { return nil }
            return draw(latency.write, put.operation, coordinator: from, from, to)
        case .replication(.putReplies(let replies)):
            guard let reply = replies.first else { return nil }
            return draw(latency.acknowledgement, reply.operation, coordinator: to, from, to)
        case .replication(.get(let get)):
            return draw(latency.read, get.operation, coordinator: from, from, to)
        case .replication(.getReply(let reply)):
            return draw(latency.response, reply.operation, coordinator: to, from, to)
        case .replication(.forward), .replication(.forwardReply), .pushPull, .topology,
            .topologyWanted, .decree, .moved:
            return .zero
        case .replication(.parcel), .replication(.removed), .exchange, .handover: return nil
        }
    }

    private mutating func draw(
        _ distribution: LatencyDistribution, _ operation: OperationID, coordinator: Int,
        _ from: Int, _ to: Int
    ) -> Duration {
        let path = from * nodeCount + to
        var random = SeededRandom(
            seed: StableHash.mix(seed ^ StableHash.mix(UInt64(path) << 40 ^ sent[path])))
        sent[path] += 1
        let delay = distribution.draw(&random)
        if latency.remote == .zero { return delay }
        let replica = from == coordinator ? to : from
        return isNear(replica, to: operation, of: coordinator) ? delay : delay + latency.remote
    }

    /// An operation begins beside one of the replicas, drawn for it.
    private func isNear(_ replica: Int, to operation: OperationID, of coordinator: Int) -> Bool {
        var random = SeededRandom(
            seed: StableHash.mix(
                seed &+ UInt64(coordinator) << 56 ^ StableHash.mix(operation.rawValue)),
            stream: "datacenter")
        let drawn = random.below(nodeCount - 1)
        return replica == (drawn < coordinator ? drawn : drawn + 1)
    }
}
