// A benchmark from its first process to its last: for each DW a new cluster, a yardstick beside it,
// the cases in turns on both. What is measured is BenchPlan's, how it is told BenchReport's.
package import MartletLocal

internal import FoundationEssentials
internal import Glibc
internal import MartletClient
internal import MartletViews

/// A running benchmark.
package final class BenchRun {
    /// How long the yardstick may take to start.
    private static let startLimit = Duration.seconds(10)
    /// How long one measurement may take.
    private static let loadLimit = Duration.seconds(600)
    /// Between two looks at processes and signals.
    private static let step = Duration.milliseconds(20)

    /// The programs that the benchmark needs beside ourselves.
    package struct Programs {
        /// `redis-benchmark`.
        var load: ForeignProgram
        /// `redis-server`; nil without a yardstick.
        var redis: ForeignProgram?

        /// Finds them, `redis-server` only for a yardstick; throws, with the Debian package that
        /// has it, where one is missing.
        package init(withYardstick: Bool) throws(LocalFailure) {
            load = try ForeignProgram("redis-benchmark", package: "redis-tools")
            redis =
                withYardstick ? try ForeignProgram("redis-server", package: "redis-server") : nil
        }
    }

    /// What a load is put on.
    private struct Target {
        var port: UInt16
        /// Its processes, the one at `port` first.
        var pids: [pid_t]
    }

    private static let interruption = LocalFailure(
        "interrupted: nothing of it runs any more, and its data is removed")

    private let plan: BenchPlan
    private let programs: Programs
    private let places: BenchPlaces
    private let tell: (String) -> Void
    private let signals = StopSignals()
    private var cluster: LocalCluster?
    private var redis: ChildProcess?

    /// A benchmark that has not started anything yet; `tell` hears what is being done.
    package init(
        _ plan: BenchPlan, programs: Programs, places: BenchPlaces,
        tell: @escaping (String) -> Void
    ) {
        self.plan = plan
        self.programs = programs
        self.places = places
        self.tell = tell
    }

    /// Whether a signal to stop came.
    package var isInterrupted: Bool { signals.isStopping }

    /// Measures everything; all that it started has stopped when it returns or throws.
    package func run() async throws -> BenchReport {
        let loadVersion = try await programs.load.version(logPath: places.loadLogPath)
        let redisVersion = try await programs.redis?.version(logPath: places.loadLogPath)
        var report = BenchReport(
            machine: .current(), plan: plan,
            fileSystem: Machine.fileSystem(of: places.directory) ?? "an unknown file system",
            loadVersion: loadVersion, redisVersion: redisVersion, volumes: [], results: [])
        do {
            for dw in plan.dws { try await measure(dw: dw, into: &report) }
        } catch {
            await stopAll()
            throw error
        }
        return report
    }

    private func measure(dw: Quorum, into report: inout BenchReport) async throws {
        tell("starting \(BenchPlan.nodeCount) nodes with dw=\(dw)")
        let martlet = try await startCluster(dw: dw)
        let yardstick = try await startRedis()
        let fill = plan.fill(dw: dw)
        tell("filling them")
        _ = try await load(fill, on: martlet)
        if let yardstick { _ = try await load(fill, on: yardstick) }
        for benchCase in plan.cases(dw: dw) {
            var result = BenchResult(benchCase: benchCase, martlet: [], redis: [])
            for run in 1...plan.runs {
                tell("\(benchCase.name), run \(run) of \(plan.runs)")
                result.martlet.append(try await sample(benchCase, on: martlet))
                if let yardstick { result.redis.append(try await sample(benchCase, on: yardstick)) }
            }
            report.results.append(result)
        }
        guard let said = await cluster?.reports().first ?? nil else {
            throw LocalFailure("n1 does not say what it holds")
        }
        let storage = said.status.storage
        let bytes = storage.levels.reduce(storage.memtableBytes) { $0 + $1.bytes }
        report.volumes.append(BenchReport.Volume(dw: dw, keys: said.keys, bytes: bytes))
        await stopAll()
    }

    private func checkSignals() throws(LocalFailure) {
        if isInterrupted { throw Self.interruption }
    }
}

