// One get, from the first replica asked to the last one repaired.
//
//     begin: candidates in order of preference ─► ask the first r (all, for a share of the reads)
//     reply ─► tally met ─► answer;  refused ─► ask the next candidate
//     hedge timer, or a replica gone ─► ask the next candidate too
//     all replied, or deadline ─► repair whoever is behind; end
internal import HeapModule
internal import MartletBase
internal import MartletRing
internal import MartletVersions
internal import MartletWire

/// A get in flight. A class because it is one thing that several events change: copying it on
/// each would cost more than all they do.
final class GetOperation {
    let call: Call
    let options: ReadOptions
    let homes: [NodeID]
    /// Who may still be asked, next first.
    var candidates: ArraySlice<Part>
    var tally: ReadTally
    var hasAnswered = false
    var hasEnded = false
    /// Nodes asked again for the values behind their summaries.
    var refetched: [NodeID] = []

    init(
        call: Call, options: ReadOptions, homes: [NodeID], candidates: ArraySlice<Part>,
        tally: ReadTally
    ) {
        self.call = call
        self.options = options
        self.homes = homes
        self.candidates = candidates
        self.tally = tally
    }
}

extension Replication {
    mutating func beginGet(
        _ call: Call, _ readOptions: ReadOptions, _ topology: Topology, at now: Moment,
        into outbox: inout Outbox
    ) throws(RequestError) {
        guard readByteCount < options.readByteLimit else { throw .overloaded }
        let homeCount = topology.readers(of: call.location.partition).count
        let requirement = try ReadRequirement(
            readOptions, defaults: options, homeCount: homeCount)
        let placement = Placement(
            reading: call.location.partition, in: topology, n: requirement.n)
        var parts = placement.parts(reachable: { isReachable($0) }).parts
        let reachableHomes = parts.count { $0.standsInFor == nil }
        guard parts.count >= requirement.r, reachableHomes >= requirement.pr else {
            throw .unavailable(
                needed: requirement.r, reachable: parts.count,
                evidence: Evidence(coordinator: local, witnesses: parts))
        }
        let asksAll = random.chance(options.readAllChance)
        let askedCount = asksAll ? parts.count : requirement.r
        parts.sort { isAskedBefore($0, $1) }
        let get = GetOperation(
            call: call, options: readOptions, homes: placement.homes,
            candidates: parts[askedCount...], tally: ReadTally(requirement: requirement))
        let id = begin(.get(get))
        let asked = parts[..<askedCount]
        for (index, part) in asked.enumerated() {
            ask(part, in: get, id, summaryAllowed: index > 0, at: now, into: &outbox)
        }
        // Only now, since its answer may be all that the read needs.
        if asked.contains(where: { $0.node == local }) {
            perform(.read(id), at: call.location, at: now, into: &outbox)
        }
        if !get.hasEnded {
            let time = hedgeTime(for: get.tally.nodes, before: call.deadline, at: now)
            timers.insert(Timer(at: time, operation: id))
        }
    }

    /// This node first, then homes before their stand-ins, the quicker before the slower.
    /// With the node as the last word that order is total, whatever the sort does with equals.
    private func isAskedBefore(_ left: Part, _ right: Part) -> Bool {
        if left.node == local || right.node == local { return right.node != local }
        let (isHome, isOtherHome) = (left.standsInFor == nil, right.standsInFor == nil)
        if isHome != isOtherHome { return isHome }
        let (time, otherTime) = (peers.expected(of: left.node), peers.expected(of: right.node))
        return time == otherTime ? left.node < right.node : time < otherTime
    }

    private mutating func ask(
        _ part: Part, in get: GetOperation, _ id: OperationID, summaryAllowed: Bool,
        at now: Moment, into outbox: inout Outbox
    ) {
        get.tally.ask(part, at: now.instant)
        if part.node == local { return }
        let message = ReplicaGet(
            operation: id, key: get.call.location.key, summaryAllowed: summaryAllowed,
            epoch: topology?.epoch ?? 0)
        outbox.send(
            .get(message), to: peer(part.node, serving: get.call.location.partition))
    }

