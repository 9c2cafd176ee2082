// The nodes of a plan as processes of this machine: started, made a cluster of, asked, stopped.
// What is shown, and what is done when a node dies, is its owner's.
package import Glibc

internal import MartletClient
internal import MartletViews

/// Some nodes of our own.
package final class LocalCluster {
    /// How long all nodes may take to answer, and the ring to become whole.
    private static let startLimit = Duration.seconds(60)
    /// How long a node may take to stop before it is killed.
    private static let stopLimit = Duration.seconds(15)
    /// Between two looks at processes and signals.
    private static let step = Duration.milliseconds(100)

    /// Whether the cluster was made now, or goes on from its data.
    package enum Beginning {
        /// Made now.
        case created
        /// Goes on from its data.
        case resumed
    }

    /// Where the nodes live.
    package private(set) var plan: LocalPlan
    private let settings: [String]
    private let signals: StopSignals
    private var children: [ChildProcess?]
    private var probe: LocalProbe

    /// The nodes of `plan`, not started yet, each with `settings` (as `martlet start --set` has
    /// them) in place of the standard ones; throws when ports are in use.
    package init(
        _ plan: LocalPlan, settings: [String] = [], signals: StopSignals
    ) throws(LocalFailure) {
        try PortProbe.check(plan)
        self.plan = plan
        self.settings = settings
        self.signals = signals
        children = plan.nodes.map { _ in nil }
        probe = LocalProbe(endpoints: plan.endpoints)
    }

    /// The process of each node; nil where none runs.
    package var pids: [pid_t?] { children.map { $0?.pid } }

    /// The nodes whose processes run.
    package var running: [LocalPlan.Node] {
        zip(plan.nodes, children).compactMap { node, child in
            child.flatMap { $0.reap() == nil ? node : nil }
        }
    }

    /// What each node says of itself; nil where one does not answer.
    package func reports() async -> [LocalProbe.Report?] { await probe.reports() }

    // MARK: Processes

    /// Writes the folders and configurations of all nodes.
    package func prepare() throws(LocalFailure) {
        for node in plan.nodes { try prepare(node) }
    }

    private func prepare(_ node: LocalPlan.Node) throws(LocalFailure) {
        try LocalFiles.make(node.directory)
        let isNew = !LocalFiles.exists(node.dataPath)
        try LocalFiles.write(
            plan.configuration(of: node, isNew: isNew), to: node.configurationPath)
        try LocalFiles.write("", to: node.logPath)
    }

    /// Adds a node behind the others, not started yet, which is to find them; throws when its ports
    /// are in use.
    package func add(number: Int) throws(LocalFailure) -> LocalPlan.Node {
        let more = LocalPlan(
            numbers: [number], directory: plan.directory, basePort: plan.basePort)
        try PortProbe.check(more)
        plan.nodes += more.nodes
        children.append(nil)
        for node in more.nodes {
            probe.add(node.endpoint)
            try prepare(node)
        }
        return more.nodes[0]
    }

    /// Stops the node with that index, if it runs, and takes it out of the plan with its data.
    package func remove(_ index: Int) async throws(LocalFailure) {
        if let child = children.remove(at: index), child.reap() == nil {
            _ = await child.stop(within: Self.stopLimit)
        }
        await probe.remove(index)
        try LocalFiles.remove(plan.nodes.remove(at: index).directory)
    }

    /// Starts the process of one node, by its index.
    package func start(_ index: Int) throws(LocalFailure) {
        let node = plan.nodes[index]
        children[index] = try ChildProcess(
            arguments: ["start", "--config", node.configurationPath, "--stop-with-stdin"]
                + settings.flatMap { ["--set", $0] },
            logPath: node.logPath)
    }

    /// Sends a signal to one node's process.
    package func signal(_ index: Int, _ number: CInt) { children[index]?.signal(number) }

    /// The process of that node, if it has ended since the last call, and how.
    package func reap(_ index: Int) -> (pid: pid_t, ending: ChildProcess.Ending)? {
        guard let child = children[index], let ending = child.reap() else { return nil }
        children[index] = nil
        return (child.pid, ending)
    }

    /// Throws, with what its log says, when a node's process has ended by itself.
    package func checkAlive(before moment: String) throws(LocalFailure) {
        for (node, child) in zip(plan.nodes, children) {
            guard let ending = child?.reap() else { continue }
            throw LocalFailure(
                "\(node.name) \(ending) before \(moment); \(node.logPath) ends with:\n"
                    + LocalFiles.lastLines(5, of: node.logPath))
        }
    }

    /// Tells all nodes to stop at once, waits for them, and gives back how each ended that ran.
    package func stop() async -> [(node: LocalPlan.Node, ending: ChildProcess.Ending)] {
        await probe.close()
        let running = zip(plan.nodes, children).compactMap { node, child in
            child.flatMap { $0.reap() == nil ? (node, $0) : nil }
        }
        for (_, child) in running { child.signal(SIGTERM) }
        let deadline = ContinuousClock.now + Self.stopLimit
        var endings: [(node: LocalPlan.Node, ending: ChildProcess.Ending)] = []
        for (node, child) in running {
            endings.append((node, await child.stop(within: deadline - ContinuousClock.now)))
        }
        return endings
    }
}

