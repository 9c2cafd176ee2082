// A demo from its first process to its last: starts the nodes, makes the cluster, watches, stops.
// What to do when a node dies is DemoSupervisor's; how it looks is DemoView's.
internal import FoundationEssentials
internal import Glibc
internal import MartletClient
internal import MartletServer

/// A running demo.
final class DemoRun {
    /// How long all nodes may take to answer, and the ring to become whole.
    private static let startLimit = Duration.seconds(60)
    /// How long a node may take to stop before it is killed.
    private static let stopLimit = Duration.seconds(15)
    /// Between two looks at processes, files and signals.
    private static let step = Duration.milliseconds(100)
    /// Between two drawings.
    private static let drawingInterval = Duration.seconds(1)

    private let plan: DemoPlan
    private let lock: DemoLock
    private let signals = StopSignals()
    private let startedAt = ContinuousClock.now
    private var children: [ChildProcess?] = []
    private var supervisor: DemoSupervisor
    private var probe: DemoProbe
    private var view = DemoView()
    private var screen = LiveScreen(isLive: Console.isTerminal)

    /// Takes the folder and the ports, or says who has them.
    init(_ plan: DemoPlan) throws(CommandFailure) {
        self.plan = plan
        lock = try DemoLock(plan)
        try PortProbe.check(plan)
        supervisor = DemoSupervisor(names: plan.nodes.map(\.name))
        probe = DemoProbe(endpoints: plan.endpoints)
    }

    private var now: Duration { startedAt.duration(to: .now) }

    /// Runs until a signal to stop; every node has stopped when it returns or throws.
    func run() async throws {
        do {
            try startAll()
            if try await begin() { try await watch() }
        } catch {
            await stopAll()
            throw error
        }
        await stopAll()
    }

    // MARK: Processes

    private func startAll() throws {
        for node in plan.nodes {
            try DemoDirectory.make(node.directory)
            try DemoDirectory.write(plan.configuration(of: node), to: node.configurationPath)
            try DemoDirectory.write("", to: node.logPath)
            children.append(nil)
        }
        Console.line("starting \(counted(plan.nodes.count, "node")) in \(plan.directory)")
        for index in plan.nodes.indices { try start(index) }
    }

    private func start(_ index: Int) throws {
        let node = plan.nodes[index]
        _ = DemoDirectory.take(DemoPlan.restartPath(node.number, in: plan.directory))
        children[index] = try ChildProcess(
            arguments: ["start", "--config", node.configurationPath, "--stop-with-stdin"],
            logPath: node.logPath)
    }

    /// Tells all nodes to stop at once, waits for them, and says how each ended.
    private func stopAll() async {
        await probe.close()
        screen.draw([])
        let running = zip(plan.nodes, children).compactMap { node, child in
            child.flatMap { $0.reap() == nil ? (node, $0) : nil }
        }
        if running.isEmpty { return }
        Console.line("stopping \(running.map(\.0.name).joined(separator: ", "))")
        for (_, child) in running { child.signal(SIGTERM) }
        let deadline = now + Self.stopLimit
        for (node, child) in running {
            while child.reap() == nil, now < deadline { try? await Task.sleep(for: Self.step) }
            if child.reap() == nil {
                child.signal(SIGKILL)
                while child.reap() == nil { try? await Task.sleep(for: Self.step) }
            }
            let ending = child.ending ?? .exited(0)
            let isClean = ending == .exited(0)
            Console.line(
                "\(node.name) \(isClean ? "stopped cleanly" : "\(ending); see \(node.logPath)")")
        }
        Console.line("the data stays in \(plan.directory); 'martlet demo' goes on with it")
    }
}

// MARK: Beginning