    // MARK: This node's own part

    /// Answers the get with what is held here.
    mutating func readLocally(
        _ id: OperationID, at now: Moment, into outbox: inout Outbox
    ) throws(ReplicaFailure) {
        guard case .get(let get) = operations[id.rawValue] else { return }
        let object = try replica.everything(at: get.call.location, homes: get.homes)
        let watermark = replica.settled[get.call.location.partition]
        note(.object(object), by: local, settled: watermark, in: get)
        settleGet(get, id, at: now, into: &outbox)
    }

    /// What is held here cannot be had: the get goes on with others.
    mutating func refuseLocalRead(
        _ id: OperationID, _ reason: RequestError, at now: Moment,
        into outbox: inout Outbox
    ) {
        guard case .get(let get) = operations[id.rawValue] else { return }
        counts.marks.occurred(.localReadRefused)
        readRefused(reason, by: local, in: get, id, at: now, into: &outbox)
        settleGet(get, id, at: now, into: &outbox)
    }

    // MARK: Replies

    mutating func getAnswered(
        _ reply: ReplicaGetReply, by node: NodeID, at now: Moment,
        into outbox: inout Outbox
    ) {
        let id = reply.operation
        guard case .get(let get) = operations[id.rawValue] else { return }
        noteAnswer(of: node, after: get.tally.silence(of: node), at: now)
        switch reply.outcome {
        case .object(let object):
            note(.object(object), by: node, settled: reply.watermark, in: get)
        case .summary(let context, let dots):
            note(.summary(context, dots), by: node, settled: reply.watermark, in: get)
        // Once the later ring is known here, the read begins anew.
        case .refused(.ringChanged): return counts.marks.occurred(.readOfOlderRing)
        case .refused(let reason):
            readRefused(reason, by: node, in: get, id, at: now, into: &outbox)
        }
        settleGet(get, id, at: now, into: &outbox)
    }

    private mutating func note(
        _ reply: ReadTally.Reply, by node: NodeID, settled watermark: HybridTimestamp,
        in get: GetOperation
    ) {
        readByteCount -= get.tally.heldByteCount
        _ = get.tally.note(reply, by: node, settled: watermark)
        readByteCount += get.tally.heldByteCount
    }

    private mutating func readRefused(
        _ reason: RequestError, by node: NodeID, in get: GetOperation, _ id: OperationID,
        at now: Moment, into outbox: inout Outbox
    ) {
        if get.tally.note(.refused(reason), by: node) {
            askAnother(in: get, id, at: now, into: &outbox)
        }
    }

    private mutating func settleGet(
        _ get: GetOperation, _ id: OperationID, at now: Moment,
        into outbox: inout Outbox
    ) {
        if !get.hasAnswered {
            if get.tally.isMet {
                get.hasAnswered = true
                let read = ReadAnswer(
                    object: get.tally.merged,
                    evidence: get.options.wantsEvidence
                        ? get.tally.evidence(coordinator: local) : Evidence(coordinator: local))
                answer(get.call.origin, .read(read), at: now, into: &outbox)
            } else {
                // All have answered and it is not enough: values behind summaries are fetched, and
                // whoever is left is asked; then it is over.
                guard get.tally.isSettled, !fetchValues(get, id, into: &outbox) else { return }
                guard askAnother(in: get, id, at: now, into: &outbox) else {
                    endGet(get, id, at: now, into: &outbox)
                    return
                }
                counts.marks.occurred(.readAskedOn)
                settleGet(get, id, at: now, into: &outbox)
                return
            }
        }
        if get.tally.isSettled { endGet(get, id, at: now, into: &outbox) }
    }

