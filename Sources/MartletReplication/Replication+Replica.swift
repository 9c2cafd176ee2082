// What other nodes ask of this replica: hold a version, show what is held.
internal import MartletBase
internal import MartletRing
internal import MartletVersions
internal import MartletWire

extension Replication {
    /// Holds a version for another node's operation, and acknowledges it: at once, or once it is
    /// synced where that was asked.
    mutating func holdVersion(
        _ put: ReplicaPut, for sender: NodeID, at now: Moment,
        into effects: inout [ReplicationEffect]
    ) {
        do throws(RequestError) {
            guard let location = location(ofKey: put.key) else { throw .noTopology }
            let applied = try replica.merge(put, at: location, at: now.wall)
            if put.operation == .unanswered { return }
            if put.durable, applied.position > replica.durable {
                let party = SyncWaiter.Party.peer(
                    sender, put.operation, until: now.instant + put.patience)
                awaitSync(SyncWaiter(position: applied.position, party: party), at: now)
                return
            }
            reply(.stored, to: put, of: sender, into: &effects)
        } catch {
            reply(.refused(error), to: put, of: sender, into: &effects)
        }
    }

    private func reply(
        _ outcome: ReplicaPutReply.Outcome, to put: ReplicaPut, of sender: NodeID,
        into effects: inout [ReplicationEffect]
    ) {
        if put.operation == .unanswered { return }
        let reply = ReplicaPutReply(operation: put.operation, outcome: outcome)
        effects.append(.send(.replicaPutReply(reply), to: sender))
    }

    /// Shows what is held of a key, hints included; large values only where they are asked for.
    func showVersion(
        _ get: ReplicaGet, to sender: NodeID, into effects: inout [ReplicationEffect]
    ) {
        var outcome: ReplicaGetReply.Outcome
        do throws(RequestError) {
            guard let topology, let location = location(ofKey: get.key) else { throw .noTopology }
            let object = try replica.everything(
                at: location, homes: topology.homes(of: location.partition))
            let isLarge = object.valueByteCount > options.inlineLimitBytes
            outcome =
                isLarge && get.summaryAllowed
                ? .summary(object.context, object.dots) : .object(object)
        } catch {
            outcome = .refused(error)
        }
        let reply = ReplicaGetReply(operation: get.operation, outcome: outcome)
        effects.append(.send(.replicaGetReply(reply), to: sender))
    }

    private func location(ofKey key: Bytes) -> Location? {
        topology.map { Location(partition: $0.partition(ofKey: key), key: key) }
    }
}
