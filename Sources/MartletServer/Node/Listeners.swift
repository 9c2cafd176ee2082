// The sockets that a node listens on. All belong to the loop of its first shard; what clients
// connect to is handed to the loops in turn, and what peers do to that which their hello names.
internal import Glibc
internal import MartletBase
internal import NIOCore
internal import NIOPosix

/// What a node is reached by.
struct Listeners {
    /// Where other nodes are accepted, by TCP and UDP.
    let peers: [any Channel]
    /// Where clients are accepted.
    let clients: any Channel
    /// What datagrams are sent with.
    let datagrams: DatagramSocket

    /// All of them.
    var all: [any Channel] { peers + [clients] }

    /// Listeners are bound before the node starts, so that a port in use stops it early, but read
    /// nothing until it has: what came before would find no ring, and would be logged nowhere.
    /// Clients are accepted only when it is ready; the system keeps them waiting until then.
    static func bind(
        _ loops: [NodeLoop], _ group: MultiThreadedEventLoopGroup
    ) throws(ServerError) -> Listeners {
        let loop = loops[0]
        let configuration = loop.configuration
        let first = loop.eventLoop
        let peers = listener(loop, children: first, of: "peers", firstRead: 64 << 10) { channel in
            guard loop.admitsPeer(channel) else { throw ChannelError.alreadyClosed }
            try PeerLink.watch(channel)
            try channel.pipeline.syncOperations.addHandler(PeerHandler(loop: loop))
        }
        let clients = listener(loop, children: group, of: "clients", firstRead: 16 << 10) {
            channel in
            guard let loop = loops.first(where: { $0.eventLoop === channel.eventLoop }) else {
                throw ChannelError.alreadyClosed
            }
            let pipeline = channel.pipeline.syncOperations
            guard loop.admitsClient(channel) else {
                try pipeline.addHandler(SurplusClientHandler())
                return
            }
            try channel.syncOptions?.setOption(.allowRemoteHalfClosure, value: true)
            let handler = ClientHandler(
                loop: loop, session: loop.newSession(on: channel), limits: configuration.resp)
            try pipeline.addHandler(handler)
        }
        let datagrams = DatagramBootstrap(group: first)
            .channelOption(.autoRead, value: false)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(DatagramHandler(loop: loop))
                }
            }
        let peerAddress = configuration.peerListener
        let clientAddress = configuration.clientListener
        let peerListener = try bind(peerAddress, "peers") {
            try peers.bind(host: $0.host, port: Int($0.port)).wait()
        }
        let socket = try bind(peerAddress, "peers (UDP)") { try DatagramSocket($0) }
        let receiver = try bind(peerAddress, "peers (UDP)") { _ in
            try datagrams.withBoundSocket(socket.duplicate()).wait()
        }
        let clientListener = try bind(clientAddress, "clients") {
            try clients.bind(host: $0.host, port: Int($0.port)).wait()
        }
        return Listeners(
            peers: [peerListener, receiver], clients: clientListener, datagrams: socket)
    }

    /// How long no connection is accepted after one could not be: the system has no descriptor or
    /// no memory for it, and would say so again at once.
    private static let acceptPause = TimeAmount.milliseconds(250)

    /// What peers and clients are accepted by: connections begin with a read buffer of `firstRead`
    /// bytes, which follows what they send.
    private static func listener(
        _ loop: NodeLoop, children: any EventLoopGroup, of whom: String, firstRead: Int,
        _ accept: @escaping @Sendable (any Channel) throws -> Void
    ) -> ServerBootstrap {
        ServerBootstrap(group: loop.eventLoop, childGroup: children)
            .serverChannelOption(.backlog, value: 1_024)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .serverChannelOption(.autoRead, value: false)
            .serverChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let backoff = AcceptBackoffHandler(shouldForwardIOErrorCaught: false) { error in
                        loop.noteAcceptFailure(error, of: whom)
                        return acceptPause
                    }
                    try channel.pipeline.syncOperations.addHandler(backoff)
                }
            }
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            .childChannelOption(.socketOption(.so_keepalive), value: 1)
            .childChannelOption(
                .recvAllocator,
                value: AdaptiveRecvByteBufferAllocator(
                    minimum: firstRead / 16, initial: firstRead, maximum: 1 << 20)
            )
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture { try accept(channel) }
            }
    }

    private static func bind<Listener>(
        _ endpoint: Endpoint, _ purpose: String, _ body: (Endpoint) throws -> Listener
    ) throws(ServerError) -> Listener {
        do {
            return try body(endpoint)
        } catch let error as IOError {
            throw .listen(endpoint, purpose: purpose, reason: Self.text(of: error.errnoCode))
        } catch {
            throw .listen(endpoint, purpose: purpose, reason: "\(error)")
        }
    }

    private static func text(of code: CInt) -> String {
        code == EADDRINUSE ? "the port is in use" : unsafe String(cString: strerror(code))
    }
}
