// A node's link to one peer: one TCP connection for both directions, whoever dialled it, dialled
// again when it breaks. What a loop turn has for the peer leaves in one write. Which connection is
// the link is decided in `LinkSettlement`; what comes over it is read in `PeerHandler`.
internal import Glibc
internal import Logging
internal import MartletBase
internal import MartletNode
internal import MartletRing
internal import MartletWire
internal import NIOCore

/// This node's link to one peer. Confined to the node's event loop, which makes it `Sendable`.
final class PeerLink: @unchecked Sendable {
    /// Bytes that may wait for a peer before further messages are dropped: they may be lost
    /// anyway, and whoever sent them hedges or hints.
    static let pendingLimitBytes = 64 << 20
    /// The pauses between two attempts to dial; half of each is drawn at random, so that two nodes
    /// do not dial each other at the same time again and again.
    static let firstPause = Duration.milliseconds(50)
    static let longestPause = Duration.seconds(2)
    /// How long the peer's machine may leave bytes unacknowledged, or say nothing to the question
    /// whether it is still there, before the link counts as broken. Without it a link that a
    /// partition has cut waits out the system's backoff, a minute and more, after the partition has
    /// healed.
    static let unacknowledgedLimit = Duration.seconds(5)
    /// How long a link must have stood for the next pause to be a short one again.
    static let settlingTime = Duration.seconds(1)

    let peer: Peer
    /// Where the peer is to be dialled; nil while only it dials.
    private(set) var endpoint: Endpoint?
    private unowned let loop: NodeLoop
    private var settlement: LinkSettlement
    /// The connections under way, by number: the link, and what may take its place.
    private var connections: [Int: PeerHandler] = [:]
    private var current: PeerHandler?
    private var pause = PeerLink.firstPause
    /// Counts the pauses: the end of any but the last says nothing.
    private var pauseCount = 0
    private var isClosed = false
    private var pending = MessageFrames()
    /// Bytes handed to the channel that it has not yet written.
    private var unwrittenBytes = 0
    /// Messages that were dropped because too much was waiting, or that were too large.
    private(set) var droppedCount = 0

    init(peer: Peer, loop: NodeLoop) {
        self.peer = peer
        self.loop = loop
        settlement = LinkSettlement(local: loop.core.identity.id, peer: peer.node)
    }

    var isOpen: Bool { current != nil }

    /// Whether nothing is left of it: the peer alone dials, and does not.
    var isAbandoned: Bool { endpoint == nil && connections.isEmpty }

    /// Has the peer dialled at `endpoint` from now on. A link that stands is left alone: whoever is
    /// at the other end has said who it is, and a peer that has moved dials by itself.
    func seek(at endpoint: Endpoint) {
        self.endpoint = endpoint
        pause = Self.firstPause
        dial()
    }

    /// Has the peer dialled no more. A link that the peer keeps stands.
    func abandon() {
        endpoint = nil
        if isAbandoned { loop.forget(self) }
    }

    /// Ends all connections, for good.
    func close() {
        isClosed = true
        for number in connections.keys.sorted() { connections[number]?.close() }
    }

    /// Ends all connections at once: there is no such peer any more.
    func retire() {
        isClosed = true
        let ended = connections
        connections = [:]
        if current != nil {
            current = nil
            loop.handle(.linkClosed(peer))
        }
        for number in ended.keys.sorted() { ended[number]?.close() }
    }

    // MARK: Dialling

    private func dial() {
        guard let endpoint, !isClosed, settlement.mayDial else { return }
        let handler = PeerHandler(loop: loop, dialling: self)
        connections[handler.number] = handler
        settlement.dialled(handler.number)
        loop.connect(to: endpoint, handler).whenComplete { [self] result in
            loop.assertConfined()
            switch result {
            case .success: perform(settlement.connected(handler.number))
            case .failure: ended(handler)
            }
        }
    }

