// One connection between two nodes, dialled by either: each must open with a hello of this cluster,
// and once it is the link it carries messages both ways. A stranger, garbage or another version is
// told why and hung up on.
internal import Glibc
internal import MartletBase
internal import MartletNode
internal import MartletRing
internal import MartletWire
internal import NIOCore
internal import NIOPosix

/// One connection to a peer. Confined to the node's event loop, which makes it `Sendable`.
final class PeerHandler: ChannelInboundHandler, TurnTaker, @unchecked Sendable {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// How long an accepted connection has to become a link, and how long a dialled peer has to
    /// answer.
    static let settlingLimit = TimeAmount.seconds(3)

    /// How far it has come.
    private enum Phase {
        /// Accepted; nobody has said anything, but where another loop has read the hello.
        case accepted(Hello? = nil)
        /// Dialled; the peer's hello is awaited.
        case dialled(PeerLink)
        /// Accepted, and hellos are exchanged; the peer begins or hangs up.
        case greeted(PeerLink)
        /// It is the link, or was.
        case begun(PeerLink)
        /// Whatever else comes is not for this node.
        case ended
    }

    /// Tells connections of this node apart.
    let number: Int
    private unowned let loop: NodeLoop
    private var phase: Phase
    /// Told when the connection ends, which closing it does not wait for.
    private var link: PeerLink?
    private var decoder = FrameDecoder()
    private var channel: (any Channel)?
    private var settlingTimer: Scheduled<Void>?
    private var account: MemoryAccount?
    private var isReading = true
    private var isWaitingForTurn = false

    /// A connection that was accepted.
    init(loop: NodeLoop) {
        self.loop = loop
        number = loop.nextPeerConnection()
        phase = .accepted()
    }

    /// A connection that another loop of the node accepted, and whose `hello` is for this one.
    init(loop: NodeLoop, hello: Hello) {
        self.loop = loop
        number = loop.nextPeerConnection()
        phase = .accepted(hello)
    }

    /// A connection that `link` dials.
    init(loop: NodeLoop, dialling link: PeerLink) {
        self.loop = loop
        number = loop.nextPeerConnection()
        phase = .dialled(link)
        self.link = link
    }

    // MARK: The channel

    func handlerAdded(context: ChannelHandlerContext) {
        channel = context.channel
    }

    func channelActive(context: ChannelHandlerContext) {
        let channel = context.channel
        let owner = "peer \(NodeLoop.text(of: channel.remoteAddress))"
        account = loop.memory.open(owner: owner) { channel.close(promise: nil) }
        settlingTimer = context.eventLoop.scheduleTask(in: Self.settlingLimit) {
            channel.close(promise: nil)
        }
        if case .accepted(let hello?) = phase, let reason = welcome(hello) { refuse(reason) }
    }

    func channelInactive(context: ChannelHandlerContext) {
        settlingTimer?.cancel()
        account?.close()
        phase = .ended
        let link = link
        self.link = nil
        link?.ended(self)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        // Until the channel is closed, whatever else comes is not gathered.
        if case .ended = phase { return }
        loop.beginTurn()
        let buffer = unwrapInboundIn(data)
        decoder.append(Bytes(buffer.readableBytesView))
        if isWaitingForTurn { setReading(false) } else { receiveFrames() }
        loop.relieveMemory()
    }

    /// The loop has had time for others since `awaitTurn`.
    func takeTurn() {
        isWaitingForTurn = false
        if case .ended = phase { return }
        receiveFrames()
    }

    /// Takes in what has come, as far as the turn goes.
    private func receiveFrames() {
        defer { account?.inputByteCount = decoder.heldByteCount }
        do throws(FormatError) {
            var unread = decoder.unreadByteCount
            while let frame = try decoder.next() {
                if let reason = receive(frame) { return refuse(reason) }
                if case .ended = phase { return }
                let left = decoder.unreadByteCount
                if loop.isTurnOver(afterDelivery: unread - left), left > 0 {
                    isWaitingForTurn = true
                    return loop.awaitTurn(delivery: self)
                }
                unread = left
            }
            setReading(true)
        } catch {
            refuse("\(error)")
        }
    }

    private func setReading(_ reads: Bool) {
        guard reads != isReading, let channel else { return }
        isReading = reads
        do { try channel.syncOptions?.setOption(.autoRead, value: reads) } catch {
            channel.close(promise: nil)
        }
    }

    // MARK: What the link has it do

    /// Sends this node's hello, to the peer sought.
    func greet(_ peer: Peer) { send(.hello(hello(to: peer))) }

    private func hello(to peer: Peer) -> Hello {
        let identity = loop.core.identity
        return Hello(
            clusterName: identity.clusterName, node: identity.id, name: identity.name,
            sought: peer.node, shard: loop.shard, soughtShard: peer.shard.index)
    }

    /// Sends one frame.
    func send(_ frame: Frame) {
        var writer = ByteWriter()
        frame.encode(into: &writer)
        write(writer.bytes)
    }

