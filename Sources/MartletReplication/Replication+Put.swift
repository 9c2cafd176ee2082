// One put, from its first write here to the last acknowledgement worth waiting for.
//
//     begin: check what can be reached ─► write here under a new dot ─► ask the others
//                      │ what is stored here does not read back ─► hand it on to another home
//     acknowledged ─► verdict met ─► answer     (and wait on: the others are still to be cared for)
//                                lost ─► answer with the reason
//     hedge timer or a home gone ─► a stand-in for each silent home, or a mark that it is owed
//     deadline ─► answer if not yet; mark what is still owed; end
internal import HeapModule
internal import MartletBase
internal import MartletRing
internal import MartletVersions
internal import MartletWire

/// A put that this node is to coordinate, or to hand on.
struct PutRequest {
    var call: Call
    let mutation: Mutation
    let options: WriteOptions
    /// Whether the other homes have been tried: then there is nobody to hand it on to.
    var isLastResort = false
    /// Whether a home that was asked may have done it, and has not said so.
    var mayHaveHappened = false

    init(call: Call, mutation: Mutation, options: WriteOptions) {
        self.call = call
        self.mutation = mutation
        self.options = options
    }

    /// As the client asked it.
    var request: ClientRequest {
        ClientRequest(key: call.location.key, operation: .put(mutation, options))
    }
}

/// A put in flight; a class for the reason that a get is one.
final class PutOperation {
    let call: Call
    let options: WriteOptions
    var placement: Placement
    let mutation: AppliedMutation
    /// The home in whose place this node holds it; nil when it is a home itself.
    let heldFor: NodeID?
    var tally: WriteTally
    /// Homes for which nobody else could be found: this node has marked that it owes it to them.
    var owed: [NodeID]
    var hasAnswered = false
    var hasHedged = false

    init(
        call: Call, options: WriteOptions, placement: Placement, mutation: AppliedMutation,
        heldFor: NodeID?, tally: WriteTally, owed: [NodeID]
    ) {
        self.call = call
        self.options = options
        self.placement = placement
        self.mutation = mutation
        self.heldFor = heldFor
        self.tally = tally
        self.owed = owed
    }

    /// Whether acknowledgements are to wait for a sync.
    var durable: Bool { tally.requirement.dw > 0 }

    /// Whether a home has the write, itself or through a stand-in, or is owed it.
    func isCared(for home: NodeID) -> Bool { tally.isCared(for: home) || owed.contains(home) }

    /// Whether every home is cared for. Nobody cares for two.
    var isAllCared: Bool {
        let (tally, owed) = (tally, owed)
        return tally.storedCount + owed.count >= placement.homes.count
            && placement.homes.allSatisfy { tally.isCared(for: $0) || owed.contains($0) }
    }

    /// The homes that are not.
    var uncared: [NodeID] { placement.homes.filter { !isCared(for: $0) } }

    /// The next node that could hold the write in the place of a home.
    func fallback(reachable: (NodeID) -> Bool) -> NodeID? {
        placement.standIn(beside: tally.parts, reachable: reachable)
    }
}

extension Replication {
    /// Coordinates `put` from its first write, which is here.
    mutating func beginPut(
        _ request: PutRequest, at now: Moment, into outbox: inout Outbox
    ) throws(ReplicaFailure) {
        guard let topology else { throw .refused(.noTopology) }
        let call = request.call
        guard now.instant <= call.startBy else { throw .refused(.late) }
        let view = topology.view(of: call.location.partition)
        let quorums = try quorums(of: request, view)
        let placement = Placement(
            writing: call.location.partition, in: topology, quorums)
        var (tally, without, heldFor) = tally(of: placement, quorums, at: now)
        if let heldFor { counts.marks.occurred(.stoodInForAnsweringHome, if: isReachable(heldFor)) }
        guard tally.verdict != .lost else {
            throw .refused(
                .unavailable(
                    needed: quorums.requirement.w, reachable: tally.parts.count,
                    evidence: tally.evidence(coordinator: local)))
        }
        let applied = try replica.mutate(
            request.mutation, dated: call.date, at: call.location, homes: view.all,
            heldFor: heldFor,
            owed: without, at: now.wall)
        if !replica.isBehind { _ = tally.note(.stored, by: local) }
        let put = PutOperation(
            call: call, options: request.options, placement: placement, mutation: applied,
            heldFor: heldFor, tally: tally, owed: without)
        let id = begin(.put(put))
        counts.marks.occurred(.putBehindBacklog, if: replica.isBehind)
        if put.durable || replica.isBehind {
            awaitSync(SyncWaiter(position: applied.applied.position, party: .put(id)), at: now)
        }
        send(put, to: put.tally.parts, id, at: now, into: &outbox)
        let time = hedgeTime(
            for: put.tally.parts.lazy.map(\.node), before: call.deadline, at: now)
        timers.insert(Timer(at: time, operation: id))
        settlePut(put, id, at: now, into: &outbox)
    }