// MARK: Forming

extension LocalCluster {
    /// Waits for the nodes, makes the cluster if it is new, and waits for the ring to be whole; nil
    /// when a signal to stop came first.
    package func form() async throws -> Beginning? {
        guard let first = try await wait("answer", until: { $0.allSatisfy { $0 != nil } }) else {
            return nil
        }
        let beginning: Beginning
        if first.allSatisfy({ $0?.ring.epoch == 0 }) {
            guard try await create() else { return nil }
            beginning = .created
        } else {
            try checkNodes(first)
            beginning = .resumed
        }
        let ready = try await wait("be ready") { reports in
            reports.allSatisfy { $0?.status.ready == true }
        }
        return ready == nil ? nil : beginning
    }

    private func create() async throws -> Bool {
        let count = plan.nodes.count
        let found = try await wait("find each other") { reports in
            reports.allSatisfy { $0?.ring.members.count == count }
        }
        guard let found, let client = probe.anyClient(found) else { return false }
        _ = try await client.createCluster(
            members: count, replicas: plan.replicaCount, partitions: 1_024)
        return true
    }

    /// Refuses data of a cluster that has nodes beside these. One that has not joined stands by.
    private func checkNodes(_ reports: [LocalProbe.Report?]) throws(LocalFailure) {
        guard let ring = reports.compactMap({ $0?.ring }).max(by: { $0.epoch < $1.epoch }) else {
            return
        }
        let members = ring.members.filter(\.inRing).map(\.name)
        let names = plan.nodes.map(\.name)
        if members.allSatisfy(names.contains) { return }
        throw LocalFailure(
            "the data in \(plan.directory) is of a cluster of \(members.joined(separator: ", ")), "
                + "some of which have none there: give another --dir, or remove it",
            isUsage: true)
    }

    /// Asks the nodes until `condition` holds of what they say; nil when a signal to stop came.
    private func wait(
        _ what: String, until condition: ([LocalProbe.Report?]) -> Bool
    ) async throws -> [LocalProbe.Report?]? {
        let deadline = ContinuousClock.now + Self.startLimit
        while !signals.isStopping {
            try checkAlive(before: "it was ready")
            let reports = await probe.reports()
            if condition(reports) { return reports }
            guard ContinuousClock.now < deadline else {
                throw LocalFailure(
                    "the nodes did not \(what) within \(Self.startLimit.components.seconds) s; "
                        + "see \(plan.directory)/n*/node.log")
            }
            try await Task.sleep(for: Self.step)
        }
        return nil
    }
}
