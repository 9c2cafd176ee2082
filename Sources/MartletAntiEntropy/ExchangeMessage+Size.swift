// What the messages of anti-entropy cost, for the counters.
internal import MartletWire

extension ExchangeMessage {
    /// About how many bytes it takes on the wire.
    var byteEstimate: Int {
        switch self {
        case .promise(let promise): 24 + 2 * promise.hinted.count
        case .roots(let roots): 24 + 18 * roots.entries.count
        case .settled(let settled): 24 + 10 * settled.entries.count
        case .rootsReply(let reply):
            24 + 2 * (reply.differing.count + reply.unknown.count)
        case .nodes(let nodes): 24 + 10 * nodes.nodes.count
        case .nodesReply(let reply): 24 + 10 * reply.differing.count
        case .leaf(let leaf), .wants(let leaf): 24 + 8 * leaf.digests.count
        case .removed(let removed): 40 + removed.key.count
        }
    }
}
