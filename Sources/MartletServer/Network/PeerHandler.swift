// The receiving half between two nodes: a stream that must open with a hello of this cluster and
// then carries messages. A stranger, garbage or another version is told why and hung up on.
internal import Logging
internal import MartletBase
internal import MartletNode
internal import MartletWire
internal import NIOCore

/// One accepted connection of a peer; confined to the node's event loop.
final class PeerHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// How long a stranger has for its hello.
    static let helloTimeout = TimeAmount.seconds(10)

    private unowned let loop: NodeLoop
    private var decoder = FrameDecoder()
    private var peer: NodeID?
    private var helloTimer: Scheduled<Void>?
    private var hasRefused = false
    private var account: MemoryAccount?

    init(loop: NodeLoop) {
        self.loop = loop
    }

    func channelActive(context: ChannelHandlerContext) {
        let channel = context.channel
        let owner = "peer \(NodeLoop.text(of: channel.remoteAddress))"
        account = loop.memory.open(owner: owner) { channel.close(promise: nil) }
        helloTimer = context.eventLoop.scheduleTask(in: Self.helloTimeout) {
            channel.close(promise: nil)
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        helloTimer?.cancel()
        account?.close()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        // Until the refusal is on its way, whatever else comes is not gathered.
        if hasRefused { return }
        let buffer = unwrapInboundIn(data)
        decoder.append(Bytes(buffer.readableBytesView))
        receiveFrames(context)
        account?.inputByteCount = decoder.heldByteCount
        loop.relieveMemory()
    }

    private func receiveFrames(_ context: ChannelHandlerContext) {
        do throws(FormatError) {
            while let frame = try decoder.next() {
                if let reason = receive(frame) {
                    refuse(reason, context)
                    return
                }
            }
        } catch {
            refuse("\(error)", context)
        }
    }

    /// Takes one frame; returns why the connection must end, if it must.
    private func receive(_ frame: Frame) -> String? {
        switch (peer, frame) {
        case (nil, .hello(let hello)): return greet(hello)
        case (let peer?, .message(let message)):
            loop.handle(.messageReceived(message, from: peer))
            return nil
        case (nil, _): return "a peer must begin with a hello"
        default: return "a peer sends messages after its hello"
        }
    }

    private func greet(_ hello: Hello) -> String? {
        let identity = loop.core.identity
        guard hello.clusterName == identity.clusterName else {
            return "this node is of cluster \(identity.clusterName), not \(hello.clusterName)"
        }
        guard hello.sought == identity.id else {
            return "this is node \(identity.id) (\(identity.name)), not \(hello.sought)"
        }
        guard hello.node != identity.id else { return "this node has the same identity" }
        helloTimer?.cancel()
        peer = hello.node
        decoder.trustPeer()
        return nil
    }

    private func refuse(_ reason: String, _ context: ChannelHandlerContext) {
        hasRefused = true
        loop.noteRefusedPeer(context.remoteAddress, reason)
        var writer = ByteWriter()
        Frame.refusal(reason).encode(into: &writer)
        let buffer = context.channel.allocator.buffer(bytes: writer.bytes)
        let channel = context.channel
        context.writeAndFlush(wrapOutboundOut(buffer)).whenComplete { _ in
            channel.close(promise: nil)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }
}
