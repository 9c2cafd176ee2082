// A write that reached a node which is no home of its key, or which cannot name it (its storage
// takes no writes, or has lost data): it is coordinated by a home, so that its dot is issued where
// the key's history is. When no home answers, this node coordinates in their place: a write is
// never refused for want of a home.
//
// A home begins a forwarded write by the time that the sender has given it, on the home's own
// clock, or not at all; the sender turns to another only when that time is over. So whatever is
// written twice, under two dots, was named before its client had an answer, and before any write
// that the client makes because of it: a home that hangs with a write in its hands cannot bring it
// out later, over what has been written since.
//
//     asked ─► answered ─► its client is answered
//       │  └► late, and the home's clock: nothing was done ─► asked again
//       ├───► the home cannot ─► the next home
//       └───► silent until it may not begin it any more ─► the next home ─► ... ─► here
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
    /// How often that home has found it late.
    let lateCount: Int
    /// Whether that home has been given the time to begin it.
    let mayBegin: Bool

    var call: Call { put.call }

    init(
        put: PutRequest, candidates: ArraySlice<NodeID>, current: NodeID, lateCount: Int,
        mayBegin: Bool
    ) {
        self.put = put
        self.candidates = candidates
        self.current = current
        self.lateCount = lateCount
        self.mayBegin = mayBegin
    }
}

extension Replication {
    mutating func beginForward(
        _ put: PutRequest, _ topology: Topology, at now: Moment,
        into outbox: inout Outbox
    ) throws(RequestError) {
        let view = topology.view(of: put.call.location.partition)
        // What no coordinator would accept need not travel.
        _ = try WriteRequirement(put.options, defaults: options, homeCount: view.homes.count)
        var put = put
        put.call.date = put.call.date ?? replica.clock.next(at: now.wall)
        let candidates =
            view.readers.filter { $0 != local && isReachable($0) }
            .sorted { left, right in
                let leftTime = peers.expected(of: left)
                let rightTime = peers.expected(of: right)
                return leftTime == rightTime ? left < right : leftTime < rightTime
            }
        forward(put, candidates: candidates[...], at: now, into: &outbox)
    }

    /// How often a home that finds a write late is asked again: once it has told its clock it is
    /// late again only if the way to it is slower than its patience.
    private static let lateLimit = 2

    private mutating func forward(
        _ put: PutRequest, candidates: ArraySlice<NodeID>, at now: Moment,
        into outbox: inout Outbox
    ) {
        guard now.instant < put.call.deadline else {
            answerTimedOut(put.call, at: now, into: &outbox)
            return
        }
        guard let home = candidates.first(where: { isReachable($0) }) else {
            coordinateInTheirPlace(put, at: now, into: &outbox)
            return
        }
        let rest = candidates.drop { $0 != home }.dropFirst()
        forward(put, to: home, before: rest, lateCount: 0, at: now, into: &outbox)
    }

    private mutating func forward(
        _ put: PutRequest, to home: NodeID, before rest: ArraySlice<NodeID>, lateCount: Int,
        at now: Moment, into outbox: inout Outbox
    ) {
        counts.forwards += 1
        let deadline = put.call.deadline
        // The home needs one hedge of its own before it answers with a stand-in's help.
        let time = hedgeTime(for: CollectionOfOne(home), before: deadline, at: now)
        let turn = min(time + options.hedgeDelay.upperBound, deadline)
        // Clocks do not go quite alike: an eighth is left for that.
        let patience = turn.since(now.instant) / 8 * 7
        let startBy = peers.clock(of: home, at: now.instant).map { $0 + patience }
        let id = begin(
            .forward(
                ForwardOperation(
                    put: put, candidates: rest, current: home, lateCount: lateCount,
                    mayBegin: startBy != nil)))
        let message = Forward(
            operation: id, request: put.request, patience: deadline.since(now.instant),
            startBy: startBy ?? .start, date: put.call.date ?? timestamp(at: now.wall))
        outbox.send(
            .forward(message), to: peer(home, serving: put.call.location.partition))
        timers.insert(Timer(at: turn, operation: id))
    }

    private mutating func coordinateInTheirPlace(
        _ put: PutRequest, at now: Moment, into outbox: inout Outbox
    ) {
        guard mayStandIn(in: put.call.location.partition) else {
            counts.marks.occurred(.strangerRefused)
            let error = RequestError.unavailable(
                needed: 1, reachable: 0, evidence: Evidence(coordinator: local))
            return answerFailed(put, error, at: now, into: &outbox)
        }
        var put = put
        put.isLastResort = true
        counts.marks.occurred(.coordinatedInTheirPlace)
        perform(.coordinate(put), at: put.call.location, at: now, into: &outbox)
    }

    /// Whether others count on what this node says to keep: it is a member that stays, or a home
    /// yet. What one that leaves keeps after it has said to be through would be heard of by nobody.
    private func mayStandIn(in partition: Partition) -> Bool {
        guard let topology else { return false }
        return topology.member(local).map { !$0.isLeaving } ?? false
            || topology.view(of: partition).includes(local)
    }

    mutating func forwardAnswered(
        _ reply: ForwardReply, by node: NodeID, at now: Moment,
        into outbox: inout Outbox
    ) {
        peers.heard(reply.shown, of: node, at: now.instant)
        replica.clock.observe(reply.timestamp, at: now.wall)
        guard case .forward(let forward) = operations[reply.operation.rawValue],
            forward.current == node
        else { return }
        operations.remove(reply.operation.rawValue)
        switch reply.answer {
        case .failed(.late) where forward.lateCount < Self.lateLimit:
            counts.marks.occurred(.forwardLate)
            self.forward(
                forward.put, to: node, before: forward.candidates,
                lateCount: forward.lateCount + 1, at: now, into: &outbox)
        case .failed(let error) where error.isNodesOwn:
            forwardToNext(
                forward, mayHaveHappened: !error.leavesNothing, at: now, into: &outbox)
        case .failed(let error): answerFailed(forward.put, error, at: now, into: &outbox)
        case .written, .read: answer(forward.call.origin, reply.answer, at: now, into: &outbox)
        }
    }

    mutating func forwardTimerFired(
        _ forward: ForwardOperation, _ id: OperationID, at now: Moment,
        into outbox: inout Outbox
    ) {
        operations.remove(id.rawValue)
        if now.instant >= forward.call.deadline {
            answerTimedOut(forward.call, at: now, into: &outbox)
        } else {
            counts.marks.occurred(.forwardSilent)
            forwardToNext(
                forward, mayHaveHappened: forward.mayBegin, at: now, into: &outbox)
        }
    }

    private mutating func forwardToNext(
        _ forward: ForwardOperation, mayHaveHappened: Bool, at now: Moment,
        into outbox: inout Outbox
    ) {
        var put = forward.put
        put.mayHaveHappened = put.mayHaveHappened || mayHaveHappened
        self.forward(put, candidates: forward.candidates, at: now, into: &outbox)
    }
}

extension RequestError {
    /// Whether the failure is one of the node that coordinated: another may do better.
    fileprivate var isNodesOwn: Bool {
        switch self {
        case .noTopology, .overloaded, .clockSkew, .late, .storage, .unavailable, .ringChanged:
            true
        case .invalidOptions, .timedOut, .tooLarge, .tooManySiblings: false
        }
    }
}