// MARK: Processes

extension BenchRun {
    private func startCluster(dw: Quorum) async throws -> Target {
        let nodes = places.nodes(dw: dw)
        let cluster = try LocalCluster(
            nodes, settings: plan.nodeSettings(dw: dw), signals: signals)
        self.cluster = cluster
        try cluster.prepare()
        for index in nodes.nodes.indices { try cluster.start(index) }
        guard try await cluster.form() != nil else {
            throw Self.interruption
        }
        return Target(port: nodes.nodes[0].clientPort, pids: cluster.pids.compactMap { $0 })
    }

    private func startRedis() async throws -> Target? {
        guard let program = programs.redis else { return nil }
        let port = places.redisPort
        guard PortProbe.isFree(port) else {
            throw LocalFailure(
                "port \(port), which redis-server was to have, is in use: choose another "
                    + "--base-port")
        }
        let child = try program.start(
            [
                "--port", "\(port)", "--bind", "127.0.0.1", "--save", "", "--appendonly", "no",
                "--dir", places.directory,
            ], logPath: places.redisLogPath)
        redis = child
        let deadline = ContinuousClock.now + Self.startLimit
        while PortProbe.isFree(port) {
            try checkSignals()
            try checkRedis()
            guard ContinuousClock.now < deadline else {
                throw LocalFailure("redis-server does not listen; see \(places.redisLogPath)")
            }
            try await Task.sleep(for: Self.step)
        }
        return Target(port: port, pids: [child.pid])
    }

    private func checkRedis() throws(LocalFailure) {
        guard let ending = redis?.reap() else { return }
        throw LocalFailure(
            "redis-server \(ending); \(places.redisLogPath) ends with:\n"
                + LocalFiles.lastLines(5, of: places.redisLogPath))
    }

    private func stopAll() async {
        _ = await redis?.stop(within: .seconds(5))
        redis = nil
        for (node, ending) in await cluster?.stop() ?? [] where ending != .exited(0) {
            tell("\(node.name) \(ending)")
        }
        cluster = nil
    }
}

// MARK: Measuring

extension BenchRun {
    private func sample(_ benchCase: BenchCase, on target: Target) async throws -> BenchSample {
        let before = try times(of: target)
        let report = try await load(benchCase, on: target)
        let after = try times(of: target)
        let requests = Double(benchCase.requests)
        return BenchSample(
            load: report, processorMicroseconds: (after.all - before.all) / requests,
            coordinatorMicroseconds: (after.first - before.first) / requests)
    }

    private func times(
        of target: Target
    ) throws(LocalFailure) -> (all: Double, first: Double) {
        (
            try ProcessorTime.microseconds(of: target.pids),
            try ProcessorTime.microseconds(of: [target.pids[0]])
        )
    }

    /// Puts the load on the target and waits for its end; a node that dies or a signal ends it
    /// sooner, since the load itself would wait for ever.
    private func load(_ benchCase: BenchCase, on target: Target) async throws -> LoadReport {
        try LocalFiles.write("", to: places.loadLogPath)
        let child = try programs.load.start(
            benchCase.arguments(port: target.port), logPath: places.loadLogPath)
        let deadline = ContinuousClock.now + Self.loadLimit
        do {
            while child.reap() == nil {
                try checkSignals()
                try cluster?.checkAlive(before: "the load had ended")
                try checkRedis()
                guard ContinuousClock.now < deadline else {
                    let seconds = Self.loadLimit.components.seconds
                    throw LocalFailure(
                        "\(benchCase.name) took more than \(seconds) s: give fewer --requests")
                }
                try await Task.sleep(for: Self.step)
            }
        } catch {
            _ = await child.stop(within: .seconds(1))
            throw error
        }
        let text = (try? String(contentsOfFile: places.loadLogPath, encoding: .utf8)) ?? ""
        guard child.ending == .exited(0) else {
            throw LocalFailure(
                "redis-benchmark \(child.ending.map { "\($0)" } ?? "vanished"); it said:\n"
                    + LocalFiles.lastLines(5, of: places.loadLogPath))
        }
        return try LoadReport(csv: text)
    }
}
