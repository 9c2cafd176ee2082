// A write that reached a node which is no home of its key, or whose storage takes no writes: it is
// coordinated by a home, so that its dot is issued where the key's history is. When no home
// answers, this node coordinates in their place: a write is never refused for want of a home.
//
// A home that was asked and fell silent may have taken the write all the same. Then it is written
// twice, under two dots; the second replaces the first or stands beside it with the same value.
internal import HeapModule
internal import MartletBase
internal import MartletRing
internal import MartletVersions
internal import MartletWire

/// A put handed on to a home replica.
final class ForwardOperation {
    let call: Call
    let request: ClientRequest
    /// Homes not yet tried, next first.
    let candidates: ArraySlice<NodeID>
    /// The home that has it now.
    let current: NodeID

    init(
        call: Call, request: ClientRequest, candidates: ArraySlice<NodeID>, current: NodeID
    ) {
        self.call = call
        self.request = request
        self.candidates = candidates
        self.current = current
    }
}

extension Replication {
    mutating func beginForward(
        _ call: Call, _ request: ClientRequest, _ topology: Topology, at now: Moment,
        into effects: inout [ReplicationEffect]
    ) throws(RequestError) {
        // What no coordinator would accept need not travel.
        if case .put(_, let writeOptions) = request.operation {
            let homeCount = topology.homes(of: call.location.partition).count
            _ = try WriteRequirement(writeOptions, defaults: options, homeCount: homeCount)
        }
        let homes = topology.homes(of: call.location.partition)
            .filter { $0 != local && isReachable($0) }
            .sorted { left, right in
                let leftTime = peers.expected(of: left)
                let rightTime = peers.expected(of: right)
                return leftTime == rightTime ? left < right : leftTime < rightTime
            }
        forward(call, request, candidates: homes[...], at: now, into: &effects)
    }

    private mutating func forward(
        _ call: Call, _ request: ClientRequest, candidates: ArraySlice<NodeID>, at now: Moment,
        into effects: inout [ReplicationEffect]
    ) {
        guard let home = candidates.first(where: isReachable) else {
            coordinateInTheirPlace(call, request, at: now, into: &effects)
            return
        }
        counts.forwards += 1
        let rest = candidates.drop { $0 != home }.dropFirst()
        let id = begin(
            .forward(
                ForwardOperation(call: call, request: request, candidates: rest, current: home)))
        let message = Forward(
            operation: id, request: request, patience: call.deadline.since(now.instant))
        effects.append(.send(.forward(message), to: home))
        // The home needs one hedge of its own before it answers with a stand-in's help.
        let time = hedgeTime(for: [Part(node: home)], before: call.deadline, at: now)
        timers.insert(
            Timer(
                at: min(time + options.hedgeDelay.upperBound, call.deadline), operation: id))
    }

    private mutating func coordinateInTheirPlace(
        _ call: Call, _ request: ClientRequest, at now: Moment,
        into effects: inout [ReplicationEffect]
    ) {
        guard case .put(let mutation, let writeOptions) = request.operation, let topology else {
            invariant(false, "only puts are forwarded, under a topology: \(request)")
            return
        }
        do throws(RequestError) {
            try beginPut(call, mutation, writeOptions, topology, at: now, into: &effects)
        } catch {
            answer(call.origin, .failed(error), into: &effects)
        }
    }

    mutating func forwardAnswered(
        _ reply: ForwardReply, by node: NodeID, at now: Moment,
        into effects: inout [ReplicationEffect]
    ) {
        guard case .forward(let forward) = operations[reply.operation.rawValue],
            forward.current == node
        else { return }
        operations.remove(reply.operation.rawValue)
        switch reply.answer {
        case .failed(let error) where error.isNodesOwn:
            self.forward(
                forward.call, forward.request, candidates: forward.candidates, at: now,
                into: &effects)
        default: answer(forward.call.origin, reply.answer, into: &effects)
        }
    }

    mutating func forwardTimerFired(
        _ forward: ForwardOperation, _ id: OperationID, at now: Moment,
        into effects: inout [ReplicationEffect]
    ) {
        if now.instant >= forward.call.deadline {
            operations.remove(id.rawValue)
            let error = RequestError.timedOut(
                needed: 1, answered: 0, evidence: Evidence(coordinator: local))
            answer(forward.call.origin, .failed(error), into: &effects)
        } else {
            forwardAround(forward.current, in: forward, id, at: now, into: &effects)
        }
    }

    /// The home that has the request is gone or too slow: the next one gets it.
    mutating func forwardAround(
        _ node: NodeID, in forward: ForwardOperation, _ id: OperationID, at now: Moment,
        into effects: inout [ReplicationEffect]
    ) {
        guard forward.current == node else { return }
        operations.remove(id.rawValue)
        self.forward(
            forward.call, forward.request, candidates: forward.candidates, at: now, into: &effects)
    }
}

extension RequestError {
    /// Whether the failure is one of the node that coordinated: another may do better.
    fileprivate var isNodesOwn: Bool {
        switch self {
        case .noTopology, .overloaded, .clockSkew, .storage, .unavailable: true
        case .invalidOptions, .timedOut, .tooLarge, .tooManySiblings: false
        }
    }
}
