// Starting and stopping a node process: storages, loops, listeners, signals, in that order.
package import Logging

internal import Glibc
internal import MartletBase
internal import MartletMembership
internal import MartletNode
internal import MartletStorage
internal import NIOCore
internal import NIOPosix

/// A running node process.
package final class Server {
    private let loops: [NodeLoop]
    private let group: MultiThreadedEventLoopGroup
    private let storages: [StorageThreads]
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
    /// - Parameter giveUp: called, on the loop of the first shard, where it must be stopped for
    ///   that reason.
    package init(
        _ configuration: ServerConfiguration, log: Logger,
        giveUp: @escaping @Sendable (ServerError) -> Void = { _ in }
    ) throws(ServerError) {
        let count = try Self.shardCount(configuration)
        let descriptors = Self.plan(configuration, shards: count, log: log)
        var whole = configuration
        whole.storage.openTableLimit = descriptors.tables
        let share = whole.share(among: count)
        let shards = try OpenedShard.openAll(count, of: configuration, share: share, log: log)
        let shared = NodeShared(
            descriptors,
            memoryLimitBytes: configuration.memoryLimitBytes ?? MachineMemory.defaultLimitBytes)
        let group = MultiThreadedEventLoopGroup(numberOfThreads: count)
        self.group = group
        let loops = zip(shards, group.makeIterator()).map { shard, eventLoop in
            var log = log
            if count > 1 { log[metadataKey: "shard"] = "\(shard.core.shardPlace)" }
            return NodeLoop(
                eventLoop: eventLoop, core: shard.core, configuration: share, shared: shared,
                log: log, giveUp: giveUp)
        }
        self.loops = loops
        let storages = zip(shards, loops).map { shard, loop in
            StorageThreads(
                shard.storage, options: share.storage, readThreads: share.readThreads,
                answers: loop.storageAnswers)
        }
        self.storages = storages
        do throws(ServerError) {
            let bound = try Listeners.bind(loops, group)
            listeners = bound.all
            Self.start(loops, storages, bound)
        } catch {
            for storage in storages { storage.stop() }
            Self.blocking { try group.syncShutdownGracefully() }
            throw error
        }
        let first = shards[0].core
        guard first.startsOver else { return }
        log.warning(
            """
            \(configuration.dataDirectory) is empty: the node goes on in place of \
            \(first.identity.id), whose disk is lost; all that it is a home of is in doubt until \
            it is equal to the other homes
            """)
    }

    /// Stops cleanly; returns when everything acknowledged is durable.
    package func stop() {
        for loop in loops { Self.blocking { try loop.eventLoop.submit { loop.stop() }.wait() } }
        for storage in storages { storage.stop() }
        for listener in listeners { Self.blocking { try listener.close().wait() } }
        for loop in loops { Self.blocking { try loop.eventLoop.submit { loop.part() }.wait() } }
        Self.blocking { [group] in try group.syncShutdownGracefully() }
    }

    // MARK: Starting

    /// As many as the configuration says, which must be as many as there are.
    private static func shardCount(
        _ configuration: ServerConfiguration
    ) throws(ServerError) -> Int {
        let directory = DataDirectory(path: configuration.dataDirectory)
        if directory.isChanging { throw .changing(directory: directory.path) }
        let found = directory.shardCount
        guard let wanted = configuration.shards else {
            return found ?? min(System.coreCount, ServerConfiguration.shardLimit)
        }
        if let found, found != wanted {
            throw .node(
                directory: configuration.dataDirectory, .sharded(found: found, wanted: wanted))
        }
        return wanted
    }

    private static func plan(
        _ configuration: ServerConfiguration, shards: Int, log: Logger
    ) -> DescriptorPlan {
        let plan = DescriptorPlan(
            limit: DescriptorPlan.raiseLimit(), openTables: configuration.storage.openTableLimit,
            members: configuration.membership.memberLimit, shards: shards,
            connectionLimit: configuration.connectionLimit)
        if let wanted = configuration.connectionLimit, wanted > plan.clients {
            log.warning(
                """
                clients.connection_limit is \(wanted), but the limit of open files leaves \
                \(plan.clients): raise it (ulimit -n)
                """)
        }
        return plan
    }

    /// Has all shards begin, the first one last, and clients let in once all of them are ready.
    private static func start(
        _ loops: [NodeLoop], _ storages: [StorageThreads], _ bound: Listeners
    ) {
        let first = loops[0]
        let (clients, peers, datagrams) = (bound.clients, bound.peers, bound.datagrams)
        let awaited = Monitor(loops.count)
        let whenReady: @Sendable () -> Void = {
            let isLast = awaited.update { count in
                count -= 1
                return count == 0
            }
            if isLast { first.eventLoop.execute { first.serve(clients) } }
        }
        for (loop, storage) in zip(loops, storages).reversed() {
            blocking {
                try loop.eventLoop.submit {
                    let isFirst = loop === first
                    for listener in isFirst ? peers : [] {
                        try listener.syncOptions?.setOption(.autoRead, value: true)
                    }
                    loop.start(
                        among: loops, storage: storage, datagrams: isFirst ? datagrams : nil,
                        whenReady: whenReady)
                }.wait()
            }
        }
    }

    // MARK: Stopping

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
}
