// What a new ring changes for what is in flight, and how nodes that go by different rings learn of
// it.
//
// A client's write or read that was sent by an older ring is refused, since its coordinator counts
// among homes that may be none any more; who sent it is sent the ring. What a node has acknowledged
// it holds, under whatever ring: what a coordinator has counted so far goes on to count, among the
// homes that there are now.
internal import HeapModule
public import MartletBase
public import MartletRing
internal import MartletStorage
internal import MartletVersions
internal import MartletWire

extension Replication {
    /// The ring has changed. What is in flight goes on by the new one.
    public mutating func topologyChanged(
        _ newer: Topology, at now: Moment, into outbox: inout Outbox
    ) {
        let former = topology
        topology = newer
        guard former != nil else { return }
        hints.wake(at: now.instant)
        for number in operations.numbers {
            let id = OperationID(rawValue: number)
            switch operations[number] {
            case .put(let put): goOn(put, id, newer, at: now, into: &outbox)
            case .get(let get): beginAnew(get, id, newer, at: now, into: &outbox)
            case .forward, .waiting, .hint, .push, nil: continue
            }
        }
    }

    /// Counts the acknowledgements of `put` by the ring that there is now, and asks whoever has
    /// given none, under another number: a late answer to what was asked before could be of a node
    /// that is to hold it in another place now. Where what was asked cannot be had of the new ring,
    /// the put ends at its deadline.
    private mutating func goOn(
        _ put: PutOperation, _ former: OperationID, _ topology: Topology, at now: Moment,
        into outbox: inout Outbox
    ) {
        let partition = put.call.location.partition
        guard
            let quorums = try? WriteQuorums(
                put.options, defaults: options, topology.view(of: partition))
        else { return }
        counts.marks.occurred(.putOverRings)
        operations.remove(former.rawValue)
        let id = begin(.put(put))
        let known = put.tally.parts
        put.placement = Placement(writing: partition, in: topology, quorums)
        let (parts, without) = put.placement.parts(reachable: { isReachable($0) })
        put.tally = WriteTally(quorums, asking: parts, at: now.instant)
        for part in known where part.act == .stored || part.act == .synced {
            if put.tally.hasPart(of: part.node, heldFor: part.standsInFor) {
                _ = put.tally.note(part.act, by: part.node)
            }
        }
        if put.durable || replica.isBehind {
            awaitSync(
                SyncWaiter(position: replica.engine.appended, party: .put(id)), at: now)
        }
        let time = hedgeTime(
            for: parts.lazy.map(\.node), before: put.call.deadline, at: now)
        timers.insert(Timer(at: time, operation: id))
        // What is held here in another's place is held as a home too, where this node is one now.
        if put.heldFor != nil, put.tally.hasPart(of: local, heldFor: nil) {
            counts.marks.occurred(.standInBecameHome)
            perform(
                .repair(put.mutation.applied.object), at: put.call.location, at: now, into: &outbox)
        }
        let unanswered = put.tally.parts.filter { $0.act == .silent && $0.node != local }
        send(put, to: unanswered, id, at: now, into: &outbox)
        let owed = without.filter { !put.owed.contains($0) }
        if !owed.isEmpty { owe(owed, in: put, at: now, into: &outbox) }
        settlePut(put, id, at: now, into: &outbox)
    }

    /// Begins a read again that has not been answered: other homes may hold what is asked for.
    private mutating func beginAnew(
        _ get: GetOperation, _ id: OperationID, _ topology: Topology, at now: Moment,
        into outbox: inout Outbox
    ) {
        if get.hasAnswered { return }
        counts.marks.occurred(.readOverRings)
        operations.remove(id.rawValue)
        readByteCount -= get.tally.heldByteCount
        get.hasEnded = true
        do throws(RequestError) {
            try beginGet(get.call, get.options, topology, at: now, into: &outbox)
        } catch {
            answer(get.call.origin, .failed(error), at: now, into: &outbox)
        }
    }

    // MARK: Messages by other rings

    /// Whether what `sender` asks by the ring of `epoch` is to be refused; 0 is of no ring. Has the
    /// one of the two that knows the older ring learn the newer.
    mutating func isOutdated(
        _ epoch: UInt64, of sender: Peer, into outbox: inout Outbox
    ) -> Bool {
        guard epoch != 0, let topology, epoch != topology.epoch else { return false }
        if epoch > topology.epoch {
            if peers.mayTell(sender.node, of: epoch) {
                outbox.send(.topologyWanted(newerThan: topology.epoch), to: sender)
            }
            return false
        }
        counts.marks.occurred(.askedByOlderRing)
        if peers.mayTell(sender.node, of: topology.epoch) {
            outbox.send(.topology(topology), to: sender)
        }
        return true
    }

    /// Whether this node takes writes to `location` as a home, or is about to be one.
    func isHome(of location: Location) -> Bool {
        topology?.writers(of: location.partition).contains(local) ?? false
    }
}
