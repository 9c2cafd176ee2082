// Decides when nodes of the demo are started again. No processes, no clock: events and the time
// come in, actions go out.
//
//     running ──exited──► waiting ──delay over, or asked──► running
//        └──restart asked──► stopping ──exited──► running
internal import MartletLocal

/// The condition of each node of a demo.
struct DemoSupervisor: Sendable {
    /// How long a node that died stays away, so that its absence can be watched.
    static let restartDelay = Duration.seconds(10)

    /// One node's condition.
    enum Condition: Hashable, Sendable {
        /// Its process runs.
        case running
        /// Its process is gone; it is started again at that time.
        case waiting(until: Duration)
        /// Its process was told to stop and is started again once it has.
        case stopping
    }

    /// What happens to a node.
    enum Event: Hashable, Sendable {
        /// Its process is gone; the text says how.
        case exited(String)
        /// Somebody wants it restarted now.
        case restartRequested
    }

    /// What is to be done.
    enum Action: Hashable, Sendable {
        /// Start the node with this index.
        case start(Int)
        /// Tell the node with this index to stop.
        case stop(Int)
        /// Tell the user.
        case say(String)
    }

    /// By index of the node.
    private(set) var conditions: [Condition]
    private var nodes: [LocalPlan.Node]

    /// All nodes run.
    init(_ nodes: [LocalPlan.Node]) {
        self.nodes = nodes
        conditions = nodes.map { _ in .running }
    }

    /// A node more runs.
    mutating func add(_ node: LocalPlan.Node) {
        nodes.append(node)
        conditions.append(.running)
    }

    /// The node with that index is seen to no more.
    mutating func remove(_ index: Int) {
        nodes.remove(at: index)
        conditions.remove(at: index)
    }

    /// Takes note of `event` at the node with that index.
    mutating func handle(_ event: Event, node: Int, at now: Duration) -> [Action] {
        let name = nodes[node].name
        switch (event, conditions[node]) {
        case (.exited(let how), .running):
            conditions[node] = .waiting(until: now + Self.restartDelay)
            let seconds = Self.restartDelay.components.seconds
            return [
                .say(
                    "\(name) \(how); it is started again in \(seconds) s (at once: martlet demo "
                        + "--restart \(nodes[node].number))")
            ]
        case (.exited, .stopping), (.restartRequested, .waiting):
            conditions[node] = .running
            return [.say("\(name) is started again"), .start(node)]
        case (.restartRequested, .running):
            conditions[node] = .stopping
            return [.say("\(name) is told to stop, and is started again"), .stop(node)]
        case (.restartRequested, .stopping), (.exited, .waiting):
            return []
        }
    }

    /// What is due at `now`.
    mutating func tick(at now: Duration) -> [Action] {
        var actions: [Action] = []
        for node in conditions.indices {
            if case .waiting(let until) = conditions[node], until <= now {
                conditions[node] = .running
                actions += [.say("\(nodes[node].name) is started again"), .start(node)]
            }
        }
        return actions
    }
}
