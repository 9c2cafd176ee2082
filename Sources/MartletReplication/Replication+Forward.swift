// A write that reached a node which is no home of its key, or which cannot name it (its storage
// takes no writes, or has lost data): it is coordinated by a home, so that its dot is issued where
// the key's history is. When no home answers, this node coordinates in their place: a write is
// never refused for want of a home.
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
    let put: PutRequest
    /// Homes not yet tried, next first.
    let candidates: ArraySlice<NodeID>
    /// The home that has it now.
    let current: NodeID

    var call: Call { put.call }

    init(put: PutRequest, candidates: ArraySlice<NodeID>, current: NodeID) {
        self.put = put
        self.candidates = candidates
        self.current = current
    }
}

extension Replication {
    mutating func beginForward(
        _ put: PutRequest, _ topology: Topology, at now: Moment,
        into effects: inout [ReplicationEffect]
    ) throws(RequestError) {
        let homes = topology.homes(of: put.call.location.partition)
        // What no coordinator would accept need not travel.
        _ = try WriteRequirement(put.options, defaults: options, homeCount: homes.count)
        let candidates =
            homes.filter { $0 != local && isReachable($0) }
            .sorted { left, right in
                let leftTime = peers.expected(of: left)
                let rightTime = peers.expected(of: right)
                return leftTime == rightTime ? left < right : leftTime < rightTime
            }
        forward(put, candidates: candidates[...], at: now, into: &effects)
    }

    private mutating func forward(
        _ put: PutRequest, candidates: ArraySlice<NodeID>, at now: Moment,
        into effects: inout [ReplicationEffect]
    ) {
        guard let home = candidates.first(where: { isReachable($0) }) else {
            coordinateInTheirPlace(put, at: now, into: &effects)
            return
        }
        counts.forwards += 1
        let rest = candidates.drop { $0 != home }.dropFirst()
        let id = begin(
            .forward(ForwardOperation(put: put, candidates: rest, current: home)))
        let deadline = put.call.deadline
        let message = Forward(
            operation: id, request: put.request, patience: deadline.since(now.instant))
        effects.append(.send(.forward(message), to: home))
        // The home needs one hedge of its own before it answers with a stand-in's help.
        let time = hedgeTime(for: [Part(node: home)], before: deadline, at: now)
        timers.insert(
            Timer(at: min(time + options.hedgeDelay.upperBound, deadline), operation: id))
    }

    private mutating func coordinateInTheirPlace(
        _ put: PutRequest, at now: Moment, into effects: inout [ReplicationEffect]
    ) {
        var put = put
        put.isLastResort = true
        perform(.coordinate(put), at: put.call.location, at: now, into: &effects)
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
                forward.put, candidates: forward.candidates, at: now, into: &effects)
        default: answer(forward.call.origin, reply.answer, into: &effects)
        }
    }

    mutating func forwardTimerFired(
        _ forward: ForwardOperation, _ id: OperationID, at now: Moment,
        into effects: inout [ReplicationEffect]
    ) {
        if now.instant >= forward.call.deadline {
            operations.remove(id.rawValue)
            answerTimedOut(forward.call, into: &effects)
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
        self.forward(forward.put, candidates: forward.candidates, at: now, into: &effects)
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
