// Matches replies with requests on one connection: they come in the order sent. Knows no command.
internal import MartletBase
internal import MartletRESP
internal import NIOCore

/// Why a request on a connection has no reply.
enum ExchangeFailure: Error, Hashable {
    /// Nothing was written to the connection; another may be tried.
    case notSent(String)
    /// The connection broke after the request was written.
    case lost(String)
    /// The deadline passed.
    case timedOut
    /// The waiting task was cancelled.
    case cancelled
    /// Too many requests wait already.
    case tooManyPending(limit: Int)
    /// What the node sent is no RESP.
    case unreadable(RESPError)
}

/// One request that waits for its reply. `@unchecked Sendable`: its connection's loop alone touches
/// it after it was made.
final class PendingExchange: @unchecked Sendable {
    private var continuation: CheckedContinuation<Result<RESPValue, ExchangeFailure>, Never>?
    private var timer: Scheduled<Void>?
    private var early: ExchangeFailure?

    /// Whether somebody still waits for the reply.
    var isAwaited: Bool { continuation != nil }

    /// Begins to wait, until `deadline` at most; false when it is already over.
    func begin(
        _ continuation: CheckedContinuation<Result<RESPValue, ExchangeFailure>, Never>,
        deadline: NIODeadline, on loop: any EventLoop
    ) -> Bool {
        self.continuation = continuation
        if let early {
            complete(.failure(early))
            return false
        }
        timer = loop.scheduleTask(deadline: deadline) { self.complete(.failure(.timedOut)) }
        return true
    }

    /// Hands the outcome to who waits; the first one counts.
    func complete(_ result: Result<RESPValue, ExchangeFailure>) {
        guard let continuation else {
            if case .failure(let failure) = result, timer == nil { early = failure }
            return
        }
        self.continuation = nil
        timer?.cancel()
        continuation.resume(returning: result)
    }
}

/// The end of a connection's pipeline. Requests are written as they come and flushed once per turn
/// of the loop, so that concurrent requests share a packet.
final class ReplyHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let pendingLimit: Int
    private var parser = ReplyParser()
    private var writer = CommandWriter()
    private var pending = CircularBuffer<PendingExchange>()
    private var context: ChannelHandlerContext?
    private var isFlushDue = false

    init(pendingLimit: Int) {
        self.pendingLimit = pendingLimit
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.context = nil
    }

    /// Sends one command; its reply goes to `exchange`. A reply that comes after its exchange is
    /// over is dropped in its turn.
    func send(_ words: [Bytes], for exchange: PendingExchange) {
        guard let context, context.channel.isActive else {
            return exchange.complete(.failure(.notSent("the connection is closed")))
        }
        guard pending.count < pendingLimit else {
            return exchange.complete(.failure(.tooManyPending(limit: pendingLimit)))
        }
        pending.append(exchange)
        writer.write(words)
        if isFlushDue { return }
        isFlushDue = true
        let handler = NIOLoopBound(self, eventLoop: context.eventLoop)
        context.eventLoop.execute { handler.value.flush() }
    }

    private func flush() {
        isFlushDue = false
        guard let context else { return }
        var buffer = context.channel.allocator.buffer(capacity: writer.bytes.count)
        buffer.writeBytes(writer.bytes)
        writer.removeAll()
        context.writeAndFlush(wrapOutboundOut(buffer), promise: nil)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let buffer = unwrapInboundIn(data)
        parser.append(Bytes(buffer.readableBytesView))
        do throws(RESPError) {
            while let reply = try parser.next() { deliver(reply) }
        } catch {
            end(.unreadable(error))
            context.close(promise: nil)
        }
    }

    private func deliver(_ reply: RESPValue) {
        if case .push = reply { return }
        pending.popFirst()?.complete(.success(reply))
    }

    func channelInactive(context: ChannelHandlerContext) {
        end(.lost("the node closed the connection"))
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        end(.lost("\(error)"))
        context.close(promise: nil)
    }

    private func end(_ failure: ExchangeFailure) {
        let ended = pending
        pending.removeAll()
        for exchange in ended { exchange.complete(.failure(failure)) }
    }
}