    /// Asks for the values behind summaries that nobody else could complete; false when none is
    /// outstanding.
    private mutating func fetchValues(
        _ get: GetOperation, _ id: OperationID, into outbox: inout Outbox
    ) -> Bool {
        let missing = get.tally.unresolvedSummaries
        for node in missing where !get.refetched.contains(node) {
            counts.marks.occurred(.valueFetched)
            get.refetched.append(node)
            let message = ReplicaGet(
                operation: id, key: get.call.location.key, summaryAllowed: false,
                epoch: topology?.epoch ?? 0)
            outbox.send(
                .get(message), to: peer(node, serving: get.call.location.partition))
        }
        return !missing.isEmpty
    }

    // MARK: Replicas that are slow or gone

    mutating func getTimerFired(
        _ get: GetOperation, _ id: OperationID, at now: Moment,
        into outbox: inout Outbox
    ) {
        noteSilence(of: get.tally.silent, at: now)
        if now.instant >= get.call.deadline || get.hasAnswered {
            endGet(get, id, at: now, into: &outbox)
            return
        }
        _ = fetchValues(get, id, into: &outbox)
        if !get.candidates.isEmpty, hedges.spend() {
            counts.hedges += 1
            askAnother(in: get, id, at: now, into: &outbox)
        }
        let next = min(now.instant + options.hedgeDelay.upperBound, get.call.deadline)
        timers.insert(Timer(at: next, operation: id))
        settleGet(get, id, at: now, into: &outbox)
    }

    /// `node` is gone: whatever it was asked, another is asked instead.
    mutating func readAround(
        _ node: NodeID, in get: GetOperation, _ id: OperationID, at now: Moment,
        into outbox: inout Outbox
    ) {
        guard get.tally.nodes.contains(node) else { return }
        let reason = RequestError.unavailable(
            needed: get.tally.requirement.r, reachable: get.tally.answeredCount,
            evidence: get.tally.evidence(coordinator: local))
        if get.tally.note(.refused(reason), by: node) {
            counts.marks.occurred(.readerGone)
            askAnother(in: get, id, at: now, into: &outbox)
            settleGet(get, id, at: now, into: &outbox)
        }
    }

    /// Asks the next candidate that can be reached; false when there is none.
    @discardableResult
    private mutating func askAnother(
        in get: GetOperation, _ id: OperationID, at now: Moment,
        into outbox: inout Outbox
    ) -> Bool {
        while let part = get.candidates.popFirst() {
            guard isReachable(part.node) else { continue }
            ask(part, in: get, id, summaryAllowed: false, at: now, into: &outbox)
            return true
        }
        return false
    }

    // MARK: The end: read repair

    private mutating func endGet(
        _ get: GetOperation, _ id: OperationID, at now: Moment,
        into outbox: inout Outbox
    ) {
        operations.remove(id.rawValue)
        readByteCount -= get.tally.heldByteCount
        get.hasEnded = true
        if !get.hasAnswered {
            let error: RequestError =
                get.tally.refusal
                ?? .timedOut(
                    needed: get.tally.requirement.r, answered: get.tally.answeredCount,
                    evidence: get.tally.evidence(coordinator: local))
            answer(get.call.origin, .failed(error), at: now, into: &outbox)
        }
        for node in get.tally.behind {
            counts.repairs += 1
            repair(node, with: get.tally.merged, get.call, at: now, into: &outbox)
        }
    }

    /// Sends the merge to a home that is behind. It is not waited for: a repair that is lost is
    /// made again by the next read.
    private mutating func repair(
        _ node: NodeID, with merged: Object, _ call: Call, at now: Moment,
        into outbox: inout Outbox
    ) {
        if node == local {
            counts.marks.occurred(.selfRepaired)
            perform(.repair(merged), at: call.location, at: now, into: &outbox)
        } else if isReachable(node) {
            let message = ReplicaPut(
                operation: .unanswered, key: call.location.key, object: merged, purpose: .repair,
                durable: false, patience: .zero)
            outbox.send(.put(message), to: peer(node, serving: call.location.partition))
        }
    }
}
