// One connection to one node, for any number of tasks at once.
internal import MartletBase
internal import MartletRESP
internal import NIOCore
internal import NIOPosix

/// A connected socket that speaks RESP3. `@unchecked Sendable` by its parts: the channel is safe to
/// share, the handler is bound to its loop.
struct Connection: Sendable {
    private let channel: any Channel
    private let handler: NIOLoopBound<ReplyHandler>

    /// Whether requests can be sent.
    var isActive: Bool { channel.isActive }

    /// Connects and agrees on RESP3.
    static func open(
        host: String, port: Int, options: ClientOptions, deadline: NIODeadline
    ) async throws(ExchangeFailure) -> Connection {
        let connection: Connection
        let timeout = max(.milliseconds(1), deadline - .now())
        do {
            connection = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
                .connectTimeout(timeout)
                .channelOption(.tcpOption(.tcp_nodelay), value: 1)
                .connect(host: host, port: port) { channel in
                    channel.eventLoop.makeCompletedFuture {
                        let handler = ReplyHandler(pendingLimit: options.pendingRequestLimit)
                        try channel.pipeline.syncOperations.addHandler(handler)
                        return Connection(
                            channel: channel,
                            handler: NIOLoopBound(handler, eventLoop: channel.eventLoop))
                    }
                }
        } catch {
            throw .notSent(explain(error))
        }
        try await connection.greet(options, deadline: deadline)
        return connection
    }

    private func greet(
        _ options: ClientOptions, deadline: NIODeadline
    ) async throws(ExchangeFailure) {
        var words = ["HELLO", "3"]
        if let name = options.name { words += ["SETNAME", name] }
        do throws(ExchangeFailure) {
            let reply = try await send(words.map { Bytes(text: $0) }, deadline: deadline)
            if case .map = reply { return }
            guard case .error(let error) = reply else {
                throw .notSent("it does not speak RESP3")
            }
            throw .notSent("it refuses RESP3: \(error)")
        } catch {
            close()
            switch error {
            case .lost(let why): throw .notSent(why)
            case .unreadable(let why): throw .notSent("it does not speak RESP3: \(why)")
            case .notSent, .timedOut, .cancelled, .tooManyPending: throw error
            }
        }
    }

    /// Sends one command and waits for its reply, which may be an error reply.
    func send(
        _ words: [Bytes], deadline: NIODeadline
    ) async throws(ExchangeFailure) -> RESPValue {
        let exchange = PendingExchange()
        let loop = channel.eventLoop
        let result = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                loop.execute {
                    if exchange.begin(continuation, deadline: deadline, on: loop) {
                        handler.value.send(words, for: exchange)
                    }
                }
            }
        } onCancel: {
            loop.execute { exchange.complete(.failure(.cancelled)) }
        }
        return try result.get()
    }

    /// Closes at once; requests that wait fail.
    func close() {
        channel.close(promise: nil)
    }

    /// Closes and waits until the socket is gone.
    func closeAndWait() async {
        close()
        try? await channel.closeFuture.get()
    }

    /// A connection error without the library's wrapping.
    private static func explain(_ error: any Error) -> String {
        switch error {
        case let error as NIOConnectionError:
            if error.connectionErrors.isEmpty { return "its host name is not known" }
            return error.connectionErrors.map { explain($0.error) }.joined(separator: "; ")
        case let error as IOError: return explain(error.errnoCode)
        case ChannelError.connectTimeout: return "no answer to the attempt to connect"
        default: return "\(error)"
        }
    }

    private static func explain(_ code: CInt) -> String {
        switch code {
        case ECONNREFUSED: "connection refused: nothing listens there"
        case EHOSTUNREACH, ENETUNREACH: "no route to the host"
        default: "\(IOError(errnoCode: code, reason: "connect"))"
        }
    }
}

extension TimeAmount {
    /// The same length of time, clamped to what fits.
    init(_ duration: Duration) {
        self = .nanoseconds(Int64(clamping: duration.nanoseconds))
    }
}
