// Starting and stopping a node process: disk, log thread, loop, listeners, signals, in that order.
package import Logging

internal import Dispatch
internal import Glibc
internal import MartletBase
internal import MartletMembership
internal import MartletNode
internal import MartletStorage
internal import NIOCore
internal import NIOPosix

/// A running node process.
package final class Server {
    private let loop: NodeLoop
    private let group: MultiThreadedEventLoopGroup
    private let storage: StorageThreads
    private let listeners: [any Channel]

    /// How long a clean stop may take before the process ends without one. All that was
    /// acknowledged is in the log by then; the next start reads it back as after a crash.
    package static let stopLimit = Duration.seconds(20)

    /// Starts the node and serves until SIGTERM or SIGINT, then stops cleanly: refuses what comes,
    /// makes the log durable, leaves the mark of a clean stop.
    ///
    /// - Parameter started: called once the node is listening. It answers clients a little later,
    ///   when it has found its peers; until then their connections wait.
    package static func run(
        _ configuration: ServerConfiguration, log: Logger, started: () -> Void = {}
    ) throws(ServerError) {
        let signals = StopSignals()
        let server = try Server(configuration, log: log) { signals.raise($0) }
        started()
        let reason = signals.wait()
        log.notice("stopping on \(reason == nil ? "a signal to stop" : "a failure")")
        endAfterStopLimit(log)
        server.stop()
        if let reason { throw reason }
        log.notice("stopped cleanly")
    }

    /// Starts the node and returns once it is listening.
    ///
    /// - Parameter giveUp: called, on the node's loop, where it must be stopped for that reason.
    package init(
        _ configuration: ServerConfiguration, log: Logger,
        giveUp: @escaping @Sendable (ServerError) -> Void = { _ in }
    ) throws(ServerError) {
        var configuration = configuration
        let descriptors = DescriptorPlan(
            limit: DescriptorPlan.raiseLimit(), openTables: configuration.storage.openTableLimit,
            members: configuration.membership.memberLimit,
            connectionLimit: configuration.connectionLimit)
        configuration.storage.openTableLimit = descriptors.tables
        if let wanted = configuration.connectionLimit, wanted > descriptors.clients {
            log.warning(
                """
                clients.connection_limit is \(wanted), but the limit of open files leaves \
                \(descriptors.clients): raise it (ulimit -n)
                """)
        }
        let directory = configuration.dataDirectory
        let storage = try Self.openStorage(configuration, log: log)
        let core = try Self.openCore(configuration, storage, directory, log: log)
        group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let eventLoop = group.next()
        let loop = NodeLoop(
            eventLoop: eventLoop, core: core, configuration: configuration,
            descriptors: descriptors, log: log, giveUp: giveUp)
        self.loop = loop
        let threads = StorageThreads(
            storage, options: configuration.storage, readThreads: configuration.readThreads,
            answers: loop.storageAnswers)
        self.storage = threads
        do throws(ServerError) {
            let bound = try Self.listen(loop, group)
            listeners = bound.all
            let clients = bound.clients
            Self.blocking {
                try eventLoop.submit {
                    for listener in bound.peers {
                        try listener.syncOptions?.setOption(.autoRead, value: true)
                    }
                    loop.start(storage: threads, datagrams: bound.datagrams) {
                        loop.serve(clients)
                    }
                }.wait()
            }
        } catch {
            threads.stop()
            Self.blocking { [group] in try group.syncShutdownGracefully() }
            throw error
        }
        guard core.startsOver else { return }
        log.warning(
            """
            \(directory) is empty: the node goes on in place of \(core.identity.id), whose disk \
            is lost; all that it is a home of is in doubt until it is equal to the other homes
            """)
    }

    /// Stops cleanly; returns when everything acknowledged is durable.
    package func stop() {
        let loop = loop
        Self.blocking { try loop.eventLoop.submit { loop.stop() }.wait() }
        storage.stop()
        for listener in listeners { Self.blocking { try listener.close().wait() } }
        Self.blocking { [group] in try group.syncShutdownGracefully() }
    }

    /// Sees to it that the process ends in time: a disk or a loop that hangs must not keep it.
    private static func endAfterStopLimit(_ log: Logger) {
        PosixThread.start {
            sleep(CUnsignedInt(stopLimit.components.seconds))
            log.critical("could not stop cleanly within \(stopLimit): ending without")
            _exit(EXIT_FAILURE)
        }
    }

    /// Waits for a future whose failure would change nothing any more.
    private static func blocking(_ body: () throws -> Void) {
        do { try body() } catch { return }
    }

    private static func openStorage(
        _ configuration: ServerConfiguration, log: Logger
    ) throws(ServerError) -> OpenedStorage {
        let directory = configuration.dataDirectory
        let disk: PosixDisk
        do { disk = try PosixDisk(path: directory) } catch {
            throw .disk(directory: directory, error)
        }
        var options = configuration.storage
        options.digest = .object
        var entropy = SystemRandomNumberGenerator()
        options.hashSeed = entropy.next()
        do {
            let storage = try StorageEngine.open(disk: disk, options: options)
            log.info("\(text(of: storage.report))")
            return storage
        } catch {
            let owner = StorageEngine.owner(on: disk).flatMap { try? NodeIdentity(decoding: $0) }
            throw .storage(directory: directory, error, owner: owner)
        }
    }

    private static func text(of report: RecoveryReport) -> String {
        let torn = report.tornBytes > 0 ? "; cut off \(report.tornBytes) bytes torn by a crash" : ""
        return "read \(report.batches) batches (\(report.bytes) bytes) back from "
            + "\(report.segments) files of the log, and opened \(report.tables) tables\(torn)"
    }

    /// Makes the node out of what its storage remembers, and makes durable who it is now. Where the
    /// disk is full that comes later, with the space.
    private static func openCore(
        _ configuration: ServerConfiguration, _ storage: OpenedStorage, _ directory: String,
        log: Logger
    ) throws(ServerError) -> NodeCore {
        var entropy = SystemRandomNumberGenerator()
        let core: NodeCore
        do {
            core = try NodeCore.open(
                configuration.node, engine: storage.engine, seed: entropy.next(),
                at: SystemClock.now)
        } catch {
            throw .node(directory: directory, error)
        }
        var outcome = storage.log.commit(storage.engine.takeChunks())
        if case .written = outcome { outcome = storage.log.sync() }
        if case .synced = outcome { outcome = storage.log.note(owner: core.identity.encoded()) }
        switch outcome {
        case .written, .synced: storage.engine.logAnswered(outcome)
        case .full(let error) where core.mayStartUnsynced:
            storage.engine.logAnswered(outcome)
            log.error("the disk is full (\(error)): the node starts, and takes no writes")
        case .full(let error), .failed(let error): throw .log(directory: directory, error)
        }
        return core
    }

    // MARK: Listening

    // Listeners are bound before the node starts, so that a port in use stops it early, but read
    // nothing until it has: what came before would find no ring, and would be logged nowhere.
    // Clients are accepted only when it is ready; the system keeps them waiting until then.

    private struct Bound {
        var peers: [any Channel]
        var clients: any Channel
        var datagrams: DatagramSocket

        var all: [any Channel] { peers + [clients] }
    }

    private static func listen(
        _ loop: NodeLoop, _ group: MultiThreadedEventLoopGroup
    ) throws(ServerError) -> Bound {
        let configuration = loop.configuration
        let peers = listener(loop, group, of: "peers", firstRead: 64 << 10) { channel in
            guard loop.admitsPeer(channel) else { throw ChannelError.alreadyClosed }
            try PeerLink.watch(channel)
            try channel.pipeline.syncOperations.addHandler(PeerHandler(loop: loop))
        }
        let clients = listener(loop, group, of: "clients", firstRead: 16 << 10) { channel in
            let pipeline = channel.pipeline.syncOperations
            guard loop.admitsClient() else {
                try pipeline.addHandler(SurplusClientHandler())
                return
            }
            try channel.syncOptions?.setOption(.allowRemoteHalfClosure, value: true)
            let handler = ClientHandler(
                loop: loop, session: loop.newSession(on: channel), limits: configuration.resp)
            try pipeline.addHandler(handler)
        }
        let datagrams = DatagramBootstrap(group: group)
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
        return Bound(
            peers: [peerListener, receiver], clients: clientListener, datagrams: socket)
    }

    /// How long no connection is accepted after one could not be: the system has no descriptor or
    /// no memory for it, and would say so again at once.
    private static let acceptPause = TimeAmount.milliseconds(250)

    /// What peers and clients are accepted by: connections begin with a read buffer of `firstRead`
    /// bytes, which follows what they send.
    private static func listener(
        _ loop: NodeLoop, _ group: MultiThreadedEventLoopGroup, of whom: String, firstRead: Int,
        _ accept: @escaping @Sendable (any Channel) throws -> Void
    ) -> ServerBootstrap {
        ServerBootstrap(group: group)
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

/// SIGTERM and SIGINT, and reasons of the node's own, as something to wait for. `@unchecked
/// Sendable`: only `raise` is called from other threads, and the monitor guards what it touches.
private final class StopSignals: @unchecked Sendable {
    private let queue = DispatchQueue(label: "martlet.signals")
    private var sources: [any DispatchSourceSignal] = []
    private let reason = Monitor<ServerError?>(nil)
    private let arrived = DispatchSemaphore(value: 0)

    init() {
        for number in [SIGTERM, SIGINT] {
            _ = signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: queue)
            let arrived = arrived
            source.setEventHandler { arrived.signal() }
            source.activate()
            sources.append(source)
        }
        // Both come back as errors of the write that met them, which know what to do.
        for number in [SIGPIPE, SIGXFSZ] { _ = signal(number, SIG_IGN) }
    }

    /// Has the node stop for `failure`; the first counts.
    func raise(_ failure: ServerError) {
        reason.update { reason in
            if reason == nil { reason = failure }
        }
        arrived.signal()
    }

    /// Blocks until one of them arrives; nil for a signal.
    func wait() -> ServerError? {
        arrived.wait()
        return reason.update { $0 }
    }
}