    private func rest() {
        guard endpoint != nil, !isClosed else { return }
        pauseCount += 1
        let number = pauseCount
        let half = pause / 2
        let drawn = Duration.nanoseconds(Int64.random(in: 0...Int64(half.nanoseconds)))
        pause = min(pause + pause, Self.longestPause)
        loop.schedule(after: half + drawn) { [self] in
            if number == pauseCount { dial() }
        }
    }

    // MARK: What handlers report

    /// The peer dials: its hello came over `handler`.
    func helloReceived(_ handler: PeerHandler) {
        connections[handler.number] = handler
        perform(settlement.helloReceived(handler.number))
    }

    /// The peer has answered this node's hello.
    func answered(_ handler: PeerHandler) {
        perform(settlement.answered(handler.number))
    }

    /// The peer begins on a connection that it dialled.
    func begun(_ handler: PeerHandler) {
        perform(settlement.begun(handler.number))
    }

    /// The peer hangs up on this node: dialling again soon would change nothing.
    func refused(_ reason: String) {
        pause = Self.longestPause
        let place = endpoint.map { "at \($0) " } ?? ""
        loop.complain(.refusedByPeer, "the peer \(place)refuses this node: \(reason)")
    }

    /// A connection has ended, or could not be made.
    func ended(_ handler: PeerHandler) {
        guard connections.removeValue(forKey: handler.number) != nil else { return }
        settlement.ended(handler.number)
        let wasLink = current === handler
        if wasLink { current = nil }
        let mayDial = settlement.mayDial
        if mayDial { rest() }
        if mayDial || wasLink { loop.handle(.linkClosed(peer)) }
        if isAbandoned { loop.forget(self) }
    }

    // MARK: Settling

    private func perform(_ actions: [LinkSettlement.Action]) {
        for action in actions {
            switch action {
            case .greet(let number): connections[number]?.greet(peer)
            case .begin(let number): connections[number]?.send(.begin)
            case .use(let number): use(number)
            case .close(let number): connections[number]?.close()
            }
        }
    }

    private func use(_ number: Int) {
        guard let handler = connections[number] else { return }
        // What waits for a link to the peer's former life is lost with it.
        if current != nil { loop.handle(.linkClosed(peer)) }
        current = handler
        pending.removeAll()
        unwrittenBytes = 0
        loop.schedule(after: Self.settlingTime) { [self] in
            if current === handler { pause = Self.firstPause }
        }
        loop.handle(.linkOpened(peer))
    }

    // MARK: Sending

    /// Adds a message to what leaves at the end of the turn; dropped when the link is not open.
    func enqueue(_ message: PeerMessage) {
        guard current != nil else { return }
        guard pending.byteCount + unwrittenBytes < Self.pendingLimitBytes else {
            droppedCount += 1
            return
        }
        if !pending.append(message) { droppedCount += 1 }
    }

    /// Writes what the turn gathered.
    func flush() {
        guard let current, pending.byteCount > 0 else { return }
        let count = pending.byteCount
        unwrittenBytes += count
        let written = pending.take { current.write($0) }
        current.owes(unwrittenBytes)
        written?.whenComplete { [self] _ in
            guard self.current === current else { return }
            unwrittenBytes -= count
            current.owes(unwrittenBytes)
        }
    }

    // MARK: Sockets

    /// Has the system find out within `unacknowledgedLimit` that the other end is gone, whether
    /// something is being sent or not.
    static func watch(_ channel: any Channel) throws {
        let limit = Int(unacknowledgedLimit.components.seconds)
        guard let options = channel.syncOptions else { return }
        try options.setOption(.tcpOption(.tcp_nodelay), value: 1)
        try options.setOption(
            .tcpOption(.init(rawValue: TCP_USER_TIMEOUT)),
            value: Int(unacknowledgedLimit.milliseconds))
        try options.setOption(.socketOption(.so_keepalive), value: 1)
        try options.setOption(.tcpOption(.init(rawValue: TCP_KEEPIDLE)), value: limit)
        try options.setOption(.tcpOption(.init(rawValue: TCP_KEEPINTVL)), value: 1)
        try options.setOption(.tcpOption(.init(rawValue: TCP_KEEPCNT)), value: limit)
    }
}
