// What other nodes ask of this replica: hold a version, show what is held.
internal import MartletBase
internal import MartletRing
internal import MartletVersions
internal import MartletWire

extension Replication {
    /// Another node asks to hold a version.
    mutating func holdVersion(
        _ put: ReplicaPut, for sender: Peer, at now: Moment,
        into outbox: inout Outbox
    ) {
        guard let location = location(ofKey: put.key) else {
            reply(.refused(.noTopology), to: put.operation, of: sender)
            return
        }
        if isOutdated(put.epoch, of: sender, into: &outbox)
            || put.heldFor == nil && !isHome(of: location)
        {
            reply(.refused(.ringChanged), to: put.operation, of: sender)
            return
        }
        if put.heldFor == nil, closed.contains(location.partition) {
            counts.marks.occurred(.closedRefused)
            reply(.refused(.storage(Self.closedText)), to: put.operation, of: sender)
            return
        }
        let until = now.instant + put.patience
        perform(.hold(put, for: sender, until: until), at: location, at: now, into: &outbox)
    }

    /// Another node asks to see what is held.
    mutating func showVersion(
        _ get: ReplicaGet, to sender: Peer, at now: Moment,
        into outbox: inout Outbox
    ) {
        guard let location = location(ofKey: get.key) else {
            show(.refused(.noTopology), to: get, of: sender, into: &outbox)
            return
        }
        if isOutdated(get.epoch, of: sender, into: &outbox) {
            show(.refused(.ringChanged), to: get, of: sender, into: &outbox)
            return
        }
        perform(.show(get, to: sender), at: location, at: now, into: &outbox)
    }

    /// Holds a version for another node's operation, and acknowledges it: at once, or once it is
    /// synced where that was asked.
    ///
    /// Who brings a hint forgets it then, and it may have been the copy that a quorum counted: it
    /// is on disk before, whatever the sync mode. Nobody waits for the end of an interval: the
    /// window of a delivery would narrow to nothing. All that came with one turn share a sync.
    mutating func hold(
        _ put: ReplicaPut, for sender: Peer, until: Instant, at location: Location,
        at now: Moment, into outbox: inout Outbox
    ) throws(ReplicaFailure) {
        let applied = try replica.merge(put, at: location, at: now.wall)
        if put.operation == .unanswered { return }
        let needsDisk = put.durable && put.purpose == .hint
        let held = needsDisk ? replica.synced : replica.durable
        if put.durable || replica.isBehind, applied.position > held {
            if needsDisk { replica.syncSoon() }
            let party = SyncWaiter.Party.peer(sender, put.operation, until: until)
            awaitSync(
                SyncWaiter(position: applied.position, party: party, needsDisk: needsDisk),
                at: now)
            return
        }
        reply(.stored, to: put.operation, of: sender)
    }

    /// Shows what is held of a key, hints included; large values only where they are asked for.
    func show(
        _ get: ReplicaGet, to sender: Peer, at location: Location,
        into outbox: inout Outbox
    ) throws(ReplicaFailure) {
        let object = try replica.everything(at: location, homes: homes(of: location))
        let isLarge = object.valueByteCount > options.inlineLimitBytes
        let outcome: ReplicaGetReply.Outcome =
            isLarge && get.summaryAllowed
            ? .summary(object.context, object.dots) : .object(object)
        show(
            outcome, settled: replica.settled[location.partition], to: get, of: sender,
            into: &outbox)
    }

    /// A refusal says nothing of what is settled.
    func show(
        _ outcome: ReplicaGetReply.Outcome,
        settled watermark: HybridTimestamp = HybridTimestamp(bits: 0), to get: ReplicaGet,
        of sender: Peer, into outbox: inout Outbox
    ) {
        let reply = ReplicaGetReply(
            operation: get.operation, outcome: outcome, watermark: watermark)
        outbox.send(.getReply(reply), to: sender)
    }

    /// The homes of a key, those of before a move among them, as far as the ring is known.
    func homes(of location: Location) -> [NodeID] {
        topology?.writers(of: location.partition) ?? []
    }
}
