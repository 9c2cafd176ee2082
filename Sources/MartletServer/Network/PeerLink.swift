// The sending half between two nodes: one TCP connection to a peer, dialled again whenever it
// breaks. What a loop turn has for the peer leaves in one write.
//
//     resting ── delay ──► dialling ── connected ──► open ── closed ──► resting
//                             └────── failed ─────────────────────────────▲
internal import Logging
internal import MartletBase
internal import MartletNode
internal import MartletWire
internal import NIOCore
internal import NIOPosix

/// This node's link to one peer. Confined to the node's event loop, which makes it `Sendable`.
final class PeerLink: @unchecked Sendable {
    /// Bytes that may wait for a peer before further messages are dropped: they may be lost
    /// anyway, and whoever sent them hedges or hints.
    static let pendingLimitBytes = 64 << 20
    /// The pauses between two attempts to dial.
    static let firstPause = Duration.milliseconds(50)
    static let longestPause = Duration.seconds(2)
    /// How long the peer's machine may leave bytes unacknowledged before the link counts as broken.
    /// Without it a link that a partition has cut waits out the system's backoff, a minute and
    /// more, after the partition has healed.
    static let unacknowledgedLimit = Duration.seconds(5)
    /// How long a link must have stood for the next pause to be a short one again.
    static let settlingTime = Duration.seconds(1)

    private enum State {
        case resting
        case dialling
        case open(any Channel)
        case closed
    }

    let peer: NodeID
    private(set) var endpoint: Endpoint
    private unowned let loop: NodeLoop
    private var state = State.resting
    private var pause = PeerLink.firstPause
    private var pending = ByteWriter()
    /// Bytes handed to the channel that it has not yet written.
    private var unwrittenBytes = 0
    /// Messages that were dropped because too much was waiting, or that were too large.
    private(set) var droppedCount = 0

    init(peer: NodeID, endpoint: Endpoint, loop: NodeLoop) {
        self.peer = peer
        self.endpoint = endpoint
        self.loop = loop
    }

    var isOpen: Bool {
        if case .open = state { true } else { false }
    }

    /// The peer is to be found elsewhere from now on.
    func redirect(to endpoint: Endpoint) {
        self.endpoint = endpoint
        pause = Self.firstPause
        if case .open(let channel) = state { channel.close(promise: nil) }
    }

    /// Starts dialling.
    func dial() {
        guard case .resting = state else { return }
        state = .dialling
        let endpoint = endpoint
        loop.connect(to: endpoint, link: self).whenComplete { [self] result in
            loop.assertConfined()
            switch result {
            case .success(let channel): opened(channel)
            case .failure: rest()
            }
        }
    }

    func close() {
        if case .open(let channel) = state { channel.close(promise: nil) }
        state = .closed
    }

    /// Adds a message to what leaves at the end of the turn; dropped when the link is not open.
    func enqueue(_ message: PeerMessage) {
        guard case .open = state else { return }
        guard pending.count + unwrittenBytes < Self.pendingLimitBytes else {
            droppedCount += 1
            return
        }
        if !Frame.message(message).encode(into: &pending) { droppedCount += 1 }
    }

    /// Writes what the turn gathered.
    func flush() {
        guard case .open(let channel) = state, pending.count > 0 else { return }
        let buffer = channel.allocator.buffer(bytes: pending.bytes)
        let count = pending.count
        pending.removeAll()
        unwrittenBytes += count
        channel.writeAndFlush(buffer).whenComplete { [self] _ in unwrittenBytes -= count }
    }

    private func opened(_ channel: any Channel) {
        guard case .dialling = state else {
            channel.close(promise: nil)
            return
        }
        state = .open(channel)
        pending.removeAll()
        unwrittenBytes = 0
        let identity = loop.core.identity
        Frame.hello(
            Hello(
                clusterName: identity.clusterName, node: identity.id, name: identity.name,
                sought: peer)
        ).encode(into: &pending)
        channel.closeFuture.whenComplete { [self] _ in closed(channel) }
        flush()
        loop.schedule(after: Self.settlingTime) { [self] in settle(channel) }
        loop.handle(.linkOpened(peer))
    }

    private func closed(_ channel: any Channel) {
        guard case .open(let current) = state, current === channel else { return }
        rest()
        loop.handle(.linkClosed(peer))
    }

    /// The peer hangs up on this node: dialling again soon would change nothing.
    func refused(_ reason: String) {
        loop.log.warning("the peer at \(endpoint) refuses this node: \(reason)")
        pause = Self.longestPause
    }

    private func rest() {
        if case .closed = state { return }
        state = .resting
        let delay = pause
        pause = min(pause + pause, Self.longestPause)
        loop.schedule(after: delay) { [self] in dial() }
    }

    private func settle(_ channel: any Channel) {
        if case .open(let current) = state, current === channel { pause = Self.firstPause }
    }
}

/// Reads the only thing that an accepting peer ever says: why it hangs up.
final class RefusalHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let link: PeerLink
    private var decoder = FrameDecoder()

    init(link: PeerLink) {
        self.link = link
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let buffer = unwrapInboundIn(data)
        decoder.append(Bytes(buffer.readableBytesView))
        if let frame = try? decoder.next(), case .refusal(let reason) = frame {
            link.refused(reason)
        }
        context.close(promise: nil)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }
}