    /// Whom a put asks; the homes that are left with nobody; and that in whose place this node is
    /// asked, where it is no home itself.
    private func tally(
        of placement: Placement, _ quorums: WriteQuorums, at now: Moment
    ) -> (tally: WriteTally, without: [NodeID], heldFor: NodeID?) {
        var (parts, without) = placement.parts(reachable: { isReachable($0) })
        let heldFor = joinAsCoordinator(&parts, &without, placement)
        let tally = WriteTally(quorums, asking: parts, at: now.instant)
        return (tally, without, heldFor)
    }

    private func quorums(
        of put: PutRequest, _ view: PartitionView
    ) throws(ReplicaFailure) -> WriteQuorums {
        do { return try WriteQuorums(put.options, defaults: options, view) } catch {
            throw .refused(error)
        }
    }

    /// `put` could not be taken here. What this node has lost another home may still have.
    mutating func refusePut(
        _ put: PutRequest, _ failure: ReplicaFailure, at now: Moment,
        into outbox: inout Outbox
    ) {
        guard case .damaged = failure, case .client = put.call.origin, !put.isLastResort,
            let topology
        else {
            answerFailed(put, failure.reason, at: now, into: &outbox)
            return
        }
        counts.marks.occurred(.damagedPutHandedOn)
        do throws(RequestError) {
            try beginForward(put, topology, at: now, into: &outbox)
        } catch {
            answerFailed(put, error, at: now, into: &outbox)
        }
    }

    /// The deadline of a put has come before its key was read.
    mutating func waitingTimerFired(
        _ put: PutRequest, _ id: OperationID, at now: Moment,
        into outbox: inout Outbox
    ) {
        operations.remove(id.rawValue)
        answerTimedOut(put.call, at: now, into: &outbox)
    }

    /// Makes sure that this node has a part: every put is first written where it is coordinated.
    /// Returns the home in whose place it is, when it is none itself.
    private func joinAsCoordinator(
        _ parts: inout [Part], _ without: inout [NodeID], _ placement: Placement
    ) -> NodeID? {
        if let index = parts.firstIndex(where: { $0.node == local }) {
            return parts[index].standsInFor
        }
        if let home = without.first {
            without.removeFirst()
            parts.append(Part(node: local, standsInFor: home))
            return home
        }
        if let index = parts.firstIndex(where: { $0.standsInFor != nil }) {
            parts[index].node = local
            return parts[index].standsInFor
        }
        // All homes are there, and did not answer in time: it goes to them all, and here too, in
        // the place of the first.
        let home = placement.homes[0]
        parts.append(Part(node: local, standsInFor: home))
        return home
    }

    /// Asks `parts` to hold what is put. All homes are told the same.
    mutating func send(
        _ put: PutOperation, to parts: [Part], _ id: OperationID, at now: Moment,
        into outbox: inout Outbox
    ) {
        var message = ReplicaPut(
            operation: id, key: put.call.location.key, object: put.mutation.applied.object,
            purpose: .write, durable: put.durable,
            patience: put.call.deadline.since(now.instant), epoch: topology?.epoch ?? 0)
        let toHomes = ReplicationMessage.put(message)
        for part in parts where part.node != local {
            let peer = peer(part.node, serving: put.call.location.partition)
            if let home = part.standsInFor {
                counts.standIns += 1
                message.heldFor = home
                outbox.send(.put(message), to: peer)
            } else {
                outbox.send(toHomes, to: peer)
            }
        }
    }

    // MARK: Acknowledgements

    mutating func putAnswered(
        _ reply: ReplicaPutReply, by node: NodeID, at now: Moment,
        into outbox: inout Outbox
    ) {
        let id = reply.operation
        guard case .put(let put) = operations[id.rawValue] else {
            if pushAnswered(reply, by: node, at: now, into: &outbox) { return }
            hintAnswered(reply, by: node, at: now, into: &outbox)
            return
        }
        noteAnswer(of: node, after: put.tally.silence(of: node), at: now)
        switch reply.outcome {
        case .stored:
            _ = put.tally.note(put.durable ? .synced : .stored, by: node)
            settlePut(put, id, at: now, into: &outbox)
        // Once the later ring is known here, all that are silent are asked anew.
        case .refused(.ringChanged): counts.marks.occurred(.putOfOlderRing)
        case .refused: writeAround(node, in: put, id, at: now, into: &outbox)
        }
    }

    mutating func noteLocalSync(
        _ id: OperationID, at now: Moment, into outbox: inout Outbox
    ) {
        guard case .put(let put) = operations[id.rawValue],
            put.tally.hasPart(of: local, heldFor: put.heldFor), put.tally.note(.synced, by: local)
        else { return }
        settlePut(put, id, at: now, into: &outbox)
    }

