// A client's connection: bytes to commands, replies to bytes. One read burst is parsed and run
// whole; whatever is answered by the end of the loop's turn leaves in one write.
internal import MartletBase
internal import MartletRESP
internal import NIOCore

/// One client. Confined to the node's event loop, which makes it `Sendable`.
final class ClientHandler: ChannelInboundHandler, TurnTaker, @unchecked Sendable {
    typealias InboundIn = ByteBuffer

    private unowned let loop: NodeLoop
    private let session: ClientSession
    private var account: MemoryAccount?
    private var parser: CommandParser
    private var context: ChannelHandlerContext?
    private var isReading = true
    private var isWaitingForTurn = false
    private var isAwaitingFlush = false
    private var hasEnded = false
    private var hasInputEnded = false
    /// What was taken from the session and not yet written.
    private var unsent: ArraySlice<UInt8> = []

    /// The most that one turn writes to one client, which costs it a copy, in bytes.
    private static let pieceLimit = 1 << 20

    init(loop: NodeLoop, session: ClientSession, limits: RESPLimits) {
        self.loop = loop
        self.session = session
        parser = CommandParser(limits: limits)
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        let channel = context.channel
        let owner = "client \(NodeLoop.text(of: channel.remoteAddress))"
        account = loop.memory.open(owner: owner) { channel.close(promise: nil) }
        session.account = account
        session.onOutput = { [unowned self] in awaitFlush() }
        session.onTurnOver = { [unowned self] in waitForTurn() }
        session.onBreak = { channel.close(promise: nil) }
    }

    func channelInactive(context: ChannelHandlerContext) {
        end()
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        end()
        self.context = nil
    }

    /// A client that has ended its side may still read what it asked for.
    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case .inputClosed? = event as? ChannelEvent {
            hasInputEnded = true
            goOn()
        } else {
            context.fireUserInboundEventTriggered(event)
        }
    }

    private func end() {
        guard !hasEnded else { return }
        hasEnded = true
        unsent = []
        session.connectionClosed()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        if hasEnded { return }
        loop.beginTurn()
        let buffer = unwrapInboundIn(data)
        parser.append(buffer.readableBytesSpan)
        if session.isSaturated || isWaitingForTurn {
            // What is here already can wait; what follows waits at the client.
            setReading(false)
        } else {
            runCommands()
        }
        account?.inputByteCount = parser.heldByteCount
        loop.relieveMemory()
    }

    /// Runs what has been received, as far as the session takes it and the turn goes.
    private func runCommands() {
        do throws(RESPError) {
            while !session.shouldClose, !session.isSaturated {
                if session.isTurnOver() { return waitForTurn() }
                guard let command = try parser.next() else { break }
                session.execute(command)
            }
        } catch {
            session.protocolError(error)
        }
        if hasInputEnded, !session.isSaturated { session.inputEnded() }
        if session.shouldClose {
            setReading(false)
        } else if !session.isSaturated {
            setReading(true)
        }
        closeIfOver()
    }

    private func closeIfOver() {
        if session.isOver { context?.close(promise: nil) }
    }

    private func waitForTurn() {
        if isWaitingForTurn { return }
        isWaitingForTurn = true
        loop.awaitTurn(client: self)
    }

    /// The loop has had time for others since `awaitTurn`.
    func takeTurn() {
        isWaitingForTurn = false
        session.takeTurn()
        goOn()
    }

    private func goOn() {
        if hasEnded || isWaitingForTurn { return }
        runCommands()
        account?.inputByteCount = parser.heldByteCount
    }

    private func setReading(_ reads: Bool) {
        guard reads != isReading, let channel = context?.channel else { return }
        isReading = reads
        do { try channel.syncOptions?.setOption(.autoRead, value: reads) } catch {
            channel.close(promise: nil)
        }
    }

    private func awaitFlush() {
        if isAwaitingFlush { return }
        isAwaitingFlush = true
        loop.needsFlush(self)
    }

    /// Writes what the session has to say, at the end of a turn, or a part of it; how many bytes
    /// that is.
    func flush() -> Int {
        isAwaitingFlush = false
        guard let context else { return 0 }
        if unsent.isEmpty { unsent = (session.takeOutput() ?? [])[...] }
        guard !unsent.isEmpty else { return 0 }
        let piece = unsent.prefix(Self.pieceLimit)
        let count = piece.count
        unsent = unsent.count > count ? unsent.dropFirst(count) : []
        let written = context.writeAndFlush(
            NIOAny(context.channel.allocator.buffer(bytes: piece)))
        if !unsent.isEmpty || session.hasOutput {
            awaitFlush()
        } else if session.shouldClose, session.isDrained {
            let channel = context.channel
            written.whenComplete { _ in channel.close(promise: nil) }
            return count
        }
        written.whenComplete { [self] _ in outputWritten(count) }
        return count
    }

    private func outputWritten(_ count: Int) {
        let wasSaturated = session.isSaturated
        session.outputWritten(count)
        if wasSaturated, !session.isSaturated { goOn() }
        closeIfOver()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }
}
