// What of a run is left out, to make a failing one small. It is applied after the schedule is drawn
// and changes no draw: what stays happens as it did, as far as it does not follow from what went.
internal import MartletBase

/// The part of a run that is kept; without anything set, all of it.
package struct Reduction: Hashable, Sendable {
    /// Of the faults drawn, those that come to pass, by index; nil for all.
    package var faults: [Int]?
    /// The clients that act, by index; nil for all.
    package var clients: [Int]?
    /// The most requests that one client makes; nil for no limit.
    package var requestLimit: Int?
    /// How many requests each client leaves out before its first; nil for none. The limit counts
    /// them too.
    package var requestsSkipped: Int?
    /// How long clients and faults last at most; nil for as long as the scenario says.
    package var duration: Duration?
    /// The most bytes of a value; nil for no limit.
    package var valueBytesLimit: Int?
    /// How many nodes there are. Another cluster draws other faults; nil for the scenario's count.
    package var nodeCount: Int?

    /// The whole run.
    package init() {}

    /// Whether nothing is left out.
    package var isEmpty: Bool { self == Reduction() }

    /// Whether the fault of that index comes to pass.
    package func keeps(fault index: Int) -> Bool { faults?.contains(index) ?? true }

    /// Whether the client of that index may make one more request after `made`.
    package func allows(client index: Int, after made: Int) -> Bool {
        made < requestLimit ?? .max && clients?.contains(index) ?? true
    }

    /// How long clients and faults last.
    func duration(of scenario: Scenario) -> Duration {
        min(scenario.duration, duration ?? scenario.duration)
    }

    /// `scenario` with as many nodes as are kept.
    func applied(to scenario: Scenario) -> Scenario {
        guard let nodeCount else { return scenario }
        var scenario = scenario
        scenario.nodeCount = min(scenario.nodeCount, nodeCount)
        scenario.zoneCount = min(scenario.zoneCount, nodeCount)
        return scenario
    }
}

extension Schedule {
    /// The faults that come to pass.
    var keptFaults: [Fault] {
        faults.indices.filter { reduction.keeps(fault: $0) }.map { faults[$0] }
    }
}

extension World {
    /// Whether a client makes the request that is due, which is counted whether or not it does.
    mutating func mayAct(_ client: Int) -> Bool {
        guard schedule.reduction.allows(client: client, after: clients[client].acts) else {
            return false
        }
        clients[client].acts += 1
        guard clients[client].acts <= schedule.reduction.requestsSkipped ?? 0 else { return true }
        // A request left out is drawn all the same, so that the next one is what it was.
        drawDue(of: client)
        _ = clients[client].plan(scenario.workload)
        queue.schedule(.clientActs(client), at: clients[client].due)
        return false
    }
}