    /// Answers when the verdict is in, and ends the operation when every home is cared for.
    mutating func settlePut(
        _ put: PutOperation, _ id: OperationID, at now: Moment,
        into outbox: inout Outbox
    ) {
        if !put.hasAnswered {
            switch put.tally.verdict {
            case .open: return
            case .met:
                answer(put.call.origin, .written(writeAnswer(put)), at: now, into: &outbox)
            case .lost:
                // Another stand-in may yet come of a hedge, so a loss is final only then.
                guard put.hasHedged || put.tally.isSettled else { return }
                counts.marks.occurred(.putLostAfterHedge, if: put.hasHedged)
                answer(put.call.origin, .failed(lossReason(put)), at: now, into: &outbox)
            }
            put.hasAnswered = true
        }
        if put.isAllCared { operations.remove(id.rawValue) }
    }

    private func writeAnswer(_ put: PutOperation) -> WriteAnswer {
        let object = put.mutation.applied.object
        return WriteAnswer(
            dot: put.mutation.dot,
            context: put.options.wantsEvidence && object.siblingCount == 1 ? object.context : nil,
            siblingCount: object.siblingCount, replacedValue: put.mutation.replacedValue,
            evidence: put.options.wantsEvidence
                ? put.tally.evidence(coordinator: local) : Evidence(coordinator: local))
    }

    /// Whatever the others have refused, the write is here, and may spread.
    private func lossReason(_ put: PutOperation) -> RequestError {
        .unavailable(
            needed: put.tally.requirement.w,
            reachable: put.tally.storedCount, evidence: put.tally.evidence(coordinator: local))
    }

    // MARK: Homes that are away or slow

    mutating func putTimerFired(
        _ put: PutOperation, _ id: OperationID, at now: Moment,
        into outbox: inout Outbox
    ) {
        noteSilence(of: put.tally.silent, at: now)
        if now.instant >= put.call.deadline {
            endPut(put, id, at: now, into: &outbox)
            return
        }
        put.hasHedged = true
        for home in put.uncared {
            guard let fallback = put.fallback(reachable: { isReachable($0) }) else { break }
            guard hedges.spend() else {
                counts.marks.occurred(.hedgeUnaffordable)
                break
            }
            counts.hedges += 1
            ask(fallback, toStandInFor: home, in: put, id, at: now, into: &outbox)
        }
        timers.insert(Timer(at: put.call.deadline, operation: id))
        settlePut(put, id, at: now, into: &outbox)
    }

    /// `node` is gone, or has refused: what it was asked to hold for a home, another is asked to;
    /// where there is no other, this node owes it to the home.
    mutating func writeAround(
        _ node: NodeID, in put: PutOperation, _ id: OperationID, at now: Moment,
        into outbox: inout Outbox
    ) {
        guard let part = put.tally.parts.first(where: { $0.node == node }),
            put.tally.note(.refused, by: node)
        else { return }
        let home = part.standsInFor ?? node
        if put.placement.homes.contains(home), !put.isCared(for: home),
            !put.tally.hasStandIn(for: home)
        {
            if let fallback = put.fallback(reachable: { isReachable($0) }) {
                counts.marks.occurred(.standInReplaced, if: part.standsInFor != nil)
                ask(fallback, toStandInFor: home, in: put, id, at: now, into: &outbox)
            } else {
                counts.marks.occurred(.homeOwed)
                owe([home], in: put, at: now, into: &outbox)
            }
        }
        settlePut(put, id, at: now, into: &outbox)
    }

    private mutating func ask(
        _ fallback: NodeID, toStandInFor home: NodeID, in put: PutOperation, _ id: OperationID,
        at now: Moment, into outbox: inout Outbox
    ) {
        let part = Part(node: fallback, standsInFor: home)
        put.tally.ask(part, at: now.instant)
        send(put, to: [part], id, at: now, into: &outbox)
    }

    /// Marks that this node owes the write to `homes`, but for itself: it has written first, though
    /// a storage that is behind may not have said so yet. A storage that refuses the mark has
    /// refused writes altogether; then the homes are behind until a read or an exchange finds it.
    mutating func owe(
        _ homes: [NodeID], in put: PutOperation, at now: Moment,
        into outbox: inout Outbox
    ) {
        put.owed += homes
        let others = homes.filter { $0 != local }
        if others.isEmpty { return }
        let written = put.mutation.applied.object
        perform(
            .owe(written, to: others, heldFor: put.heldFor), at: put.call.location, at: now,
            into: &outbox)
    }

    private mutating func endPut(
        _ put: PutOperation, _ id: OperationID, at now: Moment,
        into outbox: inout Outbox
    ) {
        operations.remove(id.rawValue)
        let uncared = put.uncared
        counts.marks.occurred(.owedAtDeadline, if: !uncared.isEmpty)
        if !uncared.isEmpty { owe(uncared, in: put, at: now, into: &outbox) }
        guard !put.hasAnswered else { return }
        counts.marks.occurred(.putTimedOut)
        answer(
            put.call.origin,
            .failed(
                .timedOut(
                    needed: put.tally.requirement.w, answered: put.tally.storedCount,
                    evidence: put.tally.evidence(coordinator: local))),
            at: now, into: &outbox)
    }
}