extension DemoRun {
    /// Waits for the nodes, makes the cluster if it is new and waits for the ring; false when a
    /// signal to stop came first.
    private func begin() async throws -> Bool {
        guard var reports = try await wait("answer", until: { $0.allSatisfy { $0 != nil } }) else {
            return false
        }
        if reports.allSatisfy({ $0?.ring.epoch == 0 }) {
            let count = plan.nodes.count
            let found = try await wait("find each other") { reports in
                reports.allSatisfy { $0?.ring.members.count == count }
            }
            guard let found, let client = probe.anyClient(found) else { return false }
            _ = try await client.createCluster(
                members: count, replicas: plan.replicaCount, partitions: 1_024)
            Console.line("created the cluster")
            reports = found
        } else if let ring = reports.compactMap({ $0?.ring }).max(by: { $0.epoch < $1.epoch }),
            ring.members.count(where: \.inRing) != plan.nodes.count
        {
            let count = ring.members.count(where: \.inRing)
            throw CommandFailure(
                "the data in \(plan.directory) is of a cluster of \(count): give --nodes \(count), "
                    + "or another --dir, or remove it", status: .usage)
        }
        guard
            try await wait("be ready", until: { $0.allSatisfy { $0?.status.ready == true } }) != nil
        else { return false }
        for line in DemoText.welcome(plan, pids: children.map { $0?.pid }) { Console.line(line) }
        return true
    }

    /// Asks the nodes until `condition` holds of what they say; nil when a signal to stop came.
    private func wait(
        _ what: String, until condition: ([DemoProbe.Report?]) -> Bool
    ) async throws -> [DemoProbe.Report?]? {
        let deadline = now + Self.startLimit
        while !signals.isStopping {
            for (node, child) in zip(plan.nodes, children) {
                guard let ending = child?.reap() else { continue }
                throw CommandFailure(
                    "\(node.name) \(ending) before it was ready; \(node.logPath) ends with:\n"
                        + DemoDirectory.lastLines(5, of: node.logPath))
            }
            let reports = await probe.reports()
            if condition(reports) { return reports }
            guard now < deadline else {
                throw CommandFailure(
                    "the nodes did not \(what) within \(Self.startLimit.components.seconds) s; "
                        + "see \(plan.directory)/n*/node.log")
            }
            try await Task.sleep(for: Self.step)
        }
        return nil
    }
}

// MARK: Watching

extension DemoRun {
    private func watch() async throws {
        var drawAt = now
        while !signals.isStopping {
            try supervise()
            if now >= drawAt {
                drawAt = now + Self.drawingInterval
                show(await probe.reports())
            }
            try await Task.sleep(for: Self.step)
        }
    }

    /// Looks at processes and files and does what the supervisor says. A request to restart stands
    /// until the node's new process is started: who made the request waits for that.
    private func supervise() throws {
        var actions = supervisor.tick(at: now)
        for (index, node) in plan.nodes.enumerated() {
            if DemoDirectory.exists(DemoPlan.restartPath(node.number, in: plan.directory)) {
                actions += supervisor.handle(.restartRequested, node: index, at: now)
            }
            if let child = children[index], let ending = child.reap() {
                children[index] = nil
                let how = "(pid \(child.pid)) \(ending)"
                actions += supervisor.handle(.exited(how), node: index, at: now)
            }
        }
        for action in actions {
            switch action {
            case .say(let line): screen.say(line)
            case .stop(let index): children[index]?.signal(SIGTERM)
            case .start(let index): try start(index)
            }
        }
    }

    private func show(_ reports: [DemoProbe.Report?]) {
        let readings = plan.nodes.enumerated().map { index, node in
            DemoReading(
                name: node.name, pid: children[index]?.pid,
                condition: supervisor.conditions[index],
                believed: believed(of: index, reports),
                figures: reports[index].map {
                    DemoReading.Figures(
                        hasRing: $0.status.epoch > 0, requests: $0.status.counters.requests,
                        keys: $0.keys, hints: $0.status.hints.count)
                })
        }
        if screen.isLive {
            screen.draw([""] + view.lines(readings, at: now))
        } else {
            for line in view.changes(readings, at: now) { screen.say(line) }
        }
    }

    /// What the first other node that answers believes of the node with that index.
    private func believed(of index: Int, _ reports: [DemoProbe.Report?]) -> String? {
        let others = reports.enumerated().filter { $0.offset != index }.compactMap(\.element)
        let ring = others.first?.ring ?? reports[index]?.ring
        return ring?.members.first { $0.name == plan.nodes[index].name }?.state
    }
}
