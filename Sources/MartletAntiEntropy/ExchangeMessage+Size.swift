// What the messages of anti-entropy cost, for the counters.
internal import MartletWire

extension ExchangeMessage {
    /// About how many bytes it takes on the wire.
    var byteEstimate: Int {
        switch self {
        case .promise(let promise): 24 + promise.hinted.count
        case .roots(let roots): 40 + 12 * roots.entries.count
        case .settled(let settled): 32 + 4 * settled.entries.count
        case .rootsReply(let reply): 20 + reply.differing.count + reply.unknown.count
        case .nodes(let nodes):
            nodes.parts.reduce(18) { $0 + 4 + $1.hashes.count * Int(nodes.window.byteCount) }
        case .nodesReply(let reply): 16 + 7 * reply.parts.count
        case .question(let question): 16 + 4 * question.parts.count
        case .leaf(let leaf), .wants(let leaf):
            24 + leaf.digests.count * Int(leaf.window.byteCount)
        }
    }
}