    /// Sends bytes of frames.
    @discardableResult
    func write(_ bytes: Bytes) -> EventLoopFuture<Void>? {
        guard let channel else { return nil }
        return channel.writeAndFlush(channel.allocator.buffer(bytes: bytes))
    }

    /// So many bytes of what was written have not left yet: they count as held for the peer.
    func owes(_ byteCount: Int) {
        account?.outputByteCount = byteCount
    }

    /// Hangs up, and takes in nothing more.
    func close() {
        phase = .ended
        channel?.close(promise: nil)
    }

    // MARK: Frames

    /// Takes one frame; returns why the connection must end, if it must.
    private func receive(_ frame: Frame) -> String? {
        if case .begun(let link) = phase, case .message(let message) = frame {
            loop.receive(message, from: link.peer)
            return nil
        }
        switch (phase, frame) {
        case (.accepted, .hello(let hello)): return welcome(hello)
        case (.dialled(let link), .hello(let hello)):
            if let reason = fault(in: hello, from: link.peer.node) { return reason }
            return answered(hello, link)
        case (.greeted(let link), .begin):
            begin(link)
            link.begun(self)
        case (.dialled(let link), .refusal(let reason)), (.begun(let link), .refusal(let reason)):
            link.refused(Self.quoted(reason))
            close()
        case (.accepted, _), (.dialled, _): return "a peer must begin with a hello"
        default: return "a peer sends messages after its hello"
        }
        return nil
    }

    /// The peer has answered this node's hello. Where it is of a node divided otherwise than was
    /// thought, others are dialled.
    private func answered(_ hello: Hello, _ link: PeerLink) -> String? {
        let peer = Peer(hello.node, hello.shard)
        loop.met(peer)
        guard peer == link.peer else {
            close()
            return nil
        }
        begin(link)
        link.answered(self)
        return nil
    }

    private func welcome(_ hello: Hello) -> String? {
        if let reason = fault(in: hello, from: hello.node) { return reason }
        let own = loop.shard
        guard hello.soughtShard < own.count,
            Shard(index: hello.soughtShard, of: own.count).meets(hello.shard)
        else {
            turnAway(hello)
            return nil
        }
        if hello.soughtShard != own.index { return handOver(hello) }
        guard let link = loop.link(to: Peer(hello.node, hello.shard)) else {
            return "too many peers that nobody has told of"
        }
        phase = .greeted(link)
        self.link = link
        link.helloReceived(self)
        return nil
    }

    /// Whoever dials is wrong about how many shards this node has: the answer tells.
    private func turnAway(_ hello: Hello) {
        phase = .ended
        var writer = ByteWriter()
        Frame.hello(self.hello(to: Peer(hello.node, hello.shard))).encode(into: &writer)
        hangUp(after: writer.bytes)
    }

    /// Has the loop of the shard that is meant go on with the connection: whoever dials says
    /// nothing more until its hello is answered.
    private func handOver(_ hello: Hello) -> String? {
        guard decoder.unreadByteCount == 0 else { return "a peer awaits the answer to its hello" }
        let socket = try? channel?.pipeline.syncOperations.withUnsafeTransportIfAvailable {
            (handle: NIOBSDSocket.Handle) in fcntl(handle, F_DUPFD_CLOEXEC, 0)
        }
        guard let socket, socket >= 0 else { return "no descriptor is left" }
        loop.shards[hello.soughtShard].welcome(socket, hello)
        close()
        return nil
    }

    private func begin(_ link: PeerLink) {
        settlingTimer?.cancel()
        phase = .begun(link)
        decoder.trustPeer()
    }

    /// Why this is no hello from `peer` to this node. It tells the other side nothing that it has
    /// not said itself.
    private func fault(in hello: Hello, from peer: NodeID) -> String? {
        let identity = loop.core.identity
        guard hello.clusterName == identity.clusterName else {
            return "this node is not of cluster \(Self.quoted(hello.clusterName))"
        }
        guard hello.sought == identity.id else { return "this node is not \(hello.sought)" }
        guard hello.node != identity.id else { return "this node has the same identity" }
        guard hello.node == peer else { return "\(peer) was sought here, not \(hello.node)" }
        return nil
    }

    /// What a stranger says, fit to be logged: on one line, and not long.
    private static func quoted(_ text: String) -> String {
        let limit = 100
        let line = String(text.prefix(limit)).debugDescription.dropFirst().dropLast()
        return text.count > limit ? "\(line)…" : "\(line)"
    }

    private func refuse(_ reason: String) {
        phase = .ended
        loop.noteRefusedPeer(channel?.remoteAddress, reason)
        var writer = ByteWriter()
        Frame.refusal(reason).encode(into: &writer)
        hangUp(after: writer.bytes)
    }

    private func hangUp(after bytes: Bytes) {
        let channel = channel
        write(bytes)?.whenComplete { _ in channel?.close(promise: nil) }
    }
}
