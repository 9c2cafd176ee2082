// A demo from its first process to its last: watches the nodes and tells what it sees.
// What to do when a node dies is DemoSupervisor's; how it looks is DemoView's.
internal import Glibc
internal import MartletLocal
internal import MartletViews

/// A running demo.
final class DemoRun {
    /// Between two looks at processes, files and signals.
    private static let step = Duration.milliseconds(100)
    /// Between two drawings.
    private static let drawingInterval = Duration.seconds(1)

    private let lock: DemoLock
    private let cluster: LocalCluster
    private let signals = StopSignals()
    private let startedAt = ContinuousClock.now
    private var supervisor: DemoSupervisor
    private var view = DemoView()
    private var screen = LiveScreen(isLive: Console.isTerminal)

    /// Takes the folder and the ports, or says who has them.
    init(_ plan: LocalPlan) throws(LocalFailure) {
        lock = try DemoLock(plan)
        cluster = try LocalCluster(plan, signals: signals)
        supervisor = DemoSupervisor(plan.nodes)
    }

    private var plan: LocalPlan { cluster.plan }

    private var now: Duration { startedAt.duration(to: .now) }

    /// Runs until a signal to stop; every node has stopped when it returns or throws.
    func run() async throws {
        do {
            Console.line("starting \(counted(plan.nodes.count, "node")) in \(plan.directory)")
            for number in 1...LocalPlan.nodeLimit {
                _ = LocalFiles.take(DemoDirectory.addPath(number, in: plan.directory))
                _ = LocalFiles.take(DemoDirectory.removePath(number, in: plan.directory))
            }
            try cluster.prepare()
            for index in plan.nodes.indices { try start(index) }
            if let beginning = try await cluster.form() {
                if beginning == .created { Console.line("created the cluster") }
                Console.lines(DemoText.welcome(plan, pids: cluster.pids))
                try await watch()
            }
        } catch {
            await stopAll()
            throw error
        }
        await stopAll()
    }

    private func start(_ index: Int) throws(LocalFailure) {
        _ = LocalFiles.take(
            DemoDirectory.restartPath(plan.nodes[index].number, in: plan.directory))
        try cluster.start(index)
    }

    /// Tells all nodes to stop at once, waits for them, and says how each ended.
    private func stopAll() async {
        screen.draw([])
        let running = cluster.running
        if !running.isEmpty {
            Console.line("stopping \(running.map(\.name).joined(separator: ", "))")
        }
        let endings = await cluster.stop()
        for (node, ending) in endings {
            let isClean = ending == .exited(0)
            Console.line(
                "\(node.name) \(isClean ? "stopped cleanly" : "\(ending); see \(node.logPath)")")
        }
        if running.isEmpty { return }
        Console.line("the data stays in \(plan.directory); 'martlet demo' goes on with it")
    }
}

// MARK: Watching

extension DemoRun {
    private func watch() async throws {
        var drawAt = now
        while !signals.isStopping {
            try supervise()
            try await changeNodes()
            if now >= drawAt {
                drawAt = now + Self.drawingInterval
                show(await cluster.reports())
            }
            try await Task.sleep(for: Self.step)
        }
    }

    /// Looks at processes and files and does what the supervisor says. A request to restart stands
    /// until the node's new process is started: who made the request waits for that.
    private func supervise() throws {
        var actions = supervisor.tick(at: now)
        for (index, node) in plan.nodes.enumerated() {
            if LocalFiles.exists(DemoDirectory.restartPath(node.number, in: plan.directory)) {
                actions += supervisor.handle(.restartRequested, node: index, at: now)
            }
            if let (pid, ending) = cluster.reap(index) {
                let how = "(pid \(pid)) \(ending)"
                actions += supervisor.handle(.exited(how), node: index, at: now)
            }
        }
        for action in actions {
            switch action {
            case .say(let line): screen.say(line)
            case .stop(let index): cluster.signal(index, SIGTERM)
            case .start(let index): try start(index)
            }
        }
    }

    /// Starts nodes that are asked for, and stops those that are to go. A request stands until it
    /// is carried out: who made it waits for that.
    private func changeNodes() async throws {
        for number in 1...LocalPlan.nodeLimit {
            let add = DemoDirectory.addPath(number, in: plan.directory)
            let remove = DemoDirectory.removePath(number, in: plan.directory)
            let index = plan.nodes.firstIndex { $0.number == number }
            do throws(LocalFailure) {
                if LocalFiles.exists(add), index == nil { try begin(number) }
                if LocalFiles.exists(remove), let index { try await end(index) }
            } catch {
                // The other nodes go on.
                screen.say("\(error)")
            }
            _ = LocalFiles.take(add)
            _ = LocalFiles.take(remove)
        }
    }

    private func begin(_ number: Int) throws(LocalFailure) {
        let node = try cluster.add(number: number)
        supervisor.add(node)
        try lock.note(plan)
        screen.say("\(node.name) is started, beside the cluster")
        try start(plan.nodes.count - 1)
    }

    private func end(_ index: Int) async throws(LocalFailure) {
        let node = plan.nodes[index]
        screen.say("\(node.name) is stopped for good, and its folder removed")
        supervisor.remove(index)
        try await cluster.remove(index)
        try lock.note(plan)
    }

    private func show(_ reports: [LocalProbe.Report?]) {
        let readings = plan.nodes.enumerated().map { index, node in
            DemoReading(
                name: node.name, pid: cluster.pids[index],
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
    private func believed(of index: Int, _ reports: [LocalProbe.Report?]) -> String? {
        let others = reports.enumerated().filter { $0.offset != index }.compactMap(\.element)
        let ring = others.first?.ring ?? reports[index]?.ring
        return ring?.members.first { $0.name == plan.nodes[index].name }?.state
    }
}
