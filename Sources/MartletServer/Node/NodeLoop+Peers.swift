// The links of a shard's loop: to those shards of other nodes that serve what it serves. How many
// shards another node has is known once it has said so; before that it is thought to have as many
// as this one, and whoever is dialled wrongly answers how many they are.
internal import MartletBase
internal import MartletNode
internal import MartletRing
internal import MartletWire
internal import NIOCore
internal import NIOPosix

extension NodeLoop {
    /// Peers that link to this node though nobody has told of them, at most.
    static let strangerLimit = 64

    /// Keeps this shard's links to a node, or keeps them no more.
    func follow(_ change: Work.LinkChange) {
        switch change {
        case .keep(let node, let endpoint):
            sought[node] = endpoint
            seek(node, of: links(to: node).first?.peer.shard.count ?? shard.count, at: endpoint)
        case .drop(let node):
            sought[node] = nil
            for link in links(to: node) { link.abandon() }
        }
    }

    /// The link to `peer`, which has dialled; nil when too many strangers have.
    func link(to peer: Peer) -> PeerLink? {
        met(peer)
        if let link = links[peer] { return link }
        guard linkOrder.count(where: { $0.endpoint == nil }) < Self.strangerLimit else {
            return nil
        }
        return addLink(to: peer)
    }

    /// `peer` has said of how many shards its node is. Links to a node that was thought to be, or
    /// was, divided otherwise give way to others.
    func met(_ peer: Peer) {
        let former = links(to: peer.node)
        guard former.contains(where: { $0.peer.shard.count != peer.shard.count }) else { return }
        for link in former {
            forget(link)
            link.retire()
        }
        if let endpoint = sought[peer.node] {
            seek(peer.node, of: peer.shard.count, at: endpoint)
        }
    }

    /// Has those of the `count` shards of `node` dialled that serve what this one serves.
    private func seek(_ node: NodeID, of count: Int, at endpoint: Endpoint) {
        for index in shard.counterparts(among: count) {
            let peer = Peer(node, Shard(index: index, of: count))
            (links[peer] ?? addLink(to: peer)).seek(at: endpoint)
        }
    }

    /// All of one node, which are to shards of one number.
    private func links(to node: NodeID) -> [PeerLink] {
        linkOrder.filter { $0.peer.node == node }
    }

    private func addLink(to peer: Peer) -> PeerLink {
        let link = PeerLink(peer: peer, loop: self)
        links[peer] = link
        linkOrder.append(link)
        return link
    }

    /// Keeps a link no longer.
    func forget(_ link: PeerLink) {
        if links[link.peer] === link { links[link.peer] = nil }
        linkOrder.removeAll { $0 === link }
    }

    /// A number for a connection of a peer.
    func nextPeerConnection() -> Int {
        lastPeerConnection += 1
        return lastPeerConnection
    }

    /// Opens a connection for `handler`.
    func connect(to endpoint: Endpoint, _ handler: PeerHandler) -> EventLoopFuture<any Channel> {
        let connectTimeout = TimeAmount.seconds(1)
        return ClientBootstrap(group: eventLoop)
            .connectTimeout(connectTimeout)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try PeerLink.watch(channel)
                    try channel.pipeline.syncOperations.addHandler(handler)
                }
            }
            .connect(host: endpoint.host, port: Int(endpoint.port))
    }
}
